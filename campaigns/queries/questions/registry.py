"""Every question that can be asked, by family."""

from collections.abc import Mapping, Sequence

from campaigns.queries.questions import (
    buying,
    contact,
    costs,
    keeping,
    next_orders,
    patterns,
    satisfaction,
    worth,
)
from campaigns.queries.questions.base import Question

QUESTIONS: Sequence[Question] = (
    *buying.QUESTIONS,
    *next_orders.QUESTIONS,
    *contact.QUESTIONS,
    *worth.QUESTIONS,
    *keeping.QUESTIONS,
    *satisfaction.QUESTIONS,
    *costs.QUESTIONS,
    *patterns.QUESTIONS,
)
BY_KEY: Mapping[str, Question] = {one.key: one for one in QUESTIONS}


def families() -> list[tuple[str, list[Question]]]:
    """Return the questions by family, in order."""
    names = list(dict.fromkeys(one.family for one in QUESTIONS))
    return [(name, [one for one in QUESTIONS if one.family == name]) for name in names]
