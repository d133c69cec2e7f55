"""Accounts under contract, from holdings to values."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from clv.choices import RunStatus
from clv.models import ContractValuation, Valuation
from clv.queries.contracts import past_contracts
from clv.services import runs
from clv.services.changes import change_of_account
from clv.services.contract_terms import terms_of
from clv.services.payback import payback_of
from common.templatetags.display import share
from config import night
from crm.choices import HoldingStatus
from crm.models import Holding
from tests import make
from tests.clv.night import firm

AS_OF = dt.date(2026, 6, 30)
YEAR = dt.timedelta(days=365)


def service(**fields):
    return make.product(
        sku="SVC", name="Full service", category="Service", term_months=12, **fields
    )


def held(account, product, begins, *, ends=None, status="active", replaces=None):
    holding = Holding.objects.create(
        account=account,
        product=product,
        quantity=1,
        acquired_on=begins,
        ends_on=ends,
        status=status,
    )
    if replaces is not None:
        replaces.status, replaces.replaced_by = HoldingStatus.REPLACED, holding
        replaces.save()
    return holding


def paid(account, product, on, price, cost="0.00"):
    order = make.order(account=account, on=on, lines=[(1, price, cost)])
    order.lines.update(product=product)
    return order


def run_now(as_of=AS_OF, **fields):
    run = runs.request_run(actor=None, as_of=as_of, **fields)
    assert night.execute(run.pk)
    run.refresh_from_db()
    assert run.failure == ""
    return run


def value_of(run, account):
    return Valuation.objects.of_run(run).get(account=account)


@pytest.fixture
def contract(committed):
    """Three yearly terms paid ahead, the running one until 2026-12-31."""
    firm.build(40, seed=3, today=AS_OF)
    account, product = make.account(name="Contract Ltd"), service()
    before = None
    for year in (2024, 2025, 2026):
        before = held(
            account,
            product,
            dt.date(year, 1, 1),
            ends=dt.date(year, 12, 31),
            replaces=before,
        )
        paid(account, product, dt.date(year, 1, 1), "1000", "400")
    return account


def test_a_contract_is_worth_its_renewals(contract, client):
    run = run_now()

    stored = ContractValuation.objects.get(run=run)
    assert stored.account == contract
    assert (stored.started_on, stored.ends_on) == (
        dt.date(2024, 1, 1),
        dt.date(2026, 12, 31),
    )
    assert (stored.fee_margin, stored.fee_days) == (Decimal("1800.00"), 3)
    assert (stored.other_margin, stored.other_days) == (Decimal("0.00"), 0)
    assert stored.term_days == 365

    value = value_of(run, contract)
    assert value.probability_alive == 1.0
    assert value.ladder_step == "pooled"
    learnt = run.parameters["contracts"]["renewals"][0]["model"]
    alpha, beta = learnt["alpha"], learnt["beta"]
    chances = np.cumprod([(beta + k) / (alpha + beta + k) for k in (2, 3, 4)])
    years = np.array([184, 549, 914]) / 365.25
    spend = run.parameters["contracts"]["spend"]
    seen = 3 * 365 / 365.25
    mean = 600.0 * 365.25 / 365
    p, q, v = spend["p"], spend["q"], spend["v"]
    per_term = p * (v + seen * mean) / (p * seen + q - 1) * 365 / 365.25
    rate = float(run.assumptions.annual_rate)
    fees = float(chances @ (1 + rate) ** -years) * per_term
    assert float(value.expected_margin) == pytest.approx(fees, abs=0.011)
    assert value.expected_orders == pytest.approx(chances.sum(), abs=1e-5)
    assert value.future_low <= value.future_high
    assert value.realised_profit == Decimal("1800.00")

    terms = terms_of(account_id=contract.pk, run=run)
    assert terms.chance == pytest.approx(chances[0])
    assert terms.sentence == f"renews on 31 Dec 2026, {share(terms.chance)} expected"
    client.force_login(make.user("manager"))
    page = client.get(f"/accounts/{contract.pk}/_value/").content.decode()
    assert f"By contract</dt><dd>{terms.sentence} (Full service," in page
    # Had winning it cost more, it would have to be renewed once to pay back.
    owing = {"cost_to_win": 2200, "realised_profit": -400}
    owing |= {"clv": value.future_value - 400, "break_even": "expected"}
    Valuation.objects.of_run(run).filter(account=contract).update(**owing)
    payback = payback_of(value=value_of(run, contract), run=run)
    assert dt.date(2026, 12, 31) <= payback.low_on <= dt.date(2027, 2, 1)
    # Renewed, and at a margin that is not far below the expected one.
    assert 0.6 < payback.probability <= chances[0] + 0.02
    page = client.get(f"/accounts/{contract.pk}/_value/").content.decode()
    assert payback.sentence in page
    answer = client.get(f"/api/v1/valuations/paybacks/{contract.pk}/").json()
    assert answer["probability"] == payback.probability
    assert answer["low_on"] == payback.low_on.isoformat()
    other = Valuation.objects.of_run(run).exclude(account=contract).first()
    assert terms_of(account_id=other.account_id, run=run) is None
    page = client.get(f"/accounts/{other.account_id}/_value/").content.decode()
    assert "By contract" not in page


def test_repeating_and_travelling_back_give_the_same(contract):
    run = run_now()
    earlier = run_now(AS_OF - dt.timedelta(days=400))
    assert not earlier.is_current
    past = ContractValuation.objects.get(run=earlier)
    assert (past.ends_on, past.fee_days) == (dt.date(2025, 12, 31), 2)
    assert value_of(earlier, contract).probability_alive == 1.0
    change = change_of_account(account=contract, run=run, before=earlier)
    assert sum(bar.amount for bar in change.bars) == change.total
    moved = {bar.key: bar.amount for bar in change.bars if bar.amount}
    # One more fee was earned, at the usual margin; all else follows from the contract.
    assert moved["orders"] == Decimal("600.00")
    assert set(moved) == {"orders", "retention"}

    Holding.objects.all().delete()  # what is stored is enough
    for one in (run, earlier):
        again = runs.rerun_from_stored(actor=None, run_id=one.pk)
        assert night.execute(again.pk)
        again.refresh_from_db()
        assert (again.failure, again.status) == ("", RunStatus.CHECKED)
        assert again.digest == one.digest


@pytest.mark.django_db
class TestPast:
    """How contracts are read from holdings; one row per cohort."""

    def cohorts(self, as_of=AS_OF):
        past = past_contracts(as_of)
        rows = zip(
            past.renewals.tolist(),
            past.has_ended.tolist(),
            past.weight.tolist(),
            strict=True,
        )
        return sorted(rows)

    def test_nothing_by_term_is_no_contract(self):
        held(make.account(), make.product(), AS_OF - YEAR, ends=AS_OF + YEAR)
        assert self.cohorts() == []

    @pytest.mark.parametrize(
        ("days", "status", "cohort"),
        [
            (200, "active", (0, 0, 1)),
            (0, "active", (0, 0, 1)),  # due today
            (-60, "active", (0, 0, 1)),  # late, within the days of grace
            (-61, "active", (0, 1, 1)),
            (-1, "ended", (0, 1, 1)),
            (-1, "returned", (0, 1, 1)),
            (5, "ended", (0, 0, 1)),  # ended later than the day asked about
        ],
    )
    def test_an_end_counts_once_it_is_certain(self, days, status, cohort):
        ends = AS_OF + dt.timedelta(days=days)
        held(make.account(), service(), ends - YEAR, ends=ends, status=status)
        assert self.cohorts() == [cohort]

    def test_renewals_are_counted_however_they_were_entered(self):
        product, begin = service(), AS_OF - 3 * YEAR
        replaced = make.account()
        old = held(replaced, product, begin, ends=begin + YEAR)
        held(replaced, product, begin + YEAR, ends=begin + 2 * YEAR, replaces=old)
        # The same again, held anew without a link.
        anew = make.account()
        held(anew, product, begin, ends=begin + YEAR, status="ended")
        held(anew, product, begin + YEAR, ends=begin + 2 * YEAR, status="ended")
        # The end moved.
        held(make.account(), product, begin, ends=begin + 2 * YEAR, status="ended")
        assert self.cohorts() == [(1, 1, 3)]

    def test_a_gap_is_an_end_and_a_beginning(self):
        account, product, begin = make.account(), service(), AS_OF - 3 * YEAR
        held(account, product, begin, ends=begin + YEAR, status="ended")
        held(account, product, begin + 2 * YEAR, ends=AS_OF + YEAR)
        assert self.cohorts() == [(0, 1, 1), (1, 0, 1)]

    def test_an_open_end_renews_itself_every_term(self):
        held(make.account(), service(), dt.date(2023, 7, 1))
        assert self.cohorts() == [(2, 0, 1)]  # the third year ends tomorrow
        assert self.cohorts(dt.date(2026, 7, 1)) == [(3, 0, 1)]
        assert self.cohorts(dt.date(2023, 6, 30)) == []

    def test_holdings_that_replace_each_other_in_a_ring_are_no_contract(self):
        account, product = make.account(), service()
        one = held(account, product, AS_OF - YEAR, ends=AS_OF)
        two = held(account, product, AS_OF - YEAR, ends=AS_OF)
        for holding, other in ((one, two), (two, one)):
            holding.replaced_by = other
            holding.save()
        assert self.cohorts() == []


def test_who_left_the_contract_is_gone_unless_orders_go_on(committed):
    product, other = service(), make.product()
    gone, buys_on = make.account(), make.account()
    for account in (gone, buys_on):
        begin = AS_OF - 2 * YEAR
        held(account, product, begin, ends=begin + YEAR, status="ended")
        paid(account, product, begin, "1000", "400")
    paid(buys_on, other, AS_OF - dt.timedelta(days=20), "90", "30")

    run = run_now()

    left = value_of(run, gone)
    assert (left.probability_alive, left.future_value) == (0.0, Decimal("0.00"))
    assert (left.future_low, left.future_high) == (0, 0)
    terms = terms_of(account_id=gone.pk, run=run)
    assert terms.sentence == "ended on 30 Jun 2025, not renewed"
    assert value_of(run, buys_on).probability_alive > 0.0
    assert list(ContractValuation.objects.values_list("account", flat=True)) == [
        gone.pk
    ]


def test_everything_is_counted_once(committed):
    """Fees come per term, the rest evenly; what came before the contract is past."""
    account, product, other = make.account(), service(), make.product()
    begin = AS_OF - dt.timedelta(days=100)
    paid(account, other, begin - dt.timedelta(days=50), "500", "100")
    held(account, product, begin, ends=begin + YEAR)
    order = paid(account, product, begin, "1200", "200")
    paid(account, other, begin + dt.timedelta(days=30), "60", "10")
    make.cost(account=account, amount="10.00", on=begin)
    line = order.lines.get()
    line.returns.create(
        account=account,
        returned_on=begin + dt.timedelta(days=5),
        quantity=1,
        refund=Decimal("100.00"),
        cost_recovered=Decimal("0.00"),
    )

    run = run_now()

    stored = ContractValuation.objects.get(run=run)
    assert (stored.fee_margin, stored.fee_days) == (Decimal("900.00"), 1)
    assert (stored.other_margin, stored.other_days) == (Decimal("50.00"), 1)
    value = value_of(run, account)
    assert value.margin == Decimal("1350.00")
    # The fee of the running term is paid: the next one comes in 265 days.
    assert value.expected_margin_year < Decimal("1300.00")
