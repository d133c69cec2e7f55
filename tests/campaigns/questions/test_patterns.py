"""Q5 and Q7 on a firm with a planted pattern, and the rules made of their rows."""

import datetime as dt

import pytest

from campaigns.errors import CannotMakeRuleError
from campaigns.models import Alert, AlertRule
from campaigns.queries.agenda import open_alerts
from campaigns.queries.questions.losses import DEFINITIONS
from campaigns.services import alert_rules
from clv.models import ValuationRun
from common.agendas import Asking
from crm.models import Account, EventType, Holding, LifeEvent
from tests import make
from tests.campaigns.questions.conftest import TODAY, column, day, sql

PERIOD = {"since": "2026-01-01", "until": "2026-11-22"}
JOINED = day(1, 1, 2024)


@pytest.fixture
def planted(rep):
    """Forty customers alike, twelve lost; nine of those had a visitor from a rival."""
    kind = EventType.objects.order_by("pk").first()
    accounts = Account.objects.bulk_create(
        Account(
            name=f"Customer {n:02}",
            owner=rep,
            stage="former" if n < 12 else "customer",
            acquired_on=JOINED,
            lost_on=day(6, 1) + dt.timedelta(days=n) if n < 12 else None,
            loss_reason="price" if n < 12 else "",
        )
        for n in range(40)
    )

    def happen(account, on):
        LifeEvent.objects.create(account=account, type=kind, occurred_on=on)

    for account in accounts[:9]:
        happen(account, account.lost_on - dt.timedelta(days=20))
    for account in accounts[9:12]:
        happen(account, account.lost_on)  # on the day itself: too late to be a sign
    for account in accounts[12:15]:
        happen(account, day(5, 20))
    return kind, accounts


def test_a_planted_event_is_found_with_its_lead_and_its_names(planted, ask, names):
    kind, accounts = planted
    found = ask("before-loss", **PERIOD)
    row = next(iter(found.rows.every()))
    assert (row["label"], row["with_end"], row["lead"]) == (kind.name, 9, 20)
    assert row["holds"] == "yes"
    assert row["low"] > 1
    assert f"Before 12 losses, “{kind.name}” was" in found.sentence
    assert "usually 20 days before" in found.sentence
    cell = {"part": f"event:{kind.key}", "of": "with_end"}
    assert names("before-loss", **cell, **PERIOD) == {a.name for a in accounts[:9]}
    compared = names("before-loss", **cell | {"of": "without_end"}, **PERIOD)
    told = sql(
        "SELECT a.name FROM crm_account a JOIN crm_lifeevent e ON e.account_id = a.id"
        " WHERE a.lost_on IS NULL OR e.occurred_on < a.lost_on"
    )
    assert compared <= {name for (name,) in told}
    again = ask("before-loss", **PERIOD)
    assert list(again.rows.every()) == list(found.rows.every())


def test_losses_are_counted_as_plain_sql_counts_them(planted, ask):
    found = ask("before-loss", since="2026-06-05", until="2026-11-22")
    told = sql("SELECT count(*) FROM crm_account WHERE lost_on >= '2026-06-05'")
    assert found.sentence == (
        f"There are {told[0][0]} losses, but nothing was seen before them often enough "
        "to judge. Choose a longer time, or log contacts and events."
    )


def test_no_loss_and_nobody_comparable_are_said(ask, rep):
    assert ask("before-loss").sentence.startswith("Nobody was lost in this time")
    assert ask("before-purchase").sentence.startswith("Nobody bought that")
    make.account(
        stage="former", acquired_on=JOINED, lost_on=day(6, 1), loss_reason="price"
    )
    alone = ask("before-loss", **PERIOD)
    assert "There is 1 loss, but nobody comparable" in alone.sentence
    assert not alone.has_names


def test_every_definition_of_loss_counts_its_own(ask, rep):
    assert set(DEFINITIONS) == {"lost", "contract", "quiet"}
    term = make.product(name="Service", term_months=12)
    for n in range(4):
        account = make.account(owner=rep, acquired_on=JOINED)
        Holding.objects.create(
            account=account,
            product=term,
            quantity=1,
            acquired_on=JOINED,
            ends_on=day(6, 1) if n == 0 else day(6, 1, 2027),
        )
        for on, alive in ((day(5, 1), 0.9), (day(6, 1), 0.1 if n < 2 else 0.8)):
            held = ValuationRun.objects.filter(as_of=on).first()
            make.valuation(
                account=account,
                run=held or make.run(as_of=on),
                probability_alive=alive,
                first_on=JOINED,
            )
    contract = ask("before-loss", loss="contract", **PERIOD)
    assert contract.sentence.startswith("There is 1 loss, but nothing was seen")
    quiet = ask("before-loss", loss="quiet", below=20, **PERIOD)
    assert quiet.sentence.startswith("There are 2 losses, but nothing was seen")


def test_what_comes_before_purchases_has_a_lead_time(ask, rep):
    product = make.product(name="Alpha")
    for n in range(30):
        account = make.account(owner=rep, acquired_on=JOINED)
        on = day(3, 1) + dt.timedelta(days=5 * n)
        make.order(account=account, on=on).lines.update(product=product)
        at = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC) + dt.timedelta(days=5 * n - 6)
        if n % 3:
            make.touchpoint(account=account, channel="visit", occurred_at=at)
    found = ask("before-purchase", product=product, window=14, **PERIOD)
    row = next(iter(found.rows.every()))
    assert (row["label"], row["lead"], row["holds"]) == ("Contact: visit", 6, "yes")
    told = sql(
        "SELECT count(DISTINCT o.account_id) FROM crm_order o JOIN crm_touchpoint t"
        " USING (account_id) WHERE t.channel = 'visit'"
        " AND o.ordered_on - t.occurred_at::date BETWEEN 1 AND 14"
    )
    assert column(found, "with_end")[0] == told[0][0] == 20


def test_a_row_becomes_a_rule_that_tells_the_owner_once(planted, today, manager, rep):
    kind, accounts = planted
    rule = alert_rules.make_rule(
        actor=manager, question="before-loss", given=PERIOD, part=f"event:{kind.key}"
    )
    assert (rule.seen_count, rule.lead_days, rule.is_on) == (9, 20, True)
    LifeEvent.objects.create(
        account=accounts[20], type=kind, occurred_on=TODAY - dt.timedelta(days=1)
    )
    assert alert_rules.tell_patterns(today=TODAY) == 1
    assert alert_rules.tell_patterns(today=TODAY) == 0
    alert = Alert.objects.get()
    assert (alert.account, alert.kind) == (accounts[20], "pattern")
    assert "before customers were lost" in alert.reason
    asking = Asking(user=rep, owner=rep, today=TODAY)
    assert list(open_alerts(asking).rows) == [alert]
    alert_rules.switch_rule(actor=manager, rule=rule, is_on=False)
    alert.refresh_from_db()
    assert alert.closed_because == "The rule was switched off."
    LifeEvent.objects.create(account=accounts[21], type=kind, occurred_on=TODAY)
    assert alert_rules.tell_patterns(today=TODAY) == 0


def test_a_pair_must_come_in_its_order_and_window(manager, rep):
    account, other = make.account(owner=rep), make.account(owner=rep)
    AlertRule.objects.create(
        name="Rival, then visit",
        outlook="loss",
        first="person-left",
        then="contact:visit",
        window_days=30,
        made_by=manager,
    )
    at = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
    for one, left in ((account, day(11, 10)), (other, day(11, 21))):
        make.contact(account=one, left_on=left)
        make.touchpoint(account=one, channel="visit", occurred_at=at)
    assert alert_rules.tell_patterns(today=TODAY) == 1
    assert Alert.objects.get().account == account


def test_a_row_that_is_not_there_makes_no_rule(planted, today, manager):
    for question, part in (("before-loss", "no-such"), ("retention", "x")):
        with pytest.raises(CannotMakeRuleError):
            alert_rules.make_rule(
                actor=manager, question=question, given=PERIOD, part=part
            )
    assert not AlertRule.objects.exists()


def test_one_rule_for_one_pattern(planted, today, manager):
    row = {"question": "before-loss", "given": PERIOD}
    part = f"event:{planted[0].key}"
    alert_rules.make_rule(actor=manager, part=part, **row)
    with pytest.raises(CannotMakeRuleError, match="already"):
        alert_rules.make_rule(actor=manager, part=part, **row)
    assert AlertRule.objects.count() == 1
