"""The accounts behind an answer, as a named set of the list of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.core.exceptions import ValidationError

from campaigns.permissions import ASK_QUESTIONS
from campaigns.queries.questions.answering import names_behind, understand
from campaigns.queries.questions.base import Asked, Question
from campaigns.queries.questions.registry import BY_KEY
from common.clock import business_today
from common.lists.sets import AccountSet, account_set_url
from crm.models import Account, User

LONGEST_QUERY = 1000
KEY = "answer"


def names_url(asked: Asked, *, part: str = "", of: str = "") -> str:
    """Return the address of the names behind an answer or one number of it."""
    return account_set_url(
        KEY,
        question=asked.question.key,
        asked=urlencode(asked.query),
        part=part,
        of=of,
    )


def _accounts(user: Any, given: Mapping[str, Any]) -> Any:
    asked = _asked(user, given)
    if asked is None:
        return Account.objects.none().values("pk")
    found = names_behind(asked, part=given["part"], of=given["of"])
    return found.order_by().values("pk")


def _asked(user: Any, given: Mapping[str, Any]) -> Asked | None:
    question = BY_KEY[given["question"]]
    return understand(
        question, user, dict(parse_qsl(given["asked"], keep_blank_values=True))
    ).asked


@dataclass(frozen=True, slots=True)
class _Anybody:
    """Whoever reads a title: choices are only put in words, nothing is looked into."""

    sees_every_account: bool = True


def _title(given: Mapping[str, Any]) -> str:
    part = " (one number of it)" if given["part"] or given["of"] else ""
    asked = dict(parse_qsl(given["asked"], keep_blank_values=True))
    return f"in the answer to “{in_words(BY_KEY[given['question']], asked)}”{part}"


def in_words(question: Question, asked: Mapping[str, str]) -> str:
    """Return a question with the choices of an address; unreadable ones by name."""
    today, said = business_today(), {}
    for one in question.parameters:
        try:
            field = one.field(cast("User", _Anybody()))
            text = asked.get(one.key, one.initial(today))
            said[one.key] = one.say(field.clean(text)) if field else one.fixed
        except ValidationError:
            said[one.key] = one.label.lower()
    return question.words.format(**said)


def _text(*, required: bool, longest: int) -> Any:
    return lambda: forms.CharField(required=required, max_length=longest)


def _question() -> forms.Field:
    return forms.ChoiceField(choices=[(key, key) for key in BY_KEY])


ANSWERED = AccountSet(
    title=_title,
    accounts=_accounts,
    parameters={
        "question": _question,
        "asked": _text(required=False, longest=LONGEST_QUERY),
        "part": _text(required=False, longest=200),
        "of": _text(required=False, longest=40),
    },
    permission=ASK_QUESTIONS,
)
