"""Cases: opened, answered, paused, resolved, handed on, and what they cost."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from common.errors import StaleRecordError
from crm.errors import CannotMoveCaseError, CannotSaveCaseError
from crm.models import AuditEvent, Case, CaseEntry, LedgerEntry, Notification
from crm.queries.cases import similar
from crm.services import accounts, case_steps, cases, merging, users
from tests import make


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


@pytest.fixture
def case(rep, account):
    return cases.open_case(actor=rep, account=account, title="Toner leaks")


def kinds(case):
    return list(case.entries.order_by("pk").values_list("kind", flat=True))


# -- Opening ---------------------------------------------------------------------------


def test_a_case_goes_to_the_rep_of_the_account(manager, rep, account):
    case = cases.open_case(
        actor=manager, account=account, title=" Toner leaks ", description="Grey prints"
    )
    assert (case.owner, case.title, case.status) == (rep, "Toner leaks", "open")
    assert case.number == f"C-{case.pk}"
    entry = case.entries.get()
    assert (entry.kind, entry.author, entry.text) == ("opened", manager, "Grey prints")
    told = Notification.objects.get(user=rep)
    assert (told.kind, told.account) == ("case", None)
    assert "Toner leaks" in told.text
    assert account.name not in told.text
    assert AuditEvent.objects.filter(action="case.opened", subject_id=case.pk).exists()


def test_without_a_rep_it_goes_to_the_least_busy_rep_of_the_territory(manager):
    north = users.create_territory(actor=manager, name="North")
    busy = make.user(territory=north, name="Anna Busy")
    free = make.user(territory=north, name="Zoe Free")
    make.case(owner=busy, sender="x@example.test")
    account = make.account(territory=north)
    case = cases.open_case(actor=manager, account=account, title="Which paper?")
    assert (case.owner, case.territory) == (free, north)


def test_an_owner_who_left_gets_no_new_case(manager, rep):
    rep.is_active = False
    rep.save()
    account = make.account(owner=rep)
    case = cases.open_case(actor=manager, account=account, title="Toner leaks")
    assert case.owner is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"urgency": "soon"}, "urgency"),
        ({"channel": "drum"}, "channel"),
        ({"kind": "wish"}, "kind"),
    ],
)
def test_what_does_not_fit_is_refused(rep, account, fields, field):
    with pytest.raises(CannotSaveCaseError) as caught:
        cases.open_case(actor=rep, account=account, **{"title": "Toner"} | fields)
    assert caught.value.field == field
    assert not Case.objects.exists()


def test_a_title_of_300_characters_in_any_script_fits(rep, account):
    title = "ورق " * 75
    case = cases.open_case(actor=rep, account=account, title=title)
    assert case.title == title.strip()
    with pytest.raises(CannotSaveCaseError):
        cases.change_case(actor=rep, case=case, title="ا" * 301)


def test_people_and_things_are_of_the_same_account(rep, account):
    with pytest.raises(CannotSaveCaseError) as caught:
        cases.open_case(
            actor=rep, account=account, title="Toner", contact=make.contact()
        )
    assert caught.value.field == "contact"


def test_the_same_form_opens_one_case(rep, account):
    token = uuid.uuid4()
    first, again = (
        cases.open_case(actor=rep, account=account, title="Toner", form_token=token)
        for _ in range(2)
    )
    assert first == again
    assert Case.objects.count() == 1


# -- Messages --------------------------------------------------------------------------


@pytest.mark.parametrize("sender", ["@Ana_B", "ana_b", "ANA@example.test"])
def test_a_message_finds_its_sender_by_handle_or_address(manager, account, sender):
    person = make.contact(
        account=account, email="ana@example.test", socials={"chirper": "@ana_b"}
    )
    make.contact(email="anna_bo@example.test", socials={"chirper": "ana_bo"})
    case = cases.receive_message(
        actor=manager, sender=sender, text="Toner leaks!\nAgain.", channel="social"
    )
    assert (case.account, case.contact, case.channel) == (account, person, "social")
    assert (case.title, case.description) == ("Toner leaks!", "Toner leaks!\nAgain.")
    assert case.owner == account.owner


def test_an_unknown_sender_waits_until_somebody_says_who(manager, rep, account):
    case = cases.receive_message(actor=manager, sender="@stranger", text="Help")
    assert (case.account, case.owner, case.sender) == (None, None, "@stranger")
    with pytest.raises(CannotMoveCaseError):
        case_steps.answer_case(actor=manager, case=case, text="Hello", minutes=5)
    assert kinds(case) == ["opened"]
    cases.change_case(actor=manager, case=case, account=account)
    case.refresh_from_db()
    assert (case.account, case.owner) == (account, rep)
    other = make.account(owner=rep)
    with pytest.raises(CannotSaveCaseError):
        cases.change_case(actor=manager, case=case, account=other)
    case.refresh_from_db()
    assert case.account == account


def test_an_address_of_two_accounts_decides_nothing(manager):
    for _ in range(2):
        make.contact(email="office@example.test")
    case = cases.receive_message(actor=manager, sender="office@example.test", text="Hi")
    assert case.account is None


def test_a_message_that_comes_twice_opens_one_case(manager):
    said = {"sender": "@a", "text": "Hi", "source": "chirper", "external_id": "17"}
    first, again = (cases.receive_message(actor=manager, **said) for _ in range(2))
    assert first == again
    assert Case.objects.count() == 1


# -- Steps -----------------------------------------------------------------------------


def test_minutes_become_cost_to_serve(rep, account, case):
    rep.hourly_cost = Decimal("48.00")
    rep.save()
    entry = case_steps.answer_case(
        actor=rep, case=case, text="A new one comes", channel="phone", minutes=10
    )
    cost = LedgerEntry.objects.get()
    assert (cost.account, cost.kind, cost.amount) == (account, "service", 8)
    assert (cost.document, entry.cost) == (case.number, cost)
    case_steps.correct_minutes(actor=rep, entry=entry, minutes=5)
    amounts = LedgerEntry.objects.order_by("pk").values_list("amount", flat=True)
    assert list(amounts) == [8, -8, 4]
    entry.refresh_from_db()
    assert (entry.minutes, entry.cost.amount) == (5, 4)
    case_steps.correct_minutes(actor=rep, entry=entry, minutes=0)
    assert sum(amounts.all()) == 0
    case_steps.add_note(actor=rep, case=case, text="Free of charge")
    assert LedgerEntry.objects.count() == 4


def test_a_colleagues_minutes_are_corrected_by_managers_only(
    rep, colleague, manager, case
):
    entry = case_steps.add_note(actor=rep, case=case, text="Called", minutes=10)
    with pytest.raises(CannotMoveCaseError):
        case_steps.correct_minutes(actor=colleague, entry=entry, minutes=1)
    assert LedgerEntry.objects.count() == 1
    case_steps.correct_minutes(actor=manager, entry=entry, minutes=6)
    assert LedgerEntry.objects.count() == 3
    entry.refresh_from_db()
    assert entry.cost.amount == rep.hourly_cost / 10


def test_waiting_stops_the_clock_until_the_customer_writes(rep, case):
    Case.objects.filter(pk=case.pk).update(
        opened_at=timezone.now() - dt.timedelta(hours=10)
    )
    case_steps.answer_case(actor=rep, case=case, text="Which one?", waits=True)
    assert case.status == "waiting"
    assert case.answered_after_seconds == pytest.approx(36_000, abs=5)
    Case.objects.filter(pk=case.pk).update(
        waiting_since=timezone.now() - dt.timedelta(hours=4)
    )
    case_steps.wait_for_customer(actor=rep, case=case)  # again: changes nothing
    case_steps.take_up(actor=rep, case=case, text="The black one")
    assert (case.status, case.waiting_since) == ("open", None)
    assert case.paused_seconds == pytest.approx(14_400, abs=5)
    assert case.running_seconds(timezone.now()) == pytest.approx(21_600, abs=5)
    assert kinds(case) == ["opened", "answer", "waiting", "customer"]


def test_resolving_twice_is_refused(rep, case):
    case_steps.resolve_case(actor=rep, case=case, resolution="New toner sent")
    assert (case.status, case.resolution) == ("resolved", "New toner sent")
    assert case.first_answered_at == case.resolved_at
    with pytest.raises(CannotMoveCaseError, match="resolved"):
        case_steps.resolve_case(actor=rep, case=case, resolution="Again", minutes=5)
    case.refresh_from_db()
    assert case.resolution == "New toner sent"
    assert kinds(case) == ["opened", "resolved"]
    assert not LedgerEntry.objects.exists()


def test_after_closing_nothing_is_answered_but_it_can_be_opened_again(rep, case):
    case_steps.resolve_case(actor=rep, case=case, resolution="Sent")
    Case.objects.filter(pk=case.pk).update(
        resolved_at=timezone.now() - dt.timedelta(hours=3)
    )
    case_steps.close_case(actor=rep, case=case)
    with pytest.raises(CannotMoveCaseError, match="closed"):
        case_steps.answer_case(actor=rep, case=case, text="One more thing")
    with pytest.raises(CannotMoveCaseError):
        case_steps.take_up(actor=rep, case=case, text="Still leaks")
    with pytest.raises(CannotSaveCaseError):
        cases.change_case(actor=rep, case=case, title="Other")
    assert kinds(case) == ["opened", "resolved", "closed"]
    with pytest.raises(CannotMoveCaseError):
        case_steps.reopen_case(actor=rep, case=case, reason=" ")
    case_steps.reopen_case(actor=rep, case=case, reason="Leaks again")
    assert (case.status, case.resolved_at, case.closed_at) == ("open", None, None)
    assert case.paused_seconds == pytest.approx(10_800, abs=5)


def test_an_open_case_is_not_closed(rep, case):
    with pytest.raises(CannotMoveCaseError):
        case_steps.close_case(actor=rep, case=case)
    assert kinds(case) == ["opened"]


def test_escalating_tells_the_manager_of_the_territory(rep, manager, case):
    north = users.create_territory(actor=manager, name="North")
    near = make.user("manager", territory=north, name="Nora North")
    Case.objects.filter(pk=case.pk).update(territory=north)
    with pytest.raises(CannotMoveCaseError):
        case_steps.escalate_case(actor=rep, case=case, reason="")
    case_steps.escalate_case(actor=rep, case=case, reason="They threaten to leave")
    assert (case.escalated_to, case.owner) == (near, rep)
    told = Notification.objects.get(user=near)
    assert "They threaten to leave" in told.text
    assert not Notification.objects.filter(user=manager).exists()


def test_who_gets_a_case_sees_it_without_its_account(rep, colleague, case):
    assert not Case.objects.visible_to(colleague).exists()
    case_steps.hand_over(actor=rep, case=case, owner=colleague, text="Your machine")
    assert Case.objects.visible_to(colleague).get() == case
    assert Notification.objects.get(user=colleague).account is None
    entry = case.entries.first()
    assert (entry.before, entry.after) == (rep.name, colleague.name)
    colleague.is_active = False
    colleague.save()
    other = make.case(owner=rep, account=case.account)
    with pytest.raises(CannotMoveCaseError):
        case_steps.hand_over(actor=rep, case=other, owner=colleague)


def test_entries_stay_as_they_were_written(case):
    entry = case.entries.get()
    rows = CaseEntry.objects.filter(pk=entry.pk)
    for change in (lambda: rows.update(text="Never said"), rows.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    entry.refresh_from_db()
    assert entry.text == ""


def test_an_older_version_is_refused(rep, manager, case):
    seen = case.version
    cases.change_case(actor=manager, case=case, urgency="urgent")
    with pytest.raises(StaleRecordError):
        cases.change_case(actor=rep, case=case, expected_version=seen, title="Mine")
    case.refresh_from_db()
    assert (case.urgency, case.title) == ("urgent", "Toner leaks")
    entry = case.entries.get(kind="changed")
    assert (entry.text, entry.before, entry.after) == ("Urgency", "Normal", "Urgent")


# -- Accounts change -------------------------------------------------------------------


def test_open_cases_follow_the_account_to_its_new_owner(
    manager, rep, colleague, account
):
    mine = make.case(account=account)
    nobodys = make.case(account=account, owner=None)
    others = make.case(account=account, owner=make.user())
    settled = make.case(account=account, status="resolved", resolved_at=timezone.now())
    accounts.change_account(actor=manager, account=account, owner=colleague)
    owners = dict(Case.objects.values_list("pk", "owner"))
    assert owners[mine.pk] == owners[nobodys.pk] == colleague.pk
    assert owners[others.pk] == others.owner_id
    assert owners[settled.pk] == rep.pk
    assert kinds(mine) == ["owner"]


def test_a_merge_takes_the_cases_along_and_gives_them_back(manager, rep, case):
    survivor = make.account(owner=rep)
    merge = merging.merge_accounts(
        actor=manager, survivor=survivor, merged=case.account
    )
    case.refresh_from_db()
    assert case.account == survivor
    merging.undo_merge(actor=manager, merge=merge)
    case.refresh_from_db()
    assert case.account == merge.merged


# -- Cases like it ---------------------------------------------------------------------


def test_cases_like_it_are_found_by_folded_words_within_sight(rep, account):
    product = make.product()
    same = make.case(
        account=account,
        title="TÖNER läuft aus",
        product=product,
        status="resolved",
        resolved_at=timezone.now(),
        resolution="New one",
    )
    like = make.case(account=make.account(owner=rep), title="Toner fehlt")
    make.case(title="Toner of a colleague's")
    make.case(account=account, title="Chair squeaks")
    found = similar(rep, title="tonér", account=account, product=product)
    assert [one.case for one in found] == [same, like]
    assert [one.why for one in found] == ["same account, same product", "like words"]
    assert similar(rep, title="a ! '") == []
