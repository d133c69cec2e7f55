"""Reports that the night asks for itself, so that nobody waits for them by day.

Each is asked as a page without a filter asks it; `common.kept` keeps the answer until
a row behind it changes.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import takewhile
from types import MappingProxyType

from django.db.models import Count
from django.http import HttpRequest, QueryDict
from django.urls import resolve, reverse
from django_htmx.middleware import HtmxDetails

from campaigns.queries.budget import budget
from campaigns.queries.care_report import care_report
from campaigns.queries.experience import experience_in
from campaigns.queries.team import team_in
from clv.models import ValuationRun
from common import kept, older
from crm.models import Account, User
from segments.choices import WorthClass
from segments.permissions import VIEW_DASHBOARD
from segments.queries.losses import below_the_line, loss_totals, net_losses
from segments.queries.paybacks import paybacks_in
from segments.queries.scope import Scope
from segments.queries.sources import sources_of
from segments.queries.spread import bars_of, whale_of
from segments.queries.targeting import health_in
from segments.queries.tenure import tenure_of

Report = Callable[[Scope], object]
BLOCKS = ("balance", "spread", "cohorts", "retention", "paybacks")
REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "payback": paybacks_in,
        "tenure": tenure_of,
        "sources": sources_of,
        "losses": lambda scope: (loss_totals(scope), net_losses(scope, "")),
        "below the line": below_the_line,
        "targeting": health_in,
        "budget": budget,
        "team": team_in,
        "care": care_report,
        "experience": experience_in,
    }
)
# Of each class as well.
BY_CLASS: Mapping[str, Report] = MappingProxyType(
    {"whale": whale_of, "future": bars_of}
)


# What a large firm's managers look at, asked as pages, of everybody and of each class.
PAGES: Sequence[tuple[str, list[str]]] = (
    ("segments:value", []),
    ("segments:profit", ["class", "quarter"]),
    ("segments:levers", []),
    ("segments:matrix", []),
    ("segments:migration", []),
    ("segments:payback", []),
    ("campaigns:allocation", []),
    ("campaigns:team", []),
    ("campaigns:experience", []),
    ("campaigns:plan_list", []),
    ("campaigns:plan_board", []),
    *(("segments:value_block", [key]) for key in BLOCKS),
)
PAGES_OF_CLASS: Sequence[tuple[str, list[str]]] = (
    ("segments:value", []),
    ("segments:profit", ["class", "quarter"]),
    ("segments:matrix", []),
    ("segments:loss_list", []),
    ("campaigns:allocation", []),
    *(("segments:value_block", [key]) for key in BLOCKS),
)
CLASS_PAGES = (
    "segments:class_detail",
    "segments:class_why",
    "segments:class_flow",
    "campaigns:class_plan",
)
# Of each territory and each rep's accounts, those with most accounts first.
PAGES_OF_PART: Sequence[tuple[str, list[str]]] = (
    ("segments:value", []),
    ("segments:value_block", ["spread"]),
    ("segments:matrix", []),
    ("segments:migration", []),
    ("segments:loss_list", []),
    ("segments:source_list", []),
)
PARTS = ("territory", "owner")
PARTS_SECONDS = 600.0  # what takes longer is left to the first who asks
log = logging.getLogger(__name__)


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
    asked = len(REPORTS) + len(BY_CLASS) * len(WorthClass)
    manager = next((one for one in people if one.has_perm(VIEW_DASHBOARD)), None)
    if manager is None or not older.is_large():
        return asked
    asked += sum(_is_answered(page, manager) for page in addresses())
    return asked + _ask_for_parts(manager)


def _ask_for_parts(manager: User) -> int:
    """Ask for the pages of parts for as long as there is time; return how many were."""
    ends = time.monotonic() + PARTS_SECONDS
    pages = takewhile(lambda _: time.monotonic() < ends, addresses_of_parts())
    return sum(_is_answered(page, manager) for page in pages)


def addresses_of_parts() -> Iterator[str]:
    """Yield the pages that are asked for of single territories and reps."""
    for name in PARTS:
        rows = Account.objects.active().exclude(**{name: None}).order_by()
        sizes = rows.values_list(name).annotate(size=Count("pk"))
        for key, _ in sizes.order_by("-size", name):
            for page, args in PAGES_OF_PART:
                yield f"{reverse(page, args=args)}?{name}={key}"


def addresses() -> list[str]:
    """Return the pages that are asked for at a large firm."""
    keys = [key.value for key in WorthClass]
    return [
        *(reverse(name, args=args) for name, args in PAGES),
        *(reverse(name, args=[key]) for name in CLASS_PAGES for key in keys),
        *(
            f"{reverse(name, args=args)}?class={key}"
            for name, args in PAGES_OF_CLASS
            for key in keys
        ),
        *(f"{reverse('segments:levers')}?worth_class={key}" for key in keys),
    ]


def _is_answered(address: str, user: User) -> bool:
    """Ask for a page as `user` would; one that fails is no failure of the night."""
    path, _, query = address.partition("?")
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.GET = QueryDict(query)
    request.META |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.user = user
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    try:
        found = resolve(path)
        answer = found.func(request, *found.args, **found.kwargs)
    except Exception:
        log.exception("%s was not prepared", address)
        return False
    return bool(answer.status_code == HTTPStatus.OK)
