"""The calendar, its feed, and what goes with what, over the API."""

import datetime as dt

import pytest

from common.clock import business_today
from crm.models import CalendarFeed, Complement, Product
from crm.services.tasks import create_task
from tests import make

URL = "/api/v1/calendar/"
FEED = "/api/v1/calendar-feed/"


@pytest.fixture
def week(rep, colleague):
    today = business_today()
    for who, title in ((rep, "Mine"), (colleague, "Theirs")):
        create_task(
            actor=who,
            account=make.account(owner=who),
            title=title,
            due_on=today + dt.timedelta(days=2),
        )
    return {"first": today.isoformat(), "last": str(today + dt.timedelta(days=6))}


def titles(client, **asked):
    found = client.get(URL, asked)
    assert found.status_code == 200, found.json()
    return [one["title"] for one in found.json()["entries"]]


def test_reps_read_their_own_days_and_managers_anybody_s(
    client, rep, colleague, manager, week
):
    client.force_login(rep)
    assert titles(client, **week) == ["Mine"]
    assert titles(client, first=week["first"]) == []
    for who in ("team", colleague.email):
        assert client.get(URL, week | {"who": who}).status_code == 400
    client.force_login(manager)
    assert titles(client, **week) == []
    assert sorted(titles(client, **week, who="team")) == ["Mine", "Theirs"]
    assert titles(client, **week, who=rep.email) == ["Mine"]


@pytest.mark.parametrize(
    "asked",
    [{}, {"first": "x"}, {"last": "2020-01-01"}, {"last": "2099-01-01"}, {"who": "x"}],
)
def test_days_that_cannot_be_are_refused(client, rep, asked):
    client.force_login(rep)
    whole = {"first": business_today().isoformat()} if asked else {}
    assert client.get(URL, whole | asked).status_code == 400


def test_a_feed_is_made_told_once_and_ended(client, rep):
    client.force_login(rep)
    assert client.get(FEED).json() == {"is_on": False}

    def make_feed():
        key = {"Idempotency-Key": "once"}
        return client.post(FEED, {}, content_type="application/json", headers=key)

    made = make_feed()
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    address = made["Location"]
    assert client.get(address).status_code == 200
    assert client.get(FEED).json() == {"is_on": True}
    # A repeat makes no other, and the secret is kept nowhere to be told again.
    assert make_feed().headers.get("Location") is None
    assert client.get(address).status_code == 200
    ended = client.post(f"{FEED}revoke/", {}, content_type="application/json")
    assert ended.json()["is_on"] is False
    assert client.get(address).status_code == 404
    assert not CalendarFeed.objects.exists()


def test_what_goes_with_what_is_written_and_removed(client, manager):
    for sku in ("A", "B"):
        make.product(sku=sku)
    client.force_login(manager)
    url = "/api/v1/complements/"
    body = {"product": "A", "other": "B", "reason": "Same ink"}
    made = client.post(url, body, content_type="application/json")
    assert (made.status_code, made.json()["reason"]) == (201, "Same ink")
    assert client.get(url, {"product": "B"}).json()["results"][0]["other"] == "A"
    same = client.post(
        url, {"product": "A", "other": "A"}, content_type="application/json"
    )
    assert same.status_code == 400
    assert client.delete(f"{url}{made.json()['id']}/").status_code == 204
    assert not Complement.objects.exists()


def test_a_product_is_kept_whole_and_retired(client, administrator):
    make.product(sku="NEW")
    client.force_login(administrator)
    body = {"sku": "A", "name": "Old", "upgrade_to": "NEW", "upgrade_reason": "Faster"}
    body |= {"life_months": 60}
    made = client.post("/api/v1/products/", body, content_type="application/json")
    assert (made.status_code, made.json()["life_months"]) == (201, 60)
    path = f"/api/v1/products/{made.json()['id']}/"
    changed = client.patch(
        path,
        {"is_active": False},
        content_type="application/json",
        headers={"If-Match": made["ETag"]},
    )
    assert changed.json()["is_active"] is False
    assert Product.objects.get(sku="A").upgrade_reason == "Faster"
