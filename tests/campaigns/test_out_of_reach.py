"""Whom the touches of a draft would not reach: counted by reason, with the names."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import Unreached
from campaigns.models import Campaign
from campaigns.queries.out_of_reach import missed_ids, out_of_reach
from campaigns.services import starting
from campaigns.services.gate import Decision
from crm.models import Consent
from tests import make


@pytest.fixture
def draft(marketer):
    return make.campaign(owner=marketer, name="Spring", holdout_percent=0)


@pytest.fixture
def mail(draft):
    """The draft writes to everybody by mail."""
    return make.campaign_touch(campaign=draft, channel="email")


def _enrolled(draft, name, **person):
    """One account of the audience with one person, who has an address."""
    account = make.account(name=name)
    make.enrolment(campaign=draft, account=account)
    fields = {"email": f"{name.lower()}@example.test"} | person
    return account, make.contact(account=account, **fields)


def _allow(person, channel="email", *, is_granted=True, topic=""):
    Consent.objects.create(
        contact=person,
        channel=channel,
        topic=topic,
        is_granted=is_granted,
    )


def _counts(draft):
    return {one.why.value: one.accounts for one in out_of_reach(draft).missed}


@pytest.fixture
def audience(draft, mail):
    """One account for each reason, and one that everything reaches."""
    found = {}
    for name, fields in (
        ("Fine", {}),
        ("Silent", {"do_not_contact": True}),
        ("Refused", {}),
        ("Nowhere", {"email": ""}),
        ("Often", {"contact_cap": 1}),
    ):
        found[name], person = _enrolled(draft, name, **fields)
        _allow(person, is_granted=name != "Refused")
        if name == "Often":
            make.touchpoint(
                account=found[name],
                contact=person,
                direction="out",
                channel="phone",
                occurred_at=timezone.now() - dt.timedelta(days=3),
            )
    return found


def test_each_account_counts_for_one_reason_and_its_name_is_behind_it(draft, audience):
    found = out_of_reach(draft)

    assert [(one.why.value, one.accounts) for one in found.missed] == [
        ("do_not_contact", 1),
        ("no_consent", 1),
        ("no_address", 1),
        ("capped", 1),
    ]
    assert found.unheard == 2
    assert found.sentence.startswith("None of the touches may reach 2 of them")
    named = {why.value: missed_ids(draft, why) for why in Unreached}
    assert named == {
        "do_not_contact": [audience["Silent"].pk],
        "no_consent": [audience["Refused"].pk],
        "no_address": [audience["Nowhere"].pk],
        "capped": [audience["Often"].pk],
    }


def test_the_start_leaves_out_exactly_as_many_as_were_said_to_be_unheard(
    marketer, draft, audience
):
    said = out_of_reach(draft).unheard
    starting.start_campaign(
        actor=marketer,
        campaign=Campaign.objects.get(pk=draft.pk),
        decision=Decision(choice="override", reason="For the test"),
    )
    left_out = draft.enrolments.filter(left_out="consent")
    assert left_out.count() == said == 2


def test_who_is_reached_by_another_touch_misses_some_and_is_not_left_out(
    draft, audience
):
    make.campaign_touch(campaign=draft, channel="post")
    assert _counts(draft)["no_consent"] == 1
    assert out_of_reach(draft).unheard == 1  # who asked not to be contacted at all

    make.campaign_touch(campaign=draft, channel="event", unit_cost=Decimal(5))
    assert out_of_reach(draft).unheard == 0


def test_one_person_with_an_address_who_allows_it_is_enough(draft, audience):
    for name in ("Silent", "Refused", "Nowhere"):
        person = make.contact(account=audience[name], email=f"b{name}@example.test")
        _allow(person)
    assert _counts(draft) == {"capped": 1}


def test_who_left_there_counts_for_nothing(draft, mail):
    long_ago = dt.date(2020, 1, 1)
    _, person = _enrolled(draft, "Gone", left_on=long_ago, do_not_contact=True)
    assert _counts(draft) == {"no_address": 1}
    make.contact(account=person.account, email="new@example.test")
    assert _counts(draft) == {}


def test_who_is_not_in_it_any_more_is_not_counted(draft, mail):
    former, _ = _enrolled(draft, "Former", do_not_contact=True)
    merged, _ = _enrolled(draft, "Merged", do_not_contact=True)
    type(former).objects.filter(pk=former.pk).update(stage="former")
    type(former).objects.filter(pk=merged.pk).update(merged_into=make.account())
    assert _counts(draft) == {}
    Campaign.objects.filter(pk=draft.pk).update(kind="win_back")
    assert _counts(Campaign.objects.get(pk=draft.pk)) == {"do_not_contact": 1}


def test_without_touches_nobody_is_missed(draft):
    _enrolled(draft, "Silent", do_not_contact=True)
    assert out_of_reach(draft).missed == ()
    assert missed_ids(draft, Unreached.DO_NOT_CONTACT) == []


def test_draft_names_them_before_the_start(client, marketer, draft, audience):
    client.force_login(marketer)

    page = client.get(reverse("campaigns:campaign_cost", args=[draft.pk]))

    assert "Whom it will not reach" in page.text
    shown = {one.why.value: one for one in page.context["reach"].missed}
    listed = client.get(shown["no_consent"].url)
    assert [row.record.name for row in listed.context["rows"]] == ["Refused"]
    said = "Accounts that “Spring” would not reach: nobody there allows the channel"
    assert said in listed.text


def test_rep_opens_own_names_only(client, rep, draft, audience):
    type(audience["Silent"]).objects.filter(pk=audience["Silent"].pk).update(owner=rep)
    client.force_login(rep)
    for why, names in (("do_not_contact", ["Silent"]), ("no_consent", [])):
        found = {one.why.value: one for one in out_of_reach(draft).missed}
        listed = client.get(found[why].url)
        assert [row.record.name for row in listed.context["rows"]] == names
