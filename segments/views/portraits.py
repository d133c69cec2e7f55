"""What the members of a class are like, and who came and left within a period."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.models import ValuationRun
from clv.requests import compared_run
from common.access import requires
from common.charts import Chart, Series
from common.templatetags.display import count, money
from crm.requests import SignedInRequest
from segments.permissions import VIEW_CLASSES, VIEW_DASHBOARD
from segments.queries import flows
from segments.queries.class_scope import ClassScope
from segments.queries.portrait_words import Portrait, shown
from segments.queries.scope import Scope
from segments.services import portraits
from segments.views.asked import class_scope
from segments.views.charts import number_of_customers

NAMES_SHOWN = 10


@require_GET
@requires(VIEW_DASHBOARD)
def class_portrait(request: SignedInRequest, key: str) -> HttpResponse:
    """Show how CLV is spread, shared traits, satisfaction, risks and what to do."""
    among = class_scope(request, key)
    context: dict[str, Any] = {"worth_class": among.worth_class, "bar": among.bar}
    if among.bar.run is not None and among.bar.is_valid:
        facts = portraits.portrait_in(among.bar, among.worth_class)
        found = shown(among.bar.run, among.worth_class, facts or {}, among.inside)
        context |= {"portrait": found, "chart": _chart(found, among.inside)}
    return render(request, "segments/classes/_portrait.html", context)


@require_GET
@requires(VIEW_CLASSES)
def class_flow(request: SignedInRequest, key: str) -> HttpResponse:
    """Name who in scope came into the class and who left it; a rep's own accounts."""
    among = class_scope(request, key)
    scope, worth_class = among.bar, among.worth_class
    context: dict[str, Any] = {"worth_class": worth_class, "scope": scope}
    if scope.run is not None and scope.is_valid:
        comparison = compared_run(request, scope.run, since=scope.since)
        context["comparison"] = comparison
        if comparison.before is not None:
            context |= _flow(among, comparison.before, scope.run)
    return render(request, "segments/classes/_flow.html", context)


def _flow(
    among: ClassScope, before: ValuationRun, run: ValuationRun
) -> dict[str, object]:
    worth_class, scope = among.worth_class, among.bar
    days = {"earlier": before.as_of, "later": run.as_of, "worth": worth_class.value}
    return {
        "flow": flows.flow_of(before, run, worth_class, scope=scope),
        "came": flows.movers(
            before, run, scope=scope, into=worth_class, size=NAMES_SHOWN
        ),
        "left": flows.movers(
            before, run, scope=scope, out_of=worth_class, size=NAMES_SHOWN
        ),
        "came_url": scope.list_url("came", **days),
        "left_url": scope.list_url("left", **days),
        "all_query": scope.query(**{"from": before.as_of}),
        "kept": {k: v for k, v in scope.parameters.items() if k != "from"},
    }


def _chart(found: Portrait, inside: Scope) -> Chart | None:
    if not found.bars:
        return None
    fullest = max(found.bars, key=lambda bar: bar[2])
    return Chart(
        key="class-clv",
        title=f"CLV of {found.worth_class.label.lower()} accounts",
        summary=(
            f"One account only, with a CLV of {money(found.median)}."
            if found.accounts == 1
            else f"Half of {count(found.accounts)} have a CLV of at least"
            f" {money(found.median)}; most, {count(fullest[2])}, of"
            f" {_range(*fullest[:2])}."
        ),
        labels=[_range(low, high) for low, high, _ in found.bars],
        series=[
            Series(
                "Accounts",
                [n for _, _, n in found.bars],
                "bar",
                f"class-{found.worth_class.value}",
            )
        ],
        x_title="CLV",
        write=number_of_customers,
        urls=[
            inside.list_url("clv", low=low, high=high) for low, high, _ in found.bars
        ],
    )


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return f"less than {money(high)}"
    if high is None:
        return f"{money(low)} and more"
    return f"{money(low)} to {money(high)}"


def _text(edge: int | None) -> str:
    return "" if edge is None else str(edge)
