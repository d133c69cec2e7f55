"""The quick log over the API: read a line, correct, take back, by the same rules."""

import datetime as dt

import pytest
from django.utils import timezone

from crm.models import LedgerEntry, Touchpoint
from crm.services.consent import record_consent
from crm.services.touchpoints import log_touchpoint
from tests import make

URL = "/api/v1/touchpoints/"


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def send(client, method, path, body):
    act = getattr(client, method)
    return act(f"{URL}{path}", body, content_type="application/json")


def test_a_line_is_read_by_the_rules_of_the_page_and_stores_nothing(
    signed_in, rep, account
):
    anna = make.contact(account=account, name="Anna Berg")
    line = "call 12m Anna 3.2.2026 9:15 pricing ok p4 +2w send offer"
    body = {"account": account.pk, "line": line, "zone": "Asia/Tokyo"}
    said = send(signed_in, "post", "preview/", body).json()
    assert (said["channel"], said["minutes"], said["contact"]) == ("phone", 12, anna.pk)
    assert (said["note"], said["outcome"], said["ratings"]) == (
        "pricing",
        "ok",
        {"people": 4},
    )
    moment = dt.datetime.fromisoformat(said["occurred_at"])
    assert moment == dt.datetime.fromisoformat("2026-02-03T09:15:00+09:00")
    assert (said["follow_up_title"], said["problems"]) == ("send offer", [])

    record_consent(actor=rep, contact=anna, channel="phone", is_granted=False)
    said = send(signed_in, "post", "preview/", body | {"line": "call Anna +frd"}).json()
    assert len(said["problems"]) == 2
    foreign = body | {"account": make.account().pk}
    assert send(signed_in, "post", "preview/", foreign).status_code == 400
    assert not Touchpoint.objects.exists()


def test_a_contact_is_corrected_and_taken_back(signed_in, rep, colleague, account):
    row = log_touchpoint(
        actor=rep,
        account=account,
        channel="phone",
        occurred_at=timezone.now(),
        minutes=30,
    )
    seen = signed_in.get(f"{URL}{row.pk}/").json()["fingerprint"]
    body = {"minutes": 12, "fingerprint": seen}
    assert send(signed_in, "patch", f"{row.pk}/", body).json()["minutes"] == 12
    stale = send(signed_in, "patch", f"{row.pk}/", body | {"minutes": 13})
    assert stale.status_code in {409, 412}
    other = make.contact()
    refused = send(signed_in, "patch", f"{row.pk}/", {"contact": other.pk})
    assert refused.status_code in {400, 422}
    assert send(signed_in, "post", f"{row.pk}/void/", {"reason": ""}).status_code == 400
    taken = send(signed_in, "post", f"{row.pk}/void/", {"reason": "never was"})
    assert taken.json()["voided_at"]
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 0
    signed_in.force_login(colleague)
    assert send(signed_in, "patch", f"{row.pk}/", {"note": "x"}).status_code == 404
