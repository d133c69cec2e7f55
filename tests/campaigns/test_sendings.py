"""A touch for a class goes to those who allow it, each once, each charged once."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.choices import TouchStatus
from campaigns.engine.letters import Letter, not_covered, pdf_of
from campaigns.models import Delivery, PlannedTouch, PlanVersion
from campaigns.queries.letters import recipients_of
from campaigns.services.class_wide import complete_all, mail_all
from common.clock import business_today
from crm.models import Account, Consent, LedgerEntry, Touchpoint
from tests import make

NOW = timezone.now()


def wish(contact, *, yes, topic="", days=0):
    Consent.objects.create(
        contact=contact,
        channel="post",
        topic=topic,
        is_granted=yes,
        obtained_on=business_today() - dt.timedelta(days=days),
    )


def silent(account):
    make.contact(account=account, do_not_contact=True)


def refused(account):
    wish(make.contact(account=account), yes=False)


def refused_topic(account):
    wish(make.contact(account=account), yes=False, topic="NEWS")


def renewed(account):
    person = make.contact(account=account)
    wish(person, yes=False, days=9)
    wish(person, yes=True, topic="News", days=3)


def limited(account):
    person = make.contact(account=account, contact_cap=1)
    make.touchpoint(account=account, contact=person, direction="out", occurred_at=NOW)


def second_choice(account):
    make.contact(account=account, influence=5, do_not_contact=True)
    make.contact(account=account, influence=1, name="Second")


def left(account):
    make.contact(account=account, left_on=business_today())


CASES = {
    "nobody": lambda account: None,
    "plain": lambda account: make.contact(account=account),
    "silent": silent,
    "refused": refused,
    "refused topic": refused_topic,
    "renewed": renewed,
    "limited": limited,
    "second": second_choice,
    "left": left,
}


@pytest.fixture
def template(ready, db):
    """A letter about news, due for an account of each case."""
    found = PlanVersion.objects.published().get(plan__worth_class="general").touches
    template = found.first()
    template.channel, template.owner_role = "post", "marketer"
    template.topic, template.title = "News", "Letter"
    template.unit_cost, template.minutes = "1.50", 0
    template.content = "Dear {{ contact }}, {{ needs }}"
    template.save()
    for name, prepare in CASES.items():
        account = make.account(name=name)
        prepare(account)
        PlannedTouch.objects.create(
            account=account,
            template=template,
            lineage=template.lineage,
            period="1",
            due_on=business_today(),
            owner_role="marketer",
        )
    return template


def named(status):
    rows = PlannedTouch.objects.filter(status=status).order_by("account__name")
    return list(rows.values_list("account__name", flat=True))


def test_one_statement_judges_as_the_one_by_one_rule_does(template, marketer):
    rows = list(PlannedTouch.objects.select_related("account", "template"))
    people = recipients_of(rows)

    swept = complete_all(actor=marketer, template=template)

    done = [t.account.name for t in rows if people[t.account_id].refusal is None]
    held = [t.account.name for t in rows if people[t.account_id].is_for_now]
    assert named(TouchStatus.DONE) == sorted(done)
    assert named(TouchStatus.DUE) == sorted(held) == ["limited"]
    assert named(TouchStatus.SKIPPED) == ["refused", "refused topic", "silent"]
    assert (swept.done, swept.skipped, swept.held) == (5, 3, 1)
    written = Touchpoint.objects.filter(source="plan")
    assert {t.account_id: t.contact for t in written} == {
        t.account_id: people[t.account_id].contact
        for t in rows
        if people[t.account_id].refusal is None
    }
    assert LedgerEntry.objects.filter(source="plan").count() == 5
    assert complete_all(actor=marketer, template=template).done == 0
    assert LedgerEntry.objects.filter(source="plan").count() == 5


def test_mails_are_queued_for_those_who_allow_it(template, marketer):
    template.channel, template.topic = "email", ""
    template.save()
    for account in Account.objects.filter(name__in=["plain", "second", "silent"]):
        account.contacts.update(email=f"p{account.pk}@example.test")

    swept = mail_all(actor=marketer, template=template)
    again = mail_all(actor=marketer, template=template)

    assert (swept.done, again.done, swept.remaining) == (2, 0, 0)
    bodies = Delivery.objects.order_by("account__name").values_list("body", flat=True)
    assert bodies[1] == "Dear Second, "
    assert "silent" in named(TouchStatus.SKIPPED)
    assert not LedgerEntry.objects.filter(source="plan").exists()


def test_the_page_shows_samples_and_who_is_left_out(client, template, marketer, rep):
    client.force_login(marketer)
    address = reverse("campaigns:sending", args=[template.pk])

    page = client.get(address).text

    assert "9 accounts due" in page
    assert "How it reads for 5" in page
    assert "empty here" in page
    assert "kept for later" in page
    last = PlannedTouch.objects.order_by("-pk").first().pk
    letters = client.post(f"{address}letters.pdf", {"last": last})
    assert letters.content.startswith(b"%PDF")
    lines = b"".join(client.post(f"{address}list.csv", {"last": last})).decode()
    assert len(lines.splitlines()) == 6
    assert "silent" not in lines
    client.force_login(rep)
    assert client.get(address).status_code == 403


def test_what_falls_due_after_the_page_was_opened_waits(client, template, marketer):
    client.force_login(marketer)
    last = PlannedTouch.objects.order_by("pk").first().pk

    client.post(
        reverse("campaigns:sending_done", args=[template.pk]),
        {"last": last, "gate_choice": "override", "gate_reason": "x"},
    )

    assert len(named(TouchStatus.DUE)) == 8


def test_letters_set_any_script_and_never_markup():
    absurd = ["#let x = 1 *bold* _it_ $y$ @ref <tag> \\ [", "محمد", "שלום", "山田", ""]
    letter = Letter(address=absurd, day="1 May", subject="#", paragraphs=absurd)

    assert pdf_of([letter] * 3, firm="#firm", title="*").startswith(b"%PDF")
    assert not_covered(["Łódź Ωμέγα Привет محمد", "山田 สวัสดี"]) == ("Cjk", "Thai")
