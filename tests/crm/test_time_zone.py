"""One rule for times: who asks reads and types them in their own zone."""

import datetime as dt

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone

from common import zones
from crm.errors import CannotSaveUserError
from crm.models import Touchpoint
from crm.services import users
from tests import make

pytestmark = pytest.mark.django_db
PAGE = "/me/time-zone/"
LOG = "/log/"
# Noon in Lisbon, 13:00 in Berlin, 22:30 in Adelaide.
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def abroad(client, rep):
    """Return a rep of a firm of Berlin who lives in Lisbon, and is signed in."""
    users.choose_zone(actor=rep, time_zone="Europe/Lisbon")
    client.force_login(rep)
    return rep


def shown(client, touchpoint):
    url = reverse("crm:contact_detail", args=[touchpoint.contact_id])
    return client.get(url).text


def test_times_are_the_firms_until_somebody_chooses(client, rep):
    client.force_login(rep)
    anna = make.contact(account=make.account(owner=rep))
    spoken = make.touchpoint(
        account=anna.account, contact=anna, user=rep, occurred_at=NOON
    )
    assert "2 Mar 2026, 13:00" in shown(client, spoken)

    chosen = client.post(PAGE, {"time_zone": "Europe/Lisbon"}, follow=True)

    assert "Times are those of Europe/Lisbon." in chosen.text
    assert "2 Mar 2026, 12:00" in shown(client, spoken)
    client.post(PAGE, {"time_zone": ""})
    assert "2 Mar 2026, 13:00" in shown(client, spoken)


def test_no_zone_but_one_of_the_world_is_chosen(client, rep, read_only):
    client.force_login(rep)
    refused = client.post(PAGE, {"time_zone": "Europe/Atlantis"})
    assert refused.status_code == 422
    with pytest.raises(CannotSaveUserError):
        users.choose_zone(actor=rep, time_zone="Europe/Atlantis")
    rep.refresh_from_db()
    assert rep.time_zone == ""
    with read_only():
        page = client.get(PAGE).text
    assert "The firm’s (Europe/Berlin)" in page
    client.logout()
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        {"line": "call 2.3.2026 12:00 paper"},
        {"line": "call paper", "occurred_at": "2026-03-02T12:00"},
    ],
)
def test_what_is_typed_counts_in_the_zone_that_is_shown(client, abroad, fields):
    account = make.account(owner=abroad)
    token = "5d1ee0c2-7b1c-4d21-9f0c-5a3a6f1f4b0e"
    data = {"account": account.pk, "form_token": token}
    client.post(LOG, data | fields)
    assert Touchpoint.objects.get().occurred_at == NOON


def test_a_contact_is_corrected_in_the_zone_that_is_shown(client, abroad):
    account = make.account(owner=abroad)
    row = make.touchpoint(account=account, user=abroad, occurred_at=NOON)
    url = reverse("crm:touchpoint_edit", args=[row.pk])
    page = client.get(url)
    assert 'value="2026-03-02T12:00:00"' in page.text
    form = page.context["form"]
    stated = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in stated.items() if value is not None}
    client.post(url, data | {"occurred_at": "2026-03-02T12:00:00", "note": "Paper"})
    row.refresh_from_db()
    assert (row.note, row.occurred_at) == ("Paper", NOON)
    data |= {"note": "Paper", "occurred_at": "2026-03-02T10:30:00"}
    data["fingerprint"] = row.fingerprint
    client.post(url, data)
    row.refresh_from_db()
    assert row.occurred_at == NOON - dt.timedelta(minutes=90)


def test_days_stay_the_firms(client, rep):
    """Half past midnight in Berlin is still yesterday in Lisbon."""
    users.choose_zone(actor=rep, time_zone="Europe/Lisbon")
    client.force_login(rep)
    late = dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC)
    anna = make.contact(account=make.account(owner=rep))
    spoken = make.touchpoint(
        account=anna.account, contact=anna, user=rep, occurred_at=late
    )
    text = shown(client, spoken)
    assert "2 Mar 2026, 23:30" in text
    assert "Last contact 3 Mar 2026" in text


def test_how_long_ago_counts_by_the_days_that_are_shown(client, rep, monkeypatch):
    users.choose_zone(actor=rep, time_zone="Pacific/Honolulu")
    client.force_login(rep)
    account = make.account(owner=rep)
    spoken_at = dt.datetime(2026, 3, 2, 20, tzinfo=dt.UTC)
    make.touchpoint(account=account, user=rep, occurred_at=spoken_at)
    night = dt.datetime(2026, 3, 3, 0, 30, tzinfo=dt.UTC)  # 2 March in Honolulu
    monkeypatch.setattr(timezone, "now", lambda: night)
    url = reverse("crm:account_detail", args=[account.pk])
    text = client.get(url, {"tab": "timeline"}).text
    assert "today · 2 Mar 2026, 10:00" in text


def test_without_a_page_times_are_the_firms_whoever_asked_before(client, abroad):
    client.get(PAGE)
    assert zones.own_zone().key == timezone.get_default_timezone_name()
    written = Template("{{ at|moment }} {{ at|clock }}").render(Context({"at": NOON}))
    assert written == "2 Mar 2026, 13:00 13:00:00"


def test_a_zone_that_is_gone_from_the_world_counts_as_the_firms(rep):
    rep.time_zone = "Europe/Atlantis"
    assert zones.zone_of(rep).key == "Europe/Berlin"
