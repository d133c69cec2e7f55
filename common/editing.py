"""Two people edit one record: what only one changed merges, the rest is asked.

The form carries what its fields held when it was opened. When somebody stored another
version meanwhile, that tells apart what this person changed and what the other did.
"""

import copy
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from common.versions import Versioned

MINE, THEIRS = "mine", "theirs"

# Names who stored a record since a moment, such as `crm.queries.editors.names_since`.
Names = Callable[[Versioned, dt.datetime | None, Any], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that a colleague stored otherwise than it was entered.

    It is kept when the person had not touched the field: then the colleague's value
    stands without asking. Without a `choice` there is none to make but to look.
    """

    name: str
    choice: str
    label: str
    mine: str
    theirs: str
    is_kept: bool = False

    def __str__(self) -> str:
        return f"{self.label}: now “{self.theirs}”"


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]  # not so at run time
    """A form that remembers which version of the row the person saw, and its values.

    `kept` holds what a colleague stored meanwhile in fields that this person left
    alone. With `merges` off, any other version is asked about: what one concludes
    from a record depends on all of it.
    """

    merges = True
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    base = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kept: list[Difference] = []
        # Several forms on one page carry it, and ids are told apart.
        self.fields["base"].widget.attrs["id"] = False
        if not self.instance.pk:
            del self.fields["base"]
            return
        # Without it nobody could tell what a colleague stored meanwhile.
        self.fields["version"].required = True
        self.initial.setdefault("version", self.instance.version)
        self.row = copy.copy(self.instance)  # validation writes into the instance
        self.initial["base"] = self._opened_with(self.row)

    def beside(self, record: Any) -> str:
        """Return in words what the form stores besides the columns of `record`."""
        return ""

    def values(self) -> dict[str, Any]:
        """Return what was entered, without what the form carries for itself."""
        own = {"version", "base"}
        return {k: v for k, v in self.cleaned_data.items() if k not in own}

    @property
    def seen_at(self) -> dt.datetime | None:
        """Return when the version that was opened had been stored."""
        return parse_datetime(str(self._base().get("at", "")))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if self.instance.pk and not self.errors:
            self._take_chosen()
            if self.merges and self.cleaned_data["version"] != self.row.version:
                self._merge()
        return found

    def show_conflict(
        self, stored: Versioned, names: Sequence[str] = ()
    ) -> list[Difference]:
        """Let the person choose between their values and those of `stored`.

        What they had not touched becomes the stored value; the next submit replaces
        the version that they are shown now.
        """
        stored.refresh_from_db()
        self.row = copy.copy(stored)
        found = self._differences()
        data = self.data.copy()  # type: ignore[attr-defined]
        for one in found:
            if one.is_kept:
                _put(data, self.add_prefix(one.name), self._held(self.row, one.name))
        data[self.add_prefix("version")] = str(stored.version)
        data[self.add_prefix("base")] = self._opened_with(stored)
        self.data = data
        who = _and(names) or "Somebody else"
        self.add_error(
            None,
            f"{who} changed this record while you were editing it. Nothing of yours "
            "is stored yet: look at both and save again.",
        )
        return found

    def _merge(self) -> None:
        """Take over what only a colleague changed, if nobody must choose."""
        found = self._differences()
        if not self._base() or not all(one.is_kept for one in found):
            return  # the service refuses the old version, and the page asks
        for one in found:
            self.cleaned_data[one.name] = getattr(self.row, one.name)
        self.cleaned_data["version"] = self.row.version
        self.kept = found

    def _take_chosen(self) -> None:
        """Put the colleague's value into each field where it was chosen."""
        data = self.data.copy()  # type: ignore[attr-defined]
        is_taken = False
        for name in self._columns():
            if self.data.get(f"keep-{self.add_prefix(name)}") == THEIRS:
                self.cleaned_data[name] = getattr(self.row, name)
                _put(data, self.add_prefix(name), self._held(self.row, name))
                is_taken = True
        if is_taken:  # so that they still stand there if something else is refused
            self.data = data

    def _differences(self) -> list[Difference]:
        base: dict[str, Any] = self._base().get("values", {})
        entered = self.values()
        found = []
        now = self.beside(self.row)
        if now != self._base().get("beside", now):
            found.append(Difference("", "", "The rest", "", now))
        for name in self._columns():
            if name not in entered:
                continue
            mine, theirs = _plain(entered[name]), self._held(self.row, name)
            if theirs in (mine, base.get(name)):  # the same, or theirs is as it was
                continue
            found.append(
                Difference(
                    name=name,
                    choice=f"keep-{self.add_prefix(name)}",
                    label=str(self.fields[name].label or name),
                    mine=self._shown(name, entered[name]),
                    theirs=self._shown(name, getattr(self.row, name)),
                    is_kept=name in base and mine == base[name],
                )
            )
        return found

    def _columns(self) -> list[str]:
        """Return the fields of the form that are plain columns of the row."""
        columns = {field.name for field in self._meta.model._meta.concrete_fields}
        return [name for name in self.fields if name in columns and name != "version"]

    def _held(self, record: Any, name: str) -> Any:
        """Return what `record` holds, without reading the row a key points at."""
        return _plain(getattr(record, record._meta.get_field(name).attname))

    def _opened_with(self, record: Versioned) -> str:
        values = {name: self._held(record, name) for name in self._columns()}
        return json.dumps(
            {
                "at": record.updated_at.isoformat(),
                "values": values,
                "beside": self.beside(record),
            }
        )

    def _base(self) -> dict[str, Any]:
        """Return what the submitted form was opened with, if it says so."""
        try:
            found = json.loads(self.data.get(self.add_prefix("base"), ""))
        except ValueError:
            return {}
        is_whole = isinstance(found, dict) and isinstance(found.get("values"), dict)
        return found if is_whole else {}

    def _shown(self, name: str, value: Any) -> str:
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        words = dict(self._meta.model._meta.get_field(name).flatchoices)
        return str(words.get(value, value))


def tell_kept(request: HttpRequest, form: VersionedForm, names: Names) -> None:
    """Say on the next page which values of whom were kept."""
    if note := kept_note(form, names, request.user):
        messages.info(request, note)


def kept_note(form: Any, names: Names, user: Any) -> str:
    """Return which values of whom were kept besides the person's own; often none."""
    if not getattr(form, "kept", None):
        return ""
    who = _and(names(form.row, form.seen_at, user)) or "Somebody else"
    what = ", ".join(f"{one.label} “{one.theirs}”" for one in form.kept)
    return f"{who} had changed this meanwhile, and that was kept: {what}."


def _plain(value: Any) -> Any:
    """Return `value` so that it can be compared and stand in a form."""
    match value:
        case None:
            plain = ""
        case Model():
            plain = str(value.pk)
        case bool():
            plain = str(value).lower()
        case Decimal():
            plain = f"{value.normalize():f}"
        case dt.date() | dt.time():
            plain = value.isoformat()
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            plain = str(value).strip().replace("\r\n", "\n")
    return plain


def _put(data: Any, name: str, value: Any) -> None:
    if isinstance(value, list):
        data.setlist(name, value)
    else:
        data[name] = value


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
