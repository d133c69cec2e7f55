"""A campaign's effect as a chart: who was reached beside who was spared."""

from campaigns.queries.campaign_results import Outcome, Results
from common.charts import Chart, Column, Series
from common.templatetags.display import cents, count


def effect_chart(results: Results) -> Chart | None:
    """Return both groups side by side; None where there is nothing to be told."""
    found = results.headline
    if found.mean_treated is None or found.mean_control is None:
        return None
    return Chart(
        key="campaign-effect",
        title=f"{found.name[:1].upper()}{found.name[1:]} of one account",
        summary=_each(found),
        labels=["Reached", "Control group"],
        series=[
            Series(
                f"Mean {found.name}",
                [float(found.mean_treated), float(found.mean_control)],
                "bar",
            )
        ],
        columns_beside=[
            Column("Accounts", [count(found.treated), count(found.controls)])
        ],
    )


def _each(found: Outcome) -> str:
    return (
        f"One account with the campaign brought {cents(found.each)} more {found.name}"
        f" than one without ({cents(found.each_low)} to {cents(found.each_high)})."
    )
