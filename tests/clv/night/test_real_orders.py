"""A published purchase log, imported and valued; the fit must be the published one."""

import datetime as dt
import math

import pytest
from django.core.management import call_command
from django.db.models import Sum

from clv.models import Valuation
from clv.services import runs
from config import night
from segments.models import Membership
from tests import cdnow

PUBLISHED = {"r": 0.2425945, "alpha": 4.4136019 * 7, "a": 0.7929199, "b": 2.4258881}
LOG_LIKELIHOOD_IN_WEEKS = -9582.429
ACTUAL_ORDERS_OF_NEXT_39_WEEKS = 1882


@pytest.mark.slow
def test_the_night_finds_what_the_authors_found(committed, tmp_path):
    call_command("import_orders", str(cdnow.write_csv(tmp_path / "orders.csv")))
    run = runs.request_run(actor=None, as_of=dt.date(1997, 9, 30))

    assert night.execute(run.pk)

    run.refresh_from_db()
    assert run.failure == ""
    assert run.accounts_valued == run.accounts_present == cdnow.CUSTOMERS
    assert Membership.objects.open().count() == cdnow.CUSTOMERS
    buying = run.parameters["buying"]["parameters"]
    for name, value in PUBLISHED.items():
        assert buying[name] == pytest.approx(value, rel=1e-3)
    values = Valuation.objects.of_run(run)
    total = values.aggregate(
        days=Sum("order_days"), year=Sum("expected_orders_year"), revenue=Sum("revenue")
    )
    repeats = total["days"] - cdnow.CUSTOMERS
    in_weeks = buying["log_likelihood"] + repeats * math.log(7)
    assert in_weeks == pytest.approx(LOG_LIKELIHOOD_IN_WEEKS, abs=0.01)
    assert ACTUAL_ORDERS_OF_NEXT_39_WEEKS < total["year"] < 2300
    assert values.filter(future_value__lt=0).count() == 0  # there are no costs
