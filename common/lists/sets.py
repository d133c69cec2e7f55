"""Named sets of accounts: what a figure counts, as a list of names.

Every figure, bar, cell or ribbon that counts accounts opens the ordinary list of
accounts, narrowed to the set behind it; columns, order, bulk changes, views and the way
out as CSV work there as ever. Describe a set in your app's queries::

    WON_IN = AccountSet(
        title=lambda given: f"won in the quarter from {day(given['quarter'])}",
        accounts=won_in,  # (user, given) -> queryset of accounts' ids
        parameters={"quarter": forms.DateField},
    )

name it where your app starts (`apps.py`, `ready`)::

    sets.register("won-in", "segments.queries.sets.WON_IN")

and link to it with ``account_set_url("won-in", quarter="2026-01-01", owner=7)``.
Parameters that the set does not know are filters of the list: class, owner, territory,
industry, relationship, product, as_of and so on. The set is told of `as_of` too. The
list itself keeps to what the user may see, so a set need not.

Sets are named by their path, because apps register before models are loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.module_loading import import_string

from common.errors import DomainError

AMONG = "among"
LIST = "campaigns:account_list"
Given = Mapping[str, Any]


class UnknownSetError(DomainError):
    code = "unknown_set"
    message = "This address names a set of accounts that is not there."


@dataclass(frozen=True, slots=True)
class AccountSet:
    """One set: what it is in words, who is in it, and what has to be said for it.

    `title` reads on after "Accounts ". Parameters are form fields, or what makes one;
    each must be given unless its field says otherwise. `permission` is asked of whoever
    opens the list.
    """

    title: Callable[[Given], str]
    accounts: Callable[[Any, Given], Any]
    parameters: Mapping[str, Callable[[], forms.Field]] = field(default_factory=dict)
    permission: str = ""


@dataclass(frozen=True, slots=True)
class ReadSet:
    """A set with its parameters, as one address names it."""

    key: str
    set: AccountSet
    given: Given

    @property
    def title(self) -> str:
        return self.set.title(self.given)

    def accounts(self, user: Any) -> Any:
        """Return the ids of the accounts, as a queryset of one column."""
        return self.set.accounts(user, self.given)


_registered: dict[str, str] = {}


def register(key: str, path: str) -> None:
    """Name the set at `path`; registering it twice changes nothing.

    Raises
    ------
    ValueError
        If another set has that name.
    """
    if _registered.setdefault(key, path) != path:
        raise ValueError(f"{key} is the name of another set")


def known_sets() -> dict[str, AccountSet]:
    """Return every set by its name."""
    return {key: import_string(path) for key, path in sorted(_registered.items())}


def account_set(key: str) -> AccountSet:
    """Return the set of that name.

    Raises
    ------
    UnknownSetError
        If there is none.
    """
    if key not in _registered:
        raise UnknownSetError(
            f"There is no set of accounts called “{key}”.", field=AMONG
        )
    found: AccountSet = import_string(_registered[key])
    return found


def read_set(given: Mapping[str, Any], user: Any) -> ReadSet | None:
    """Return the set that an address names, None where it names none.

    Raises
    ------
    UnknownSetError
        If there is no such set, it is not for this user, or a parameter is missing or
        cannot be read.
    """
    key = given.get(AMONG) or ""
    if not key:
        return None
    found = account_set(key)
    if found.permission and not user.has_perm(found.permission):
        raise UnknownSetError("That list is not for your role.", field=AMONG)
    form = forms.Form(given)
    form.fields |= {name: make() for name, make in found.parameters.items()}
    if "as_of" not in form.fields:
        form.fields["as_of"] = forms.DateField(required=False)
    if not form.is_valid():
        name, problems = next(iter(form.errors.items()))
        said = f"The list of accounts cannot be made: {name}: {problems[0]}"
        raise UnknownSetError(said, field=name)
    return ReadSet(key, found, form.cleaned_data)


def account_set_url(key: str = "", **parameters: object) -> str:
    """Return the address of the list of accounts, of one set where `key` names it.

    A wrong name is found when the page with the link is tested, not by its reader.
    """
    if key:
        account_set(key)
    given = {AMONG: key, **parameters}
    kept = {
        name: str(value) for name, value in given.items() if value not in {None, ""}
    }
    return f"{reverse(LIST)}?{urlencode(kept or {'view': 'all'}, safe=',')}"
