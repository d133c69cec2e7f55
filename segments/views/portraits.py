"""What the members of a class are like, and who came and left within a period."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clv.requests import chosen_run, compared_run
from common.access import requires
from common.charts import Chart, Series
from common.templatetags.display import count, money
from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.permissions import VIEW_CLASSES, VIEW_DASHBOARD
from segments.queries import migration
from segments.queries.portrait_words import Portrait, shown
from segments.services import portraits
from segments.views.charts import number_of_customers

NAMES_SHOWN = 10


@require_GET
@requires(VIEW_DASHBOARD)
def class_portrait(request: SignedInRequest, key: str) -> HttpResponse:
    """Show how CLV is spread, shared traits, satisfaction, risks and what to do."""
    worth_class, chosen = _class(key), chosen_run(request)
    context: dict[str, Any] = {"worth_class": worth_class, "chosen": chosen}
    if chosen.run is not None:
        facts = portraits.portrait(chosen.run, worth_class)
        found = shown(chosen.run, worth_class, facts)
        context |= {"portrait": found, "chart": _chart(found)}
    return render(request, "segments/classes/_portrait.html", context)


@require_GET
@requires(VIEW_CLASSES)
def class_flow(request: SignedInRequest, key: str) -> HttpResponse:
    """Name who came into the class and who left it; a rep's own accounts."""
    worth_class, chosen = _class(key), chosen_run(request)
    comparison = compared_run(request, chosen.run)
    context: dict[str, Any] = {
        "worth_class": worth_class,
        "chosen": chosen,
        "comparison": comparison,
    }
    if chosen.run is not None and comparison.before is not None:
        between = (comparison.before, chosen.run)
        context |= {
            "flow": migration.flow_of(*between, worth_class, user=request.user),
            "came": migration.movers(
                *between, user=request.user, into=worth_class, size=NAMES_SHOWN
            ),
            "left": migration.movers(
                *between, user=request.user, out_of=worth_class, size=NAMES_SHOWN
            ),
        }
    return render(request, "segments/classes/_flow.html", context)


def _class(key: str) -> WorthClass:
    if key not in WorthClass.values:
        raise Http404(key)
    return WorthClass(key)


def _chart(found: Portrait) -> Chart | None:
    if not found.bars:
        return None
    fullest = max(found.bars, key=lambda bar: bar[2])
    return Chart(
        key="class-clv",
        title=f"CLV of {found.worth_class.label.lower()} accounts",
        summary=(
            f"Half of {count(found.accounts)} have a CLV of at least"
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
    )


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return f"less than {money(high)}"
    if high is None:
        return f"{money(low)} and more"
    return f"{money(low)} to {money(high)}"
