"""The accounts behind an answer, as a named set of the list of accounts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms

from campaigns.permissions import ASK_QUESTIONS
from campaigns.queries.questions.answering import names_behind, understand
from campaigns.queries.questions.base import Asked
from campaigns.queries.questions.registry import BY_KEY
from common.lists.sets import AccountSet, account_set_url
from crm.models import Account

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


def _title(given: Mapping[str, Any]) -> str:
    question = BY_KEY[given["question"]]
    part = " (one line of the answer)" if given["part"] or given["of"] else ""
    return f"in the answer to “{opening(question.words)}”{part}"


def opening(words: str) -> str:
    """Return a question without its choices, for where they cannot be shown."""
    for key in ("{", "}"):
        words = words.replace(key, "")
    return words.replace("_", " ")


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
