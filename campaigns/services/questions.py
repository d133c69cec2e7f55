"""Questions that are kept, shared, and answered by mail."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction

from campaigns.choices import Rhythm
from campaigns.errors import CannotSaveQuestionError
from campaigns.models import AnswerMailing, SavedQuestion
from campaigns.permissions import ASK_QUESTIONS
from campaigns.queries.questions.answering import understand
from campaigns.queries.questions.registry import BY_KEY
from common.clock import business_today
from common.versions import save_changes
from crm.models import User
from crm.permissions import SHARE_VIEWS
from crm.services import audit

LONGEST_NAME = 120


def save_question(
    *,
    actor: User,
    question: str,
    name: str,
    query: str = "",
    is_shared: bool = False,
) -> SavedQuestion:
    """Keep a question with what was chosen in it, under a name of the actor's own.

    Raises
    ------
    CannotSaveQuestionError
        If the question is not there or not whole, the name is missing or taken, or the
        actor may not share.
    """
    values = _checked(actor, {"name": name, "is_shared": is_shared})
    kept = _readable(actor, question, query)
    try:
        with transaction.atomic():
            saved = SavedQuestion.objects.create(
                owner=actor, question=question, query=kept, **values
            )
            saved.refresh_from_db()
            audit.record(actor=actor, action="question.saved", subject=saved)
    except IntegrityError as error:
        raise _taken(values["name"]) from error
    return saved


def change_question(
    *,
    actor: User,
    saved: SavedQuestion,
    expected_version: int | None = None,
    **changes: Any,
) -> SavedQuestion:
    """Change name, choices or sharing of one's own question.

    Raises
    ------
    CannotSaveQuestionError
        If it is a colleague's, or the change cannot be kept.
    StaleRecordError
        If it changed since `expected_version`.
    """
    _check_owner(actor, saved)
    values = _checked(actor, changes)
    if "query" in values:
        values["query"] = _readable(actor, saved.question, values["query"])
    try:
        with transaction.atomic():
            save_changes(saved, expected_version=expected_version, **values)
            if values.get("is_shared") is False:
                saved.mailings.exclude(recipient=actor).delete()
            audit.record(actor=actor, action="question.changed", subject=saved)
    except IntegrityError as error:
        raise _taken(values.get("name", saved.name)) from error
    return saved


def delete_question(*, actor: User, saved: SavedQuestion) -> None:
    """Take one's own question away, with its mailings.

    Raises
    ------
    CannotSaveQuestionError
        If it is a colleague's.
    """
    _check_owner(actor, saved)
    with transaction.atomic():
        audit.record(
            actor=actor, action="question.deleted", subject=saved, name=saved.name
        )
        saved.delete()


def order_mailing(
    *,
    actor: User,
    saved: SavedQuestion,
    rhythm: str,
    recipient: User | None = None,
    begins_on: dt.date | None = None,
) -> AnswerMailing:
    """Let a person get the answer by mail; ordering again changes the rhythm.

    Everybody may order for themselves; who may share may order for others, once the
    question is shared.

    Raises
    ------
    CannotSaveQuestionError
        If the rhythm is not one, the day is past, the recipient may not ask, or the
        actor may not order for them.
    """
    recipient = recipient or actor
    today = business_today()
    begins_on = begins_on or today + dt.timedelta(days=1)
    _check_mailing(actor, saved, rhythm, recipient)
    if begins_on < today:
        raise CannotSaveQuestionError(
            "The first mail cannot lie in the past.", field="begins_on"
        )
    with transaction.atomic():
        mailing, _ = AnswerMailing.objects.update_or_create(
            saved=saved,
            recipient=recipient,
            defaults={
                "rhythm": rhythm,
                "begins_on": begins_on,
                "due_on": begins_on,
                "ordered_by": actor,
            },
        )
        audit.record(
            actor=actor,
            action="question.mailing_ordered",
            subject=saved,
            recipient=recipient.pk,
            rhythm=rhythm,
        )
    return mailing


def stop_mailing(*, actor: User, mailing: AnswerMailing) -> None:
    """End a mailing that the actor gets or ordered."""
    with transaction.atomic():
        audit.record(
            actor=actor,
            action="question.mailing_stopped",
            subject=mailing.saved,
            recipient=mailing.recipient_id,
        )
        mailing.delete()


def _check_mailing(
    actor: User, saved: SavedQuestion, rhythm: str, recipient: User
) -> None:
    if rhythm not in Rhythm.values:
        raise CannotSaveQuestionError(
            "A mail comes daily, weekly or monthly.", field="rhythm"
        )
    if recipient != actor and not actor.has_perm(SHARE_VIEWS):
        raise CannotSaveQuestionError(
            "You can order mails for yourself. A manager orders them for others.",
            field="recipient",
        )
    if recipient != actor and not saved.is_shared:
        raise CannotSaveQuestionError(
            "Share the question first, so that its recipients can open it.",
            field="recipient",
        )
    if not recipient.is_active or not recipient.has_perm(ASK_QUESTIONS):
        raise CannotSaveQuestionError(
            f"{recipient} does not work here any more.", field="recipient"
        )


def _readable(actor: User, question: str, query: str) -> str:
    """Return the choices as they are kept; each must be readable now."""
    if question not in BY_KEY:
        raise CannotSaveQuestionError(
            f"There is no question “{question}”.", field="question"
        )
    given = dict(parse_qsl(query, keep_blank_values=True))
    reading = understand(BY_KEY[question], actor, given)
    if reading.asked is None:
        label, text = reading.problems[0]
        raise CannotSaveQuestionError(f"{label}: {text}", field="query")
    return urlencode(reading.asked.chosen)


def _checked(actor: User, fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - {"name", "query", "is_shared"}:
        raise TypeError(f"saved questions have no such fields: {sorted(unknown)}")
    if "name" in fields:
        fields["name"] = fields["name"].strip()
        if not 0 < len(fields["name"]) <= LONGEST_NAME:
            raise CannotSaveQuestionError(
                f"Give the question a name of at most {LONGEST_NAME} characters.",
                field="name",
            )
    if fields.get("is_shared") and not actor.has_perm(SHARE_VIEWS):
        raise CannotSaveQuestionError(
            "A manager shares questions. Ask one to share yours.", field="is_shared"
        )
    return fields


def _check_owner(actor: User, saved: SavedQuestion) -> None:
    if saved.owner_id != actor.pk:
        raise CannotSaveQuestionError(
            f"This question is {saved.owner}'s. Keep it under a name of your own."
        )


def _taken(name: str) -> CannotSaveQuestionError:
    return CannotSaveQuestionError(
        f"You have a question “{name}” already.", field="name"
    )
