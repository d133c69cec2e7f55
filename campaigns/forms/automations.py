"""The editor of an automation: inputs for a trigger, conditions and actions.

The inputs follow from what `queries.automations` offers; what was entered is checked
there as well, so that pages and API refuse the same. A place such as
`conditions.0.wanted` is the name of its input with hyphens.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.datastructures import MultiValueDict

from campaigns.queries.automations.actions import ACTIONS
from campaigns.queries.automations.base import Spec
from campaigns.queries.automations.conditions import CONDITIONS
from campaigns.queries.automations.params import Kind, Param
from campaigns.queries.automations.rules import (
    LIMIT_AN_HOUR,
    LONGEST_NAME,
    MOST_AN_HOUR,
    MOST_REST_DAYS,
    MOST_ROWS,
)
from campaigns.queries.automations.triggers import TRIGGERS

Sent = MultiValueDict[str, str]
LISTS: Mapping[str, Mapping[str, Spec]] = {
    "conditions": CONDITIONS,
    "actions": ACTIONS,
}
MOST_CHECKBOXES = 8
TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT})
WIDE_FROM = 150  # letters; such texts get a line of their own
_REMOVE = re.compile(r"remove-(conditions|actions)-(\d{1,2})")
_ADD = re.compile(r"add-(conditions|actions)")


@dataclass(slots=True)
class Written:
    """An automation as somebody wrote it, checked or not."""

    name: str = ""
    trigger: dict[str, Any] = field(default_factory=dict)
    conditions: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    rest_days: Any = 0
    limit_an_hour: Any = LIMIT_AN_HOUR

    @property
    def parts(self) -> dict[str, Any]:
        """Return it as services and checks take it."""
        return {
            "name": self.name,
            "trigger": self.trigger,
            "conditions": self.conditions,
            "actions": self.actions,
            "rest_days": self.rest_days,
            "limit_an_hour": self.limit_an_hour,
        }

    def after(self, step: str) -> "Written":
        """Return it with a row added or removed."""
        if found := _ADD.fullmatch(step):
            rows = getattr(self, found[1])
            if len(rows) < MOST_ROWS:
                rows.append({"kind": next(iter(LISTS[found[1]]))})
        elif found := _REMOVE.fullmatch(step):
            rows, number = getattr(self, found[1]), int(found[2])
            del rows[number : number + 1]
        return self


def written_in(data: Sent) -> Written:
    """Read an automation from what the editor sent."""
    return Written(
        name=data.get("name", "") or "",
        trigger=_part(data, "trigger", TRIGGERS),
        conditions=list(_rows(data, "conditions")),
        actions=list(_rows(data, "actions")),
        rest_days=data.get("rest_days", "0"),
        limit_an_hour=data.get("limit_an_hour", str(LIMIT_AN_HOUR)),
    )


def _rows(data: Sent, name: str) -> Iterator[dict[str, Any]]:
    for number in range(MOST_ROWS + 1):
        if f"{name}-{number}-kind" in data:
            yield _part(data, f"{name}-{number}", LISTS[name])


def _part(data: Sent, prefix: str, specs: Mapping[str, Spec]) -> dict[str, Any]:
    kind = data.get(f"{prefix}-kind", "")
    part: dict[str, Any] = {"kind": kind}
    spec = specs.get(kind)
    for param in spec.params if spec else ():
        key = f"{prefix}-{param.name}"
        if param.kind == Kind.CHOICES:
            part[param.name] = data.getlist(key)
        elif key in data:
            part[param.name] = data[key]
    return part


@dataclass(frozen=True, slots=True)
class Input:
    """One labelled input and what is wrong with it."""

    bound: BoundField
    error: str = ""
    is_kind: bool = False
    is_wide: bool = False

    @property
    def is_group(self) -> bool:
        """Tell whether it is several boxes, which a legend names."""
        return isinstance(self.bound.field.widget, forms.CheckboxSelectMultiple)


@dataclass(frozen=True, slots=True)
class Row:
    """The inputs of a trigger, condition or action; `help` says what it is for."""

    place: str
    inputs: Sequence[Input]
    help: str = ""
    error: str = ""
    label: str = ""


class Editor:
    """All inputs of one automation, filled in with what was written."""

    def __init__(self, written: Written, errors: Mapping[str, str]) -> None:
        self._errors = errors
        self._form = forms.Form()
        self.is_refused = bool(errors)
        self.name = self._add(
            "name", forms.CharField(label="Name", max_length=LONGEST_NAME), written.name
        )
        self.trigger = self._row("trigger", TRIGGERS, written.trigger, "When")
        self.conditions = self._list("conditions", written.conditions)
        self.actions = self._list("actions", written.actions)
        self.rest_days = self._add(
            "rest_days",
            _whole("Rest for one account, in days", MOST_REST_DAYS, 0),
            written.rest_days,
            help_text="0: it may fire again for the same account at once",
        )
        self.limit_an_hour = self._add(
            "limit_an_hour",
            _whole("At most so often an hour", MOST_AN_HOUR, 1),
            written.limit_an_hour,
            help_text="if it fires more often it is stopped, and you are warned",
        )

    @property
    def conditions_error(self) -> str:
        return self._errors.get("conditions", "")

    @property
    def actions_error(self) -> str:
        return self._errors.get("actions", "")

    @property
    def first_error(self) -> str:
        return next(iter(self._errors.values()), "")

    def _list(self, name: str, parts: Sequence[Mapping[str, Any]]) -> list[Row]:
        word = {"conditions": "Condition", "actions": "Action"}[name]
        return [
            self._row(f"{name}.{number}", LISTS[name], part, f"{word} {number + 1}")
            for number, part in enumerate(parts)
        ]

    def _row(
        self,
        place: str,
        specs: Mapping[str, Spec],
        part: Mapping[str, Any],
        label: str,
    ) -> Row:
        kinds = [("", "Choose …"), *((key, one.label) for key, one in specs.items())]
        choice = forms.ChoiceField(label=label, choices=kinds)
        kind = part.get("kind", "")
        inputs = [self._add(f"{place}.kind", choice, kind, is_kind=True)]
        spec = specs.get(kind)
        for param in spec.params if spec else ():
            value = part.get(param.name, param.default)
            name = f"{place}.{param.name}"
            inputs.append(
                self._add(
                    name,
                    _field_of(param),
                    value,
                    help_text=param.help,
                    is_wide=param.most >= WIDE_FROM and param.kind in TEXTS,
                )
            )
        return Row(
            place=_dashed(place),
            inputs=inputs,
            help=spec.help if spec else "",
            error=self._errors.get(place, ""),
            label=label,
        )

    def _add(
        self,
        place: str,
        one: forms.Field,
        value: Any,
        *,
        help_text: str = "",
        is_kind: bool = False,
        is_wide: bool = False,
    ) -> Input:
        name, error = _dashed(place), self._errors.get(place, "")
        one.required = False
        one.help_text = help_text
        if error:
            one.widget.attrs |= {
                "aria-invalid": "true",
                "aria-describedby": f"id_{name}_error",
            }
        self._form.fields[name] = one
        self._form.initial[name] = value
        return Input(self._form[name], error, is_kind, is_wide)


def _dashed(place: str) -> str:
    return place.replace(".", "-")


def _whole(label: str, most: int, least: int) -> forms.Field:
    return forms.IntegerField(label=label, min_value=least, max_value=most)


def _field_of(param: Param) -> forms.Field:
    """Return the input of a parameter."""
    if param.kind == Kind.CHOICE:
        return forms.ChoiceField(label=param.label, choices=_offered(param))
    if param.kind == Kind.CHOICES:
        choices = param.choices()
        many = len(choices) > MOST_CHECKBOXES
        widget = forms.SelectMultiple if many else forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(
            label=param.label, choices=choices, widget=widget
        )
    if param.kind in {Kind.NUMBER, Kind.PERCENT}:
        return _whole(param.label, param.most, param.least)
    if param.kind == Kind.LONG_TEXT:
        rows = forms.Textarea(attrs={"rows": 6})
        return forms.CharField(label=param.label, max_length=param.most, widget=rows)
    text = forms.CharField(label=param.label)
    if param.kind == Kind.AMOUNT:
        text.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
    else:
        text.widget.attrs |= {"maxlength": str(param.most), "autocomplete": "off"}
    return text


def _offered(param: Param) -> list[tuple[str, str]]:
    """Return the choices; one without a usual value asks to be chosen."""
    choices = param.choices()
    if param.is_optional or param.default:
        return choices
    return [("", "Choose …"), *choices]


class SwitchForm(forms.Form):
    """On, off, or on after it was stopped; from now on, or from a day of the past."""

    what = forms.ChoiceField(
        choices=[("on", "on"), ("off", "off"), ("go_on", "go on"), ("remove", "remove")]
    )
    since = forms.DateField(required=False)
    version = forms.IntegerField(min_value=1)


class EndpointForm(forms.Form):
    """Another system that automations may call."""

    name = forms.CharField(max_length=100)
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="https://, and a public address",
    )


class LogForm(forms.Form):
    """What the log is narrowed by; what is not known narrows nothing."""

    automation = forms.IntegerField(required=False, min_value=1)
    account = forms.IntegerField(required=False, min_value=1)
    status = forms.CharField(required=False, max_length=10)
