"""Axes of charts tell their steps apart, however small the change is."""

import datetime as dt

from django.urls import reverse

from segments.models import ClassTotal
from tests import make

NOTHING = (
    *("accounts", "customers", "came", "left", "clv", "future_value"),
    *("realised_profit", "margin_year", "cost_year"),
)
LABELS = """() => {
    const drawn = document.querySelector('[data-source="chart-equity"]');
    const axis = echarts.getInstanceByDom(drawn).getModel().getComponent("yAxis").axis;
    return axis.getViewLabels().map((one) => one.formattedLabel);
}"""


def test_a_tiny_change_of_equity_has_a_label_for_each_step(page, live_server, sign_in):
    for place, equity in enumerate(("118.40", "118.90", "118.60")):
        as_of = dt.date(2026, 10, 1) + dt.timedelta(days=place)
        none = dict.fromkeys(NOTHING, 0)
        ClassTotal.objects.create(
            run=make.run(as_of=as_of),
            worth_class="general",
            customer_equity=equity,
            **none,
        )
    sign_in(make.user("manager"))
    page.goto(live_server.url + reverse("segments:value"))
    page.locator('[data-source="chart-equity"] canvas').first.wait_for()
    labels = page.evaluate(LABELS)
    assert len(labels) > 2
    assert len(set(labels)) == len(labels)
    assert "118.5" in labels
