"""Merging duplicates: what goes over, what stays, what is refused, and undo."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from clv.models import AccountSummary
from clv.services.summaries import refresh_summaries
from common.clock import business_today
from common.errors import DomainError
from crm.models import (
    Account,
    AccountMerge,
    AuditEvent,
    Contact,
    LifecycleStage,
    LifecycleStay,
    Tag,
    Task,
    Touchpoint,
)
from crm.queries.alike import alike, core_of, duplicates
from crm.queries.products import bought
from crm.services import merging, touchpoints
from tests import make

DAY = dt.date(2026, 11, 20)


@pytest.fixture
def pair(rep):
    """Two accounts of one firm: the second has a phone, a person, a task, an order."""
    survivor = make.account(name="Kontor Nord GmbH", owner=rep, city="Kiel")
    merged = make.account(
        name="KONTOR NORD", owner=rep, city="Lübeck", phone="+49 431 1"
    )
    make.contact(account=merged, name="Anna Berg")
    Task.objects.create(account=merged, owner=rep, title="Call", due_on=DAY)
    make.order(account=survivor)
    make.order(account=merged)
    make.touchpoint(account=merged, user=rep)
    merged.tags.add(Tag.objects.create(name="Fair"))
    return survivor, merged


def merge(rep, pair, *chosen):
    survivor, merged = pair
    return merging.merge_accounts(
        actor=rep, survivor=survivor, merged=merged, take_over=frozenset(chosen)
    )


def test_people_tasks_tags_go_over_and_empty_fields_are_filled(rep, pair):
    survivor, merged = pair
    merge(rep, pair)
    survivor.refresh_from_db()
    merged.refresh_from_db()
    assert (survivor.city, survivor.phone) == ("Kiel", "+49 431 1")
    assert Contact.objects.get().account == survivor
    assert Task.objects.get().account == survivor
    assert survivor.tags.get().name == "Fair"
    assert merged.merged_into == survivor
    assert survivor.last_contact_on is not None


def test_every_record_of_an_account_goes_over_but_facts():
    names = {model.__name__ for model in merging.movable()}
    assert {"Contact", "Task", "Holding", "Deal", "LifeEvent", "Account"} <= names
    assert not names & {"Order", "LedgerEntry", "Touchpoint", "AccountEvent"}


def test_chosen_fields_come_from_the_duplicate(rep, pair):
    merge(rep, pair, "city", "name")
    pair[0].refresh_from_db()
    assert (pair[0].name, pair[0].city) == ("KONTOR NORD", "Lübeck")


def test_what_was_bought_counts_for_the_survivor(rep, pair):
    survivor, _merged = pair
    assert sum(row.order_count for row in bought(survivor).rows) == 1
    merge(rep, pair)
    assert sum(row.order_count for row in bought(survivor).rows) == 2


def test_undoing_brings_everything_back(rep, pair):
    survivor, merged = pair
    names = ["name", "city", "phone", "last_contact_on", "owner_id", "merged_into_id"]
    before = list(Account.objects.order_by("pk").values(*names))
    made = merge(rep, pair, "name", "city")

    merging.undo_merge(actor=rep, merge=made)
    after = list(Account.objects.order_by("pk").values(*names))
    assert [row | {"last_contact_on": None} for row in after] == before
    assert Contact.objects.get().account == merged
    assert Task.objects.get().account == merged
    assert not survivor.tags.exists()
    made.refresh_from_db()
    assert made.undone_by == rep


def test_what_was_changed_after_the_merge_stays(rep, pair):
    survivor, _ = pair
    made = merge(rep, pair, "city")
    Account.objects.filter(pk=survivor.pk).update(city="Bremen")
    new = make.contact(account=survivor, name="New")
    merging.undo_merge(actor=rep, merge=made)
    survivor.refresh_from_db()
    new.refresh_from_db()
    assert (survivor.city, survivor.phone) == ("Bremen", "")
    assert new.account == survivor


def test_the_night_counts_both_as_one_and_after_the_undo_as_two(rep, pair):
    survivor = pair[0]
    made = merge(rep, pair)
    refresh(DAY)
    assert AccountSummary.objects.get(account=survivor).order_count == 2
    merging.undo_merge(actor=rep, merge=made)
    refresh(DAY + dt.timedelta(days=1))
    counts = AccountSummary.objects.filter(account__in=pair).order_by("account_id")
    assert list(counts.values_list("order_count", flat=True)) == [1, 1]


def refresh(day):
    refresh_summaries(as_of=day, margin_rate=Decimal("0.3000"), overlap=dt.timedelta(0))


@pytest.mark.parametrize("case", ["itself", "twice"])
def test_what_cannot_be_merged_changes_nothing(rep, pair, case):
    survivor, merged = pair
    if case == "itself":
        merged = survivor
    else:
        merge(rep, pair)
    before = AuditEvent.objects.count(), AccountMerge.objects.count()
    with pytest.raises(DomainError):
        merging.merge_accounts(actor=rep, survivor=survivor, merged=merged)
    assert (AuditEvent.objects.count(), AccountMerge.objects.count()) == before


def test_an_undone_merge_cannot_be_undone_again(rep, pair):
    made = merge(rep, pair)
    merging.undo_merge(actor=rep, merge=made)
    with pytest.raises(DomainError, match="undone before"):
        merging.undo_merge(actor=rep, merge=made)


def test_a_chain_is_undone_from_its_end(rep, pair):
    made = merge(rep, pair)
    last = make.account(owner=rep)
    merging.merge_accounts(actor=rep, survivor=last, merged=pair[0])
    with pytest.raises(DomainError, match="Undo that first"):
        merging.undo_merge(actor=rep, merge=made)


def test_a_merge_by_page_previews_does_and_undoes(client, rep, pair):
    survivor, merged = pair
    client.force_login(rep)
    url = reverse("crm:merge_preview", args=[survivor.pk, merged.pk])
    page = client.get(url).content.decode()
    assert "1 contact" in page
    assert "Lübeck" in page

    answer = client.post(url, {"take_over": ["city"]}, follow=True)
    assert "is merged into" in answer.content.decode()
    old = client.get(reverse("crm:account_detail", args=[merged.pk]))
    assert old.url == reverse("crm:account_detail", args=[survivor.pk])

    made = AccountMerge.objects.get()
    client.post(reverse("crm:merge_undo", args=[made.pk]))
    merged.refresh_from_db()
    assert merged.merged_into is None


def test_a_colleagues_account_can_be_neither_side(client, rep, colleague, pair):
    foreign = make.account(owner=colleague)
    client.force_login(rep)
    for sides in ((pair[0].pk, foreign.pk), (foreign.pk, pair[0].pk)):
        url = reverse("crm:merge_preview", args=sides)
        assert client.post(url).status_code == 404
    assert not AccountMerge.objects.exists()


# -- Duplicates ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Müller & Söhne GmbH & Co. KG", "muller sohne"),
        ("Wad Taleninstituut B.V.", "wad taleninstituut"),
        ("AG", "ag"),
        ("S.p.A. Verde", "verde"),
    ],
)
def test_what_names_a_firm_is_not_its_legal_form(name, core):
    assert core_of(name) == core


def test_the_same_firm_is_shown_while_somebody_types(client, rep, colleague):
    make.account(name="Müller Bau GmbH", owner=colleague, city="Kiel")
    client.force_login(rep)
    page = client.get(reverse("crm:account_alike"), {"name": "muller bau"})
    text = page.content.decode()
    assert "Müller Bau GmbH" in text
    assert str(colleague) in text
    assert "<a " not in text  # a colleague's account is named, not opened


def test_same_telephone_and_website_are_told(db, manager):
    known = make.account(name="Alder", phone="+49 1", website="https://a.example")
    found = alike(manager, name="Birch", website="https://a.example", phone="+49 1")
    assert [(one.account, one.why) for one in found] == [(known, "the same website")]


def test_groups_of_one_name_are_listed_for_whom_may_see_them(db, rep, manager):
    twins = [
        make.account(name=name, owner=rep)
        for name in ("Müller Bau GmbH", "MULLER BAU", "Muller-Bau B.V.")
    ]
    make.account(name="Muller Bauhof", owner=rep)
    assert duplicates(manager) == [twins]
    assert duplicates(make.user("rep")) == []


def test_the_preview_counts_what_stays_behind(client, manager):
    survivor, merged = make.account(name="Stays"), make.account(name="Goes")
    stage = LifecycleStage.objects.first()
    day = dt.date(2026, 1, 1)
    for account in (survivor, merged):
        LifecycleStay.objects.create(account=account, stage=stage, since=day)
    ended = LifecycleStay.objects.create(
        account=merged, stage=stage, since=dt.date(2025, 1, 1), until=day
    )
    make.contact(account=merged)
    kinds = {one.name_of_going: one for one in merging.moving(merged, survivor)}
    said = {key: (one.going, one.staying) for key, one in kinds.items()}
    assert said == {"contact": (1, 0), "lifecycle stay": (1, 1)}
    client.force_login(manager)
    path = reverse("crm:merge_preview", args=[survivor.pk, merged.pk])
    assert (
        "1 lifecycle stay stays behind: Stays has" in client.get(path).content.decode()
    )
    merge = merging.merge_accounts(actor=manager, survivor=survivor, merged=merged)
    assert merge.moved["crm.lifecyclestay"] == [ended.pk]


def test_what_the_duplicate_does_not_know_is_not_offered(client, manager):
    survivor = make.account(name="Stays", size_band="1-9", city="Kiel")
    merged = make.account(name="Goes", size_band="", city="Bonn")
    client.force_login(manager)
    path = reverse("crm:merge_preview", args=[survivor.pk, merged.pk])
    page = client.get(path).content.decode()
    offered = re.findall('name="take_over" value="([a-z_]+)"', page)
    assert "city" in offered
    assert "size_band" not in offered


def test_only_contacts_of_both_date_the_last_one_and_taking_one_back_keeps_the_rest(
    rep, pair
):
    survivor, merged = pair
    spoken = dt.datetime(2026, 1, 15, 9, 0, tzinfo=dt.UTC)  # of the account merged
    later = {"account": merged, "user": rep, "occurred_at": dt.datetime.now(dt.UTC)}
    make.touchpoint(**later, channel="note")
    make.touchpoint(**later, outcome="no_answer")

    merge(rep, pair)

    survivor.refresh_from_db()
    assert survivor.last_contact_on == spoken.date()
    said = touchpoints.log_touchpoint(
        actor=rep, account=survivor, channel="phone", occurred_at=timezone.now()
    )
    survivor.refresh_from_db()
    assert survivor.last_contact_on == business_today()
    touchpoints.undo_touchpoint(actor=rep, touchpoint=said)
    survivor.refresh_from_db()
    assert survivor.last_contact_on == spoken.date()
    touchpoints.take_back(
        Touchpoint.objects.get(account=merged, channel="phone", outcome=""),
        actor=rep,
        reason="mistaken",
    )
    survivor.refresh_from_db()
    assert survivor.last_contact_on is None
