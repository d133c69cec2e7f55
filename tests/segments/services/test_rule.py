"""The rule at its edges: each threshold and band at, just below and just above."""

import datetime as dt
from decimal import Decimal

import pytest

from clv.models import ValuationRun
from common.clock import business_today
from common.errors import StaleRecordError
from common.templatetags.display import THIN_SPACE
from crm.models import AuditEvent
from segments.choices import WorthClass
from segments.errors import (
    CannotPublishPolicyError,
    PolicyOutdatedError,
    SameRuleError,
)
from segments.models import ClassingRequest, ClassPolicy, Membership, PolicyDraft
from segments.queries.rule import doubt_of
from segments.queries.whatif import moves_between, what_if
from segments.services import policy as policies
from segments.services.classes import classify
from segments.services.reclassing import open_again
from tests import make

DAY = dt.date(2026, 11, 20)
YESTERDAY = DAY - dt.timedelta(days=1)


def classed(*, was=None, **values):
    account = make.account()
    if was:
        make.membership(account=account, worth_class=was, since=YESTERDAY)
    ValuationRun.objects.filter(as_of=DAY).update(status="superseded", is_current=False)
    run = make.run(as_of=DAY)
    make.valuation(account=account, run=run, **values)
    classify(run)
    return Membership.objects.open().get(account=account)


@pytest.mark.parametrize(
    ("confidence", "low", "expected"),
    [
        ("0.500", "0.00", "potential_key"),  # the value itself, however unsure
        ("0.900", "1000.00", "potential_key"),
        ("0.900", "999.99", "general"),
        ("0.900", "1000.01", "potential_key"),
    ],
)
def test_the_value_must_be_as_sure_as_asked(db, confidence, low, expected):
    make.class_policy(least_confidence=Decimal(confidence))
    held = classed(expected_margin="1500.00", future_low=Decimal(low), margin_year="0")
    assert held.worth_class == expected


def test_between_the_ends_of_confidence_lies_a_part_of_the_range():
    assert doubt_of(Decimal("0.500")) == 0
    assert doubt_of(Decimal("0.900")) == 1
    assert doubt_of(Decimal("0.800")) == Decimal("0.656721")


def test_a_reason_says_how_sure_the_value_is(db):
    make.class_policy(least_confidence=Decimal("0.900"))
    held = classed(expected_margin="1500.00", future_low=Decimal(1200), margin_year="0")
    said = "expected value 1~500 over 36 months (90~% sure of 1~200) reaches 1~000"
    assert said.replace("~", THIN_SPACE) in held.reason


@pytest.mark.parametrize(
    ("was", "margin", "cost", "expected"),
    [
        (None, "1000.00", "400.00", "current_key"),
        (None, "1000.00", "399.99", "current_key"),
        (None, "1000.00", "400.01", "potential_key"),
        ("current_key", "1000.00", "440.00", "current_key"),  # 40 % and a tenth of it
        ("current_key", "1000.00", "440.01", "potential_key"),
        ("potential_key", "1000.00", "440.00", "potential_key"),
    ],
)
def test_serving_may_take_so_much_of_the_margin(db, was, margin, cost, expected):
    make.class_policy(cost_limit=Decimal("0.4"))
    held = classed(
        was=was,
        expected_margin="1500.00",
        margin_year=Decimal(margin),
        cost_year=Decimal(cost),
    )
    assert held.worth_class == expected


def test_a_reason_says_that_serving_took_too_much(db):
    make.class_policy(cost_limit=Decimal("0.4"))
    held = classed(
        expected_margin="1500.00",
        margin_year=Decimal(1000),
        cost_year=Decimal("400.01"),
    )
    said = "reaches 1~000, but serving took 400 of the margin 1~000, more than 40~%."
    assert held.reason.endswith(said.replace("~", THIN_SPACE))


@pytest.mark.parametrize(
    ("limit", "was", "realised", "expected"),
    [
        ("-200.00", None, "-1200.00", "general"),
        ("-200.00", None, "-1200.01", "never_profitable"),
        ("-200.00", None, "-1199.99", "general"),
        # Who is never profitable leaves 10 % of 500 above the limit.
        ("-200.00", "never_profitable", "-1150.01", "never_profitable"),
        ("-200.00", "never_profitable", "-1150.00", "general"),
        ("0.00", "never_profitable", "-950.01", "never_profitable"),
        ("0.00", "never_profitable", "-950.00", "general"),
        ("0.00", "general", "-999.99", "general"),
    ],
)
def test_a_loss_in_all_has_a_limit_and_a_band(db, limit, was, realised, expected):
    make.class_policy(loss_limit=Decimal(limit), expected_threshold=Decimal("5000.00"))
    held = classed(
        was=was, expected_margin="1000.00", realised=realised, margin_year="0"
    )
    assert held.worth_class == expected


@pytest.mark.parametrize(
    ("was", "realised"), [("general", "10.00"), ("never_profitable", "-990.00")]
)
def test_nobody_flips_on_noise_within_the_band(db, was, realised):
    make.class_policy()
    account = make.account()
    make.membership(account=account, worth_class=was, since=YESTERDAY)
    for days, noise in enumerate([-20, 15, -18, 20]):
        run = make.run(as_of=DAY + dt.timedelta(days=days + 1))
        make.valuation(
            account=account,
            run=run,
            realised=Decimal(realised) + noise,
            expected_margin="970.00",
            margin_year="0",
        )
        classify(run)
    assert Membership.objects.get(account=account).worth_class == was


def standing(run, worth_class, **values):
    account = make.account()
    make.membership(account=account, worth_class=worth_class, since=YESTERDAY, run=run)
    make.valuation(account=account, run=run, **values)
    return account


@pytest.fixture
def run(db):
    make.class_policy()
    return make.run(as_of=DAY)


def test_another_rule_moves_those_it_says_and_nobody_else(run):
    key = standing(run, "current_key", margin_year="800.00", expected_margin="1200.00")
    standing(run, "general", margin_year="0.00", expected_margin="500.00")
    same = ClassPolicy.objects.current()

    assert what_if(run, same).moved == 0
    found = what_if(
        run, ClassPolicy(**{**same.numbers, "realised_threshold": Decimal(900)})
    )

    assert [(m.account_id, m.was, m.becomes) for m in found.moves] == [
        (key.pk, "current_key", "potential_key")
    ]
    assert found.moved_clv == Decimal("1300.00")
    counts = {c.worth_class.value: (c.accounts_now, c.accounts) for c in found.classes}
    assert counts == {
        "current_key": (1, 0),
        "potential_key": (0, 1),
        "general": (1, 1),
        "never_profitable": (0, 0),
    }
    assert "Nobody would be current key." in found.warnings


def test_what_is_shown_before_publishing_is_what_happens(run, manager):
    standing(run, "current_key", margin_year="440.00", expected_margin="1200.00")
    standing(run, "potential_key", margin_year="400.00", expected_margin="1200.00")
    for future in ("950.00", "1100.00"):
        standing(run, "general", margin_year="300.00", expected_margin=future)
    changed = {"realised_threshold": Decimal("350.00"), "band": Decimal("0.05")}
    rule = ClassPolicy(**{**ClassPolicy.objects.current().numbers, **changed})

    shown = {c.worth_class: c.accounts for c in what_if(run, rule).classes}
    policies.publish_policy(actor=manager, reason="Try", **changed)
    classify(run)

    for worth_class, accounts in shown.items():
        held = Membership.objects.open().filter(worth_class=worth_class)
        assert held.count() == accounts


def test_names_of_one_move_are_those_of_the_move(run):
    small = standing(run, "general", margin_year="0.00", expected_margin="600.00")
    standing(run, "potential_key", margin_year="0.00", expected_margin="1600.00")
    rule = ClassPolicy.objects.current()
    rule.expected_threshold = Decimal(600)

    found = moves_between(
        run, rule, was=WorthClass.GENERAL, becomes=WorthClass.POTENTIAL_KEY
    )

    assert [move.account_id for move in found] == [small.pk]
    assert "reaches 600" in found[0].reason


def test_a_draft_is_published_once_with_its_reason(run, manager):
    first = ClassPolicy.objects.current()
    draft = policies.save_draft(
        actor=manager, numbers={"band": Decimal("0.2")}, based_on=first.pk
    )

    made = policies.publish_draft(
        actor=manager, reason="Too much flapping", expected_version=draft.version
    )

    assert made.numbers == {**first.numbers, "band": Decimal("0.2")}
    assert not PolicyDraft.objects.exists()
    said = AuditEvent.objects.get(action="class_policy.published")
    assert said.detail["changed"] == {"band": ["0.1000", "0.2000"]}
    with pytest.raises(StaleRecordError):
        policies.publish_draft(
            actor=manager, reason="Again", expected_version=draft.version
        )
    assert ClassPolicy.objects.count() == 2


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({"cost_limit": Decimal(1)}, "cost_limit"),
        ({"cost_limit": Decimal(0)}, "cost_limit"),
        ({"least_confidence": Decimal("0.49")}, "least_confidence"),
        ({"least_confidence": Decimal("0.91")}, "least_confidence"),
        ({"loss_limit": Decimal("0.01")}, "loss_limit"),
        ({"realised_threshold": Decimal(10_000)}, "band"),  # the band reaches a key
    ],
)
def test_numbers_that_contradict_are_refused_at_their_field(
    run, manager, numbers, field
):
    before = ClassPolicy.objects.count()
    with pytest.raises(CannotPublishPolicyError) as refusal:
        policies.publish_policy(actor=manager, reason="Why not", **numbers)
    assert refusal.value.field == field
    assert ClassPolicy.objects.count() == before


def test_who_was_slower_publishes_nothing(run, manager):
    seen = ClassPolicy.objects.current().pk
    policies.publish_policy(actor=manager, reason="First", band=Decimal("0.2"))
    with pytest.raises(PolicyOutdatedError, match="Mia Manager published version"):
        policies.publish_policy(
            actor=manager, reason="Late", band=Decimal("0.3"), based_on=seen
        )
    assert ClassPolicy.objects.current().band == Decimal("0.2")


def test_the_same_rule_is_no_new_version(run, manager):
    with pytest.raises(SameRuleError):
        policies.publish_policy(actor=manager, reason="No change")


def test_a_version_waits_for_its_day(run, manager):
    today = business_today()
    first = ClassPolicy.objects.current()
    ahead = today + dt.timedelta(days=10)
    made = policies.publish_policy(
        actor=manager, reason="New year", band=Decimal("0.2"), valid_from=ahead
    )
    assert ClassPolicy.objects.current() == first
    assert ClassPolicy.objects.current(ahead) == made
    with pytest.raises(CannotPublishPolicyError) as refusal:
        policies.publish_policy(
            actor=manager,
            reason="Late",
            band=Decimal("0.3"),
            valid_from=today - dt.timedelta(days=1),
        )
    assert refusal.value.field == "valid_from"


def test_classing_at_once_opens_the_run_at_its_step_of_classing(run, manager):
    for name in ("value", "classify", "list", "judge"):
        run.steps.create(name=name, position=1, started_at="2026-11-20T01:00Z")
    policies.publish_policy(
        actor=manager, reason="Now", band=Decimal("0.2"), at_once=True
    )
    assert ClassingRequest.objects.filter(taken_at=None).count() == 1

    opened = open_again(steps={"classify", "list"})

    assert opened == run
    run.refresh_from_db()
    assert run.lease_until is not None
    assert set(run.steps.values_list("name", flat=True)) == {"value", "judge"}
    assert open_again(steps={"classify"}) is None  # it is being worked on
