"""The people of an account: map, judgements, consent, leaving."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from common.errors import DomainError
from crm.models import AuditEvent, Consent, Contact, ContactAssessment
from crm.queries.people import people
from crm.services import assessments, contacts
from tests import make

TODAY = business_today()


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord")


def person(account, name="Anna Berg", **fields):
    made = make.contact(account=account, name=name, **fields)
    return Contact.objects.get(pk=made.pk)


def body(response):
    return response.content.decode()


def page(contact):
    return reverse("crm:contact_detail", args=[contact.pk])


def post(client, act, contact, **data):
    return client.post(reverse(f"crm:contact_{act}", args=[contact.pk]), data)


# -- Map, frequency, gaps ----------------------------------------------------------


def test_people_stand_by_influence_and_attitude(account):
    person(account, "Kim Critic", influence=5, attitude="critic")
    person(account, "Sam Friend", influence=2, attitude="supporter")
    person(account, "Nel Nobody")
    found = people(account)
    placed = {
        row.contact.name: (band.label, column)
        for band in found.bands
        for column, cell in zip(found.columns, band.cells, strict=True)
        for row in cell
    }
    assert placed == {
        "Kim Critic": ("Decisive (4–5)", "Critic"),
        "Sam Friend": ("Little (1–2)", "Supporter"),
        "Nel Nobody": ("Not known", "Not known"),
    }
    assert found.gaps == [
        "Nobody here is known to decide or to hold the budget.",
        "Kim Critic has much influence and is against us.",
    ]


def test_contacts_are_counted_by_quarter_and_by_part(account):
    anna = person(account, decision_role="decider")
    now = timezone.now()
    for days in (1, 2, 100, 300, 400):
        make.touchpoint(
            account=account, contact=anna, occurred_at=now - dt.timedelta(days=days)
        )
    make.touchpoint(account=account, contact=anna, occurred_at=now, outcome="no_answer")
    make.touchpoint(account=account, contact=anna, occurred_at=now, voided_at=now)
    found = people(account)
    assert found.present[0].quarters == (1, 0, 1, 2)
    assert found.present[0].per_quarter == 1.0
    assert [(r.label, r.names, r.quarters) for r in found.roles] == [
        ("Decider", "Anna Berg", (1, 0, 1, 2))
    ]
    assert found.gaps == [
        "Who holds the budget is not known.",
        "Anna Berg is the only person known here.",
    ]


def test_the_tab_asks_the_same_questions_for_more_people(
    client, rep, account, assert_flat_queries
):
    client.force_login(rep)
    url = reverse("crm:account_detail", args=[account.pk]) + "?tab=people"

    def grow():
        for n in range(3):
            more = person(account, f"More {n}", do_not_contact=True)
            assessments.note(actor=rep, contact=more)
            Consent.objects.create(contact=more, channel="email", is_granted=True)

    grow()
    assert_flat_queries(lambda: client.get(url), grow)


def test_who_wants_no_contact_is_named_on_every_tab_without_links(client, rep, account):
    person(account, phone="55", do_not_contact=True, do_not_contact_reason="wrote so")
    client.force_login(rep)
    url = reverse("crm:account_detail", args=[account.pk])
    assert "(wrote so)" in body(client.get(url))
    shown = body(client.get(f"{url}?tab=people"))
    assert "no calls" in shown
    assert "tel:55" not in shown


def test_a_number_says_whom_a_tap_reaches(client, rep, account):
    anna = person(account, phone="55")
    client.force_login(rep)
    assert (
        f'href="tel:55" data-log-attempt data-account="{account.pk}" '
        f'data-contact="{anna.pk}" data-channel="phone"'
    ) in body(client.get(page(anna)))


# -- Judgements ----------------------------------------------------------------------


def test_a_judgement_has_day_source_and_history(client, rep, account):
    client.force_login(rep)
    anna = person(account)
    data = {"decision_role": "decider", "influence": 5, "attitude": "neutral"}
    earlier = TODAY - dt.timedelta(days=30)
    given = data | {"judged_on": TODAY, "source": "visit", "version": 1}
    assert post(client, "assess", anna, **given).status_code == 302
    older = data | {"attitude": "critic", "judged_on": earlier, "version": 2}
    assert post(client, "assess", anna, **older).status_code == 302

    anna.refresh_from_db()
    assert (anna.decision_role, anna.influence, anna.attitude) == (
        "decider", 5, "neutral",
    )  # fmt: skip
    rows = ContactAssessment.objects.values_list("attitude", "source", "judged_by")
    assert list(rows) == [("neutral", "visit", rep.pk), ("critic", "", rep.pk)]


def test_a_judgement_on_old_knowledge_shows_both(client, rep, account):
    client.force_login(rep)
    anna = person(account)
    Contact.objects.update(attitude="critic", version=2)
    data = {"attitude": "supporter", "judged_on": TODAY, "version": 1}
    answer = post(client, "assess", anna, **data)
    assert answer.status_code == 409
    assert "Attitude: now “Critic”" in body(answer)
    assert not ContactAssessment.objects.exists()
    assert Contact.objects.get().attitude == "critic"


@pytest.mark.parametrize(
    "wrong",
    [{"influence": 6}, {"judged_on": TODAY + dt.timedelta(days=1)}, {"version": ""}],
)
def test_a_judgement_that_cannot_be_is_refused(client, rep, account, wrong):
    client.force_login(rep)
    data = {"attitude": "critic", "judged_on": TODAY, "version": 1} | wrong
    assert post(client, "assess", person(account), **data).status_code == 422
    assert not ContactAssessment.objects.exists()
    assert not AuditEvent.objects.exists()


def test_adding_and_changing_people_keeps_the_history_too(rep, account):
    anna = contacts.create_contact(
        actor=rep, account=account, name="A", influence=2, judged_source="fair"
    )
    contacts.change_contact(actor=rep, contact=anna, influence=4, title="Boss")
    contacts.change_contact(actor=rep, contact=anna, influence=4, title="CEO")
    rows = ContactAssessment.objects.values_list("influence", "source")
    assert list(rows) == [(4, ""), (2, "fair")]


# -- Consent -------------------------------------------------------------------------


def test_consent_is_recorded_and_shown_with_its_proof(client, rep, account):
    client.force_login(rep)
    anna = person(account)
    data = {"is_granted": "no", "channel": "email", "topic": "Offers", "place": "Fair"}
    given = data | {"means": "paper", "obtained_on": TODAY, "proof": "scan 12"}
    assert post(client, "consent", anna, **given).status_code == 302
    shown = body(client.get(page(anna)))
    assert "E-mail, Offers: no" in shown
    assert "signed paper, Fair" in shown
    assert "Document: scan 12" in shown


def test_a_marketer_records_wishes_and_changes_nothing_else(client, marketer, account):
    anna = person(account)
    client.force_login(marketer)
    assert "Record what they said" in client.get(page(anna)).content.decode()
    said = {"channel": "email", "topic": "offers", "is_granted": "yes"}
    said |= {"means": "paper", "obtained_on": TODAY}
    assert post(client, "consent", anna, **said).status_code == 302
    wish = anna.consents.get()
    assert (wish.topic, wish.is_granted, wish.recorded_by) == ("offers", True, marketer)
    for act in ("assess", "leave", "return"):
        assert post(client, act, anna).status_code == 403


def test_consent_without_an_answer_is_refused(client, rep, account):
    client.force_login(rep)
    answer = post(client, "consent", person(account), channel="email")
    assert answer.status_code == 422
    assert not Consent.objects.exists()


# -- Leaving -------------------------------------------------------------------------


def test_who_leaves_names_a_successor_and_keeps_the_past(client, rep, account):
    client.force_login(rep)
    anna, ben = person(account), person(account, "Ben Neu")
    other = make.account(owner=rep, name="Werft Kiel")
    for is_granted, topic in ((True, ""), (False, "Offers")):
        Consent.objects.create(
            contact=anna, channel="email", topic=topic, is_granted=is_granted
        )
    make.touchpoint(account=account, contact=anna, note="We met")
    data = {"left_on": TODAY, "successor": ben.pk, "moved_to": "werft", "version": 1}
    assert post(client, "leave", anna, **data).status_code == 302

    anna.refresh_from_db()
    moved = Contact.objects.get(account=other)
    assert (anna.left_on, anna.successor, anna.account) == (TODAY, ben, account)
    assert (moved.name, moved.moved_from) == ("Anna Berg", anna)
    assert [(w.topic, w.is_granted) for w in moved.consents.all()] == [
        ("Offers", False)
    ]
    assert "We met" in body(client.get(page(anna)))
    assert "Werft Kiel" in body(client.get(page(anna)))
    assert "Kontor Nord" in body(client.get(page(moved)))

    client.post(reverse("crm:contact_return", args=[anna.pk]))
    anna.refresh_from_db()
    assert (anna.left_on, anna.successor) == (None, None)


@pytest.mark.parametrize("where", ["Nowhere", "Werft", "Kontor Nord"])
def test_a_move_to_no_single_other_account_is_refused(
    client, rep, colleague, account, where
):
    client.force_login(rep)
    anna = person(account)
    make.account(owner=rep, name="Werft Kiel")
    make.account(owner=rep, name="Werft Husum")
    make.account(owner=colleague, name="Nowhere")
    data = {"left_on": TODAY, "moved_to": where, "version": 1}
    assert post(client, "leave", anna, **data).status_code == 422
    anna.refresh_from_db()
    assert anna.left_on is None
    assert Contact.objects.count() == 1


def test_a_successor_of_another_account_is_refused(rep, account):
    anna = person(account)
    with pytest.raises(DomainError) as refused:
        contacts.let_go(
            actor=rep, contact=anna, left_on=TODAY, successor=make.contact()
        )
    assert refused.value.field == "successor"
    assert Contact.objects.get(pk=anna.pk).left_on is None


def test_where_a_colleagues_contact_came_from_stays_unsaid(
    client, rep, colleague, account
):
    before = person(make.account(owner=colleague, name="Secret GmbH"))
    moved = person(account, moved_from=before)
    client.force_login(rep)
    shown = body(client.get(page(moved)))
    assert "Came from another account of ours." in shown
    assert "Secret" not in shown
