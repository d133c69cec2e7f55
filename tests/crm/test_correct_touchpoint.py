"""A contact that was logged wrong: corrected to the cent, or taken back."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from common.errors import StaleRecordError
from crm.errors import CannotLogError, CannotUndoError
from crm.models import AuditEvent, LedgerEntry, Touchpoint
from crm.services.corrections import correct_touchpoint, void_touchpoint
from crm.services.touchpoints import log_touchpoint
from tests import make


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def logged(rep, account):
    return log_touchpoint(
        actor=rep,
        account=account,
        channel="phone",
        occurred_at=timezone.now(),
        minutes=30,
        note="prizing",
    )


def costs():
    rows = LedgerEntry.objects.order_by("pk")
    return [(row.amount, row.incurred_on) for row in rows]


def test_minutes_and_day_are_posted_anew_at_the_cost_of_whoever_logged(
    rep, manager, account, logged
):
    manager.hourly_cost = Decimal("120.00")
    manager.save()
    earlier = timezone.now() - dt.timedelta(days=3)
    today, then = business_today(), timezone.localtime(earlier).date()

    correct_touchpoint(actor=manager, touchpoint=logged, minutes=7, occurred_at=earlier)

    thirty, seven = Decimal("30.00"), Decimal("7.00")
    assert costs() == [(thirty, today), (-thirty, today), (seven, then)]
    account.refresh_from_db()
    assert account.last_contact_on == then
    kept = AuditEvent.objects.get(action="touchpoint.corrected")
    assert kept.detail["before"]["minutes"] == "30"

    correct_touchpoint(actor=rep, touchpoint=logged, minutes=None)
    assert LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] == 0
    correct_touchpoint(actor=rep, touchpoint=logged, minutes=8)
    assert LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] == Decimal("8.00")


def test_a_typo_costs_nothing_and_is_mended_though_the_person_minds_now(
    rep, account, logged
):
    person = make.contact(account=account)
    Touchpoint.objects.update(contact=person)
    person.do_not_contact = True
    person.save()
    correct_touchpoint(actor=rep, touchpoint=logged, note="pricing ")
    assert logged.note == "pricing"
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("colleague", CannotUndoError),
        ("ahead", CannotLogError),
        ("too long", CannotLogError),
        ("foreign", CannotLogError),
        ("stale", StaleRecordError),
        ("voided", CannotUndoError),
    ],
)
def test_what_is_refused_changes_nothing(rep, colleague, logged, case, error):
    changes, actor, seen = {"note": "x"}, rep, None
    if case == "colleague":
        actor = colleague
    elif case == "ahead":
        changes = {"occurred_at": timezone.now() + dt.timedelta(hours=1)}
    elif case == "too long":
        changes = {"minutes": 1441}
    elif case == "foreign":
        changes = {"contact": make.contact()}
    elif case == "stale":
        seen = "0" * 16
    else:
        Touchpoint.objects.update(voided_at=timezone.now())
    before, posted = Touchpoint.objects.values().get(), costs()

    with pytest.raises(error):
        correct_touchpoint(
            actor=actor, touchpoint=logged, expected_fingerprint=seen, **changes
        )

    assert Touchpoint.objects.values().get() == before
    assert costs() == posted
    assert not AuditEvent.objects.filter(action="touchpoint.corrected").exists()


def test_an_old_contact_is_taken_back_with_a_reason_only(rep, colleague, logged):
    long_ago = timezone.now() - dt.timedelta(days=40)
    Touchpoint.objects.update(created_at=long_ago)
    for actor, reason in ((rep, "  "), (colleague, "never was")):
        with pytest.raises(CannotUndoError):
            void_touchpoint(actor=actor, touchpoint=logged, reason=reason)
    assert LedgerEntry.objects.count() == 1

    for _ in range(2):
        void_touchpoint(actor=rep, touchpoint=logged, reason="Wrong customer")
    assert LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] == 0
    said = AuditEvent.objects.get(action="touchpoint.voided")
    assert said.detail["reason"] == "Wrong customer"


def test_the_page_corrects_and_tells_of_somebody_elses_correction(client, rep, logged):
    client.force_login(rep)
    url = reverse("crm:touchpoint_edit", args=[logged.pk])
    shown = client.get(url).context["form"]
    said = {
        name: field.initial if (value := shown[name].value()) is None else value
        for name, field in shown.fields.items()
    }
    said = {k: v for k, v in said.items() if v not in {None, ""}}
    moment = timezone.localtime(logged.occurred_at).strftime("%Y-%m-%dT%H:%M:%S")
    said |= {"occurred_at": moment, "note": "pricing", "minutes": 12}

    assert client.post(url, said | {"minutes": 1441}).status_code == 422
    assert client.post(url, said).status_code == 302
    logged.refresh_from_db()
    assert (logged.note, logged.minutes) == ("pricing", 12)
    assert client.post(url, said | {"minutes": 13}).status_code == 409
    void = reverse("crm:touchpoint_void", args=[logged.pk])
    assert client.post(void, {"reason": ""}).status_code == 422
    assert client.post(void, {"reason": "never was"}).status_code == 302
    assert client.get(url).status_code == 404
