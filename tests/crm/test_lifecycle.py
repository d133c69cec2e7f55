"""Stages by rule and by hand, how they follow one another, and recommendations."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.clock import business_today
from common.errors import DomainError
from crm.models import Account, LifecycleStage, LifecycleStay
from crm.queries.lifecycle import conversion, relationship
from crm.queries.referrals import referred
from crm.services import accounts, lifecycle
from tests import make

HTMX = {"HX-Request": "true"}
TODAY = business_today()


@pytest.fixture
def account(rep):
    made = make.account(owner=rep, name="Kontor Nord")
    return Account.objects.get(pk=made.pk)


def days_ago(days):
    return TODAY - dt.timedelta(days=days)


def stage(key):
    return LifecycleStage.objects.get(key=key)


def stages_of(account):
    rows = LifecycleStay.objects.filter(account=account).order_by("since", "pk")
    return [(stay.stage.key, stay.until) for stay in rows.select_related("stage")]


def url(name, record):
    return reverse(f"crm:{name}", args=[record.pk])


def body(response):
    return response.content.decode()


@pytest.mark.parametrize(
    ("status", "ordered", "expected"),
    [
        ("former", [10], "lost"),
        ("prospect", [], "prospect"),
        ("customer", [], "occasional"),
        ("customer", [90], "new"),
        ("customer", [91], "occasional"),
        ("customer", [300, 200, 180], "slipping"),
        ("customer", [300, 200, 179], "growing"),
        ("customer", [731, 200, 179], "established"),
        ("customer", [300, 179], "occasional"),
    ],
)
def test_every_account_is_in_the_first_stage_that_fits(db, status, ordered, expected):
    account = make.account(stage=status)
    for days in ordered:
        make.order(account=account, on=days_ago(days))
    make.order(account=account, on=days_ago(1), status="cancelled")
    make.order(account=account, on=TODAY + dt.timedelta(days=1))
    assert lifecycle.apply_rules(as_of=TODAY) == 1
    assert stages_of(account) == [(expected, None)]
    assert lifecycle.apply_rules(as_of=TODAY) == 0


def test_an_account_moves_on_and_keeps_its_past(account):
    make.order(account=account, on=days_ago(100))
    lifecycle.apply_rules(as_of=days_ago(50))
    assert lifecycle.apply_rules(as_of=TODAY) == 1
    assert stages_of(account) == [("new", TODAY), ("occasional", None)]


def test_the_rules_ask_as_little_for_many_as_for_one(db):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            lifecycle.apply_rules(as_of=TODAY)
        return len(captured)

    make.account()
    first = statements()
    for _ in range(5):
        make.account()
    assert statements() == first
    assert LifecycleStay.objects.count() == 6


def test_set_by_hand_stays_until_let_go(client, rep, account):
    client.force_login(rep)
    lifecycle.apply_rules(as_of=TODAY)
    target = url("account_stage", account)
    wrong = client.post(target, {"stage": stage("growing").pk, "reason": ""})
    assert wrong.status_code == 422
    data = {"stage": stage("growing").pk, "reason": "New site opens"}
    assert client.post(target, data, headers=HTMX).status_code == 200
    assert lifecycle.apply_rules(as_of=TODAY) == 0
    page = body(client.get(url("account_detail", account)))
    assert "New site opens" in page
    assert stage("growing").play in page

    client.post(url("account_stage_release", account), headers=HTMX)
    assert lifecycle.apply_rules(as_of=TODAY) == 1
    assert [key for key, _ in stages_of(account)][-1] == "occasional"
    with pytest.raises(DomainError):
        lifecycle.set_stage(actor=rep, account=account, stage=stage("new"), reason=" ")


def test_the_report_says_where_accounts_went(client, rep, manager, account):
    other = make.account()
    for one, ends in ((account, 40), (other, 20)):
        make.order(account=one, on=days_ago(100))
        LifecycleStay.objects.create(
            account=one, stage=stage("new"), since=days_ago(100), until=days_ago(ends)
        )
    LifecycleStay.objects.create(
        account=account, stage=stage("slipping"), since=days_ago(40)
    )
    LifecycleStay.objects.create(
        account=other, stage=stage("growing"), since=days_ago(20)
    )
    found = {row.stage.key: row for row in conversion(manager, days_ago(365))}
    said = [(s.to, s.count, s.share, s.median_days) for s in found["new"].steps]
    assert sorted(said) == [("Growing", 1, 0.5, 80.0), ("Slipping", 1, 0.5, 60.0)]
    assert (found["new"].now, found["slipping"].now) == (0, 1)
    own = {row.stage.key: row for row in conversion(rep, days_ago(365))}
    assert [step.to for step in own["new"].steps] == ["Slipping"]
    client.force_login(rep)
    assert "Slipping: 1" in body(client.get("/lifecycle/"))


def test_managers_change_rules_and_benefits(client, manager):
    client.force_login(manager)
    new = stage("new")
    data = {"name": "Fresh", "play": "Call", "customer_days_to": 30, "version": 1}
    assert client.post(url("stage_edit", new), data).status_code == 302
    assert client.post(url("stage_edit", new), data).status_code == 409
    new.refresh_from_db()
    assert (new.name, new.customer_days_to, new.version) == ("Fresh", 30, 2)
    assert "Fresh" in body(client.get("/catalogues/stages/"))


def test_types_of_relationship_show_benefits_and_history(rep, account):
    for key in ("contract", "partner"):
        accounts.change_account(actor=rep, account=account, relationship_type=key)
    found = relationship(account)
    assert "yearly review" in found.profile.for_them
    assert [label for _, label in found.types] == ["Partner", "Framework contract"]


# -- Recommendations -----------------------------------------------------------------


def test_who_recommended_whom_is_a_tree_with_its_worth(client, rep, colleague, account):
    child = make.account(owner=rep, name="Child", referred_by=account)
    grandchild = make.account(owner=rep, name="Grandchild", referred_by=child)
    hidden = make.account(owner=colleague, name="Hidden", referred_by=account)
    for one in (child, grandchild, hidden):
        make.valuation(account=one, realised="100.00", expected_margin="900.00")
    tree = [(one.account.name, one.depth) for one in referred(account, rep)]
    assert tree == [("Child", 1), ("Grandchild", 2)]
    client.force_login(rep)
    panel = body(client.get(reverse("clv:account_referrals", args=[account.pk])))
    assert "Referred 1, worth 2\u202f000 EUR" in panel
    assert "Hidden" not in panel


def test_a_referrer_is_found_by_name_and_circles_are_refused(client, rep, account):
    client.force_login(rep)
    made = make.account(owner=rep, name="Werft Kiel")
    data = {"referrer": "werft", "advocate_status": "active", "version": 1}
    assert client.post(url("account_referrer", account), data).status_code == 302
    account.refresh_from_db()
    assert (account.referred_by, account.advocate_status) == (made, "active")
    back = {"referrer": "Kontor", "version": 1}
    assert client.post(url("account_referrer", made), back).status_code == 422
    made.refresh_from_db()
    assert made.referred_by is None


def test_without_accounts_the_report_says_what_to_do(client, manager, db):
    client.force_login(manager)
    page = client.get(reverse("crm:lifecycle_report")).content.decode()
    assert "Nobody stands in a stage yet" in page
    assert "To the accounts" in page
