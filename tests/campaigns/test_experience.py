"""Experience: means, worst tenths and spreads by class, rep and channel."""

import datetime as dt

import pytest
from django.urls import reverse

from campaigns.queries.experience import experience_in
from crm.choices import Channel
from segments.choices import WorthClass
from segments.queries.scope import Scope
from tests import make

URL = reverse("campaigns:experience")
AT = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)
ASKED = {"from": "2026-11-01", "to": "2026-11-20"}


def rate(account, *ratings, channel=Channel.PHONE, **more):
    names = ("rating_people", "rating_information", "rating_deliverables")
    return make.touchpoint(
        account=account,
        channel=channel,
        occurred_at=AT,
        **dict(zip(names, ratings, strict=True)),
        **more,
    )


@pytest.fixture
def firm(db, rep, colleague):
    """A key account rated 5, 4 and 1, and a general one rated in one part only."""
    run = make.run(as_of=DAY)
    key = make.account(name="Key", owner=rep)
    other = make.account(name="Other", owner=colleague)
    make.membership(account=key, worth_class=WorthClass.CURRENT_KEY, since=DAY)
    make.membership(account=other, worth_class=WorthClass.GENERAL, since=DAY)
    for account in (key, other):
        make.valuation(account=account, run=run)
    rate(key, 5, 5, 5)
    rate(key, 4, 4, 4, channel=Channel.VISIT)
    rate(key, 1, None, 1)
    rate(other, None, 3, None)
    rate(other, None, None, None, channel=Channel.EMAIL)  # not rated, but a contact
    rate(other, 1, 1, 1, voided_at=AT)
    return key


def seen(user, **asked):
    return experience_in(Scope.read({**ASKED, **asked}, user))


def test_means_worst_tenth_and_spread_are_those_of_the_scores(firm, manager):
    found = seen(manager)
    key, general = found.classes
    assert (key.label, key.contacts) == ("Current key", 3)
    assert key.mean == pytest.approx(10 / 3)
    assert key.worst_tenth == 1.0
    assert key.spread == pytest.approx(1.699673)  # of 5, 4 and 1
    assert (key.people, key.information) == (pytest.approx(10 / 3), 4.5)
    assert (general.contacts, general.mean, general.people) == (1, 3.0, None)
    assert (found.whole.contacts, found.whole.mean) == (4, pytest.approx(3.25))


def test_each_contact_counts_once_in_each_kind_of_group(firm, manager):
    found = seen(manager)
    for rows in (found.classes, found.owners, found.channels):
        assert sum(row.contacts for row in rows) == found.whole.contacts


def test_the_mix_counts_contacts_that_nobody_rated(firm, manager):
    mixes = {mix.label: mix.channels for mix in seen(manager).mixes}
    assert mixes == {
        "Current key": {"phone": 2, "visit": 1},
        "General": {"phone": 1, "email": 1},
    }
    shares = [one.values for one in seen(manager).mix_chart.series]
    assert [sum(column) for column in zip(*shares, strict=True)] == [
        pytest.approx(100),
        pytest.approx(100),
    ]


def test_a_filter_narrows_and_a_period_without_ratings_says_so(firm, manager, client):
    assert seen(manager, owner=str(firm.owner_id)).whole.contacts == 3
    client.force_login(manager)
    page = client.get(URL, {"from": "2026-10-01", "to": "2026-10-05"})
    assert "Nobody rated a contact in this period" in page.content.decode()


def test_page_export_and_api_say_the_same(firm, manager, client):
    client.force_login(manager)
    page = client.get(URL, ASKED)
    assert "4 rated contacts: 3.2 of 5 on average" in page.content.decode()
    export = client.get(reverse("campaigns:experience_export"), ASKED)
    lines = b"".join(export.streaming_content).decode("utf-8-sig").splitlines()
    told = "Class,Current key,3,3.33,1.0,1.7,3.33,4.5,3.33"
    assert f"{told},2026-11-20,all accounts" in lines
    rows = client.get("/api/v1/experience/", ASKED).json()
    key = next(row for row in rows if row["key"] == "current_key")
    assert (key["contacts"], key["worst_tenth"]) == (3, 1.0)


def test_a_wrong_period_is_refused_at_its_field(firm, manager, client):
    client.force_login(manager)
    asked = {"from": "2026-11-20", "to": "2026-11-01"}
    assert client.get(URL, asked).status_code == 422
    assert client.get("/api/v1/experience/", asked).status_code == 400


def test_every_group_opens_whose_contacts_it_counts(firm, manager, client):
    make.account(name="Silent", owner=firm.owner)
    void = make.account(name="Void", owner=firm.owner)
    rate(void, 2, 2, 2, voided_at=AT)
    client.force_login(manager)
    found = client.get(URL, ASKED).context["experience"]

    def names(url):
        page = client.get(url)
        assert page.status_code == 200
        text = page.content.decode()
        asked = ("Key", "Other", "Silent", "Void")
        return [name for name in asked if f">{name}<" in text]

    classes = {one.key: one.url for one in found.classes}
    assert names(found.whole.url) == ["Key", "Other"]
    assert names(classes["current_key"]) == ["Key"]
    assert names(classes["general"]) == ["Other"]
    owners = {one.key: one.url for one in found.owners}
    assert names(owners[str(firm.owner_id)]) == ["Key"]
    channels = {one.key: one.url for one in found.channels}
    assert names(channels["visit"]) == ["Key"]
    assert names(channels["phone"]) == ["Key", "Other"]
    mixes = {one.key: one.url for one in found.mixes}
    assert names(mixes["general"]) == ["Other"]
    narrowed = client.get(URL, {**ASKED, "class": "general"}).context["experience"]
    assert [names(one.url) for one in narrowed.channels] == [["Other"]]


def test_names_behind_contacts_end_with_the_period(firm, manager, client):
    client.force_login(manager)
    asked = {"contacts": "all", "since": "2026-11-11", "until": "2026-11-20"}
    url = reverse("campaigns:account_list", query={"among": "contacts", **asked})
    assert ">Key<" not in client.get(url).content.decode()
    early = client.get(f"{url}&since=2026-11-10").content.decode()
    assert ">Key<" in early
