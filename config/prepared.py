"""Reports that the night asks for itself, so that nobody waits for them by day.

Each is asked as a page without a filter asks it; `common.kept` keeps the answer until
a row behind it changes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from campaigns.queries.budget import budget
from campaigns.queries.care_report import care_report
from campaigns.queries.experience import experience_in
from campaigns.queries.team import team_in
from clv.models import ValuationRun
from clv.queries.paybacks import paybacks_of
from common import kept
from crm.models import User
from segments.choices import WorthClass
from segments.queries.losses import below_the_line, loss_totals, net_losses
from segments.queries.opportunities import opportunities
from segments.queries.scope import Scope
from segments.queries.sources import sources_of
from segments.queries.spread import bars_of, whale_of
from segments.queries.targeting import health_in
from segments.queries.tenure import tenure_of

Report = Callable[[Scope], object]
REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "payback": lambda scope: paybacks_of(scope.run) if scope.run else None,
        "opportunities": opportunities,
        "tenure": tenure_of,
        "sources": sources_of,
        "losses": lambda scope: (loss_totals(scope), net_losses(scope, "")),
        "below the line": below_the_line,
        "targeting": health_in,
        "budget": lambda _scope: budget(),
        "team": team_in,
        "care": care_report,
        "experience": experience_in,
    }
)
# Of each class as well.
BY_CLASS: Mapping[str, Report] = MappingProxyType(
    {"whale": whale_of, "future": bars_of}
)


def prepare(run: ValuationRun) -> int:
    """Ask for every report, as one who sees all accounts; return how many were.

    Nothing is asked where no answers are kept, or nobody is there to see them.
    """
    people = User.objects.filter(is_active=True).order_by("pk")
    user = next((one for one in people if one.sees_every_account), None)
    if user is None or not run.is_current or not kept.is_on():
        return 0
    whole = Scope.read({}, user)
    for report in REPORTS.values():
        report(whole)
    for key in WorthClass:
        scope = Scope.read({"class": key.value}, user)
        for report in BY_CLASS.values():
            report(scope)
    return len(REPORTS) + len(BY_CLASS) * len(WorthClass)
