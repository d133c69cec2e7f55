"""Kept questions and their mails: each due day once, for the recipient's eyes."""

import datetime as dt
from smtplib import SMTPException
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from campaigns.errors import CannotSaveQuestionError
from campaigns.models import AnswerMailing, SavedQuestion
from campaigns.services import answer_mails
from campaigns.services import questions as services
from crm.models import AuditEvent
from tests import make

MORNING = dt.datetime(2026, 11, 22, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
TODAY = MORNING.date()


def saved(owner, **fields):
    return SavedQuestion.objects.create(
        **{"owner": owner, "question": "bought", "name": "Who"} | fields
    )


def mailing(of, recipient, rhythm="daily", due=TODAY, **fields):
    fields = {"begins_on": due, "due_on": due, "ordered_by": of.owner} | fields
    return AnswerMailing.objects.create(
        saved=of, recipient=recipient, rhythm=rhythm, **fields
    )


def test_a_due_answer_is_mailed_once_for_the_recipients_own_accounts(firm, rep):
    of = saved(rep, query=f"product={firm['b'].pk}&since=2026-01-01&until=2026-11-22")
    sent = mailing(of, rep)
    assert answer_mails.send_due(now=MORNING) == 1
    assert answer_mails.send_due(now=MORNING) == 0
    sent.refresh_from_db()
    assert sent.due_on == dt.date(2026, 11, 23)
    (message,) = mail.outbox
    assert message.to == [rep.email]
    assert "1 customer bought Beta from 1 Jan 2026 to 22 Nov 2026" in message.body
    assert "own accounts" in message.body
    assert "- Customer: Ann; Orders: 1" in message.body
    assert "Cat" not in message.body


def test_nothing_is_sent_before_the_hour_or_the_day_or_to_who_left(firm, manager):
    of = saved(manager, question="retention")
    mailing(of, manager)
    mailing(of, make.user(is_active=False))
    mailing(of, make.user("manager"), due=dt.date(2026, 11, 23))
    assert answer_mails.send_due(now=MORNING.replace(hour=1)) == 0
    assert answer_mails.send_due(now=MORNING) == 1


def test_a_mail_that_is_refused_is_tried_again(firm, manager, monkeypatch):
    sent = mailing(saved(manager, question="retention"), manager)

    def refuse(**_):
        raise SMTPException("no")

    with monkeypatch.context() as m:
        m.setattr(answer_mails, "send_mail", refuse)
        assert answer_mails.send_due(now=MORNING) == 0
    sent.refresh_from_db()
    assert (sent.due_on, sent.sent_at) == (TODAY, None)
    assert answer_mails.send_due(now=MORNING) == 1


@pytest.mark.parametrize(
    ("rhythm", "begins", "then"),
    [
        ("daily", dt.date(2026, 11, 1), dt.date(2026, 11, 23)),
        ("weekly", dt.date(2026, 11, 1), dt.date(2026, 11, 29)),
        ("weekly", dt.date(2026, 11, 22), dt.date(2026, 11, 29)),
        ("monthly", dt.date(2026, 8, 31), dt.date(2026, 11, 30)),
        ("monthly", dt.date(2026, 11, 22), dt.date(2026, 12, 22)),
        ("monthly", dt.date(2025, 1, 22), dt.date(2026, 12, 22)),
    ],
)
def test_missed_days_are_made_up_for_by_one_mail(manager, rhythm, begins, then):
    """What begins on the 31st comes on the last day of shorter months."""
    late = mailing(saved(manager, question="retention"), manager, rhythm, begins)
    assert answer_mails.send_due(now=MORNING) == 1
    late.refresh_from_db()
    assert late.due_on == then


def test_a_question_that_cannot_be_answered_any_more_says_so(manager, firm):
    mailing(saved(manager, query="product=999999"), manager)
    assert answer_mails.send_due(now=MORNING) == 1
    assert "cannot be answered any more" in mail.outbox[0].body


def test_only_what_somebody_chose_is_kept(manager, firm):
    kept = services.save_question(
        actor=manager,
        question="not-spoken-to",
        name=" Silent ",
        query="worth_class=&days=90&owner=",
    )
    assert (kept.name, kept.query) == ("Silent", "worth_class=")


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": "no-such"},
        {"name": " "},
        {"name": "x" * 121},
        {"query": "day=soon"},
        {"is_shared": True},
    ],
)
def test_what_cannot_be_kept_changes_nothing(rep, wrong):
    with pytest.raises(CannotSaveQuestionError):
        services.save_question(
            **{"actor": rep, "question": "retention", "name": "Mine"} | wrong
        )
    assert not SavedQuestion.objects.exists()
    assert not AuditEvent.objects.exists()


def test_mails_are_ordered_for_oneself_or_by_who_may_share(manager, rep, colleague):
    of = saved(manager, question="retention")
    with pytest.raises(CannotSaveQuestionError, match="Share the question first"):
        services.order_mailing(
            actor=manager, saved=of, rhythm="daily", recipient=colleague
        )
    services.change_question(actor=manager, saved=of, is_shared=True)
    with pytest.raises(CannotSaveQuestionError, match="for yourself"):
        services.order_mailing(actor=rep, saved=of, rhythm="daily", recipient=colleague)
    assert not AnswerMailing.objects.exists()
    services.order_mailing(actor=rep, saved=of, rhythm="daily")
    services.order_mailing(actor=rep, saved=of, rhythm="monthly")
    services.order_mailing(actor=manager, saved=of, rhythm="daily")
    assert AnswerMailing.objects.get(recipient=rep).rhythm == "monthly"
    services.change_question(actor=manager, saved=of, is_shared=False)
    assert [one.recipient for one in AnswerMailing.objects.all()] == [manager]
