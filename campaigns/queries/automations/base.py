"""What triggers, conditions and actions are made of, and what a trigger finds."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from campaigns.queries.automations.params import Param
from crm.queries.merged import WITH_SURVIVORS

Values = Mapping[str, Any]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: facts entered since a moment, states on a day.

    `since` is where the cursor stands, and facts from before `started_at` do not count.
    `accounts` narrows to some accounts, for a trial. `run_id` is the run whose values
    count, 0 before the first night; `membership_floor` the last membership that was
    there at the start.
    """

    since: dt.datetime
    started_at: dt.datetime
    started_on: dt.date
    today: dt.date
    run_id: int = 0
    membership_floor: int = 0
    accounts: tuple[int, ...] | None = None

    def only(self, column: str) -> str:
        """Return what narrows a statement to the accounts that are asked for."""
        return "" if self.accounts is None else f"AND {column} = ANY(%(accounts)s)"

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "since": self.since,
            "started_at": self.started_at,
            "started_on": self.started_on,
            "today": self.today,
            "run": self.run_id,
            "membership_floor": self.membership_floor,
            "is_trial": self.accounts is not None,
            "accounts": None if self.accounts is None else list(self.accounts),
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL that finds `account_id, cause, at, text`, and its own parameters."""

    sql: str
    values: Mapping[str, Any]
    opening: str = WITH_SURVIVORS


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One cause at one account: what happened, when, in words."""

    account_id: int
    cause: str
    at: dt.datetime
    text: str


@dataclass(frozen=True, slots=True)
class Spec:
    """One kind of trigger, condition or action, as it is offered and said.

    `judge` returns what is wrong with its parameters together, by parameter.
    """

    key: str
    label: str
    help: str = ""
    params: tuple[Param, ...] = ()
    say: Callable[[Values], str] = lambda _values: ""
    judge: Callable[[Values], Mapping[str, str]] = lambda _values: {}

    def param(self, name: str) -> Param:
        return next(one for one in self.params if one.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Spec):
    """When an automation looks at an account.

    A state is decided once a day, by the values of the night; other triggers look at
    what was entered since. What of a state held at the start is noted without firing
    where its day is not known (`notes_past`).
    """

    find: Callable[[Values, Search], Statement]
    is_state: bool = False
    notes_past: bool = False


def day_of(moment: str) -> str:
    """Return SQL for the company's date at a moment."""
    return f"({moment} AT TIME ZONE '{settings.TIME_ZONE}')::date"
