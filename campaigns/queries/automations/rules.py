"""Whole automations: checked as they were written, and said in a sentence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaigns.queries.automations.actions import ACTIONS
from campaigns.queries.automations.base import Spec, Values
from campaigns.queries.automations.conditions import CONDITIONS
from campaigns.queries.automations.params import ParamError
from campaigns.queries.automations.triggers import TRIGGERS

MOST_ROWS = 12
MOST_REST_DAYS = 3_650
MOST_AN_HOUR = 100_000
LIMIT_AN_HOUR = 200
LONGEST_NAME = 150


@dataclass(slots=True)
class Rule:
    """What an automation is to do: as it was written, and what is wrong with it.

    `errors` are keyed by place: `name`, `trigger.days`, `conditions.0.wanted`.
    """

    name: str
    trigger: dict[str, Any]
    conditions: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    rest_days: int = 0
    limit_an_hour: int = LIMIT_AN_HOUR
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        return not self.errors

    @property
    def stored(self) -> dict[str, Any]:
        """Return what a version stores."""
        return {
            "trigger": self.trigger,
            "conditions": self.conditions,
            "actions": self.actions,
            "rest_days": self.rest_days,
            "limit_an_hour": self.limit_an_hour,
        }


def checked(
    *,
    name: str,
    trigger: Mapping[str, Any],
    conditions: Sequence[Mapping[str, Any]],
    actions: Sequence[Mapping[str, Any]],
    rest_days: Any = 0,
    limit_an_hour: Any = LIMIT_AN_HOUR,
) -> Rule:
    """Check what somebody wrote; everything that is wrong is told at once."""
    errors: dict[str, str] = {}
    rule = Rule(
        name=_name(name, errors),
        trigger=_part(TRIGGERS, trigger, "trigger", errors),
        conditions=_parts(CONDITIONS, conditions, "conditions", errors),
        actions=_parts(ACTIONS, actions, "actions", errors),
        rest_days=_whole(rest_days, "rest_days", (0, MOST_REST_DAYS), errors),
        limit_an_hour=_whole(limit_an_hour, "limit_an_hour", (1, MOST_AN_HOUR), errors),
        errors=errors,
    )
    if not rule.actions:
        errors["actions"] = "Say what is to be done: add an action."
    return rule


def _name(name: str, errors: dict[str, str]) -> str:
    name = " ".join(str(name).split())
    if not name:
        errors["name"] = "Give it a name."
    elif len(name) > LONGEST_NAME:
        errors["name"] = f"Keep it under {LONGEST_NAME} characters."
    return name


def _whole(
    raw: Any, place: str, bounds: tuple[int, int], errors: dict[str, str]
) -> int:
    least, most = bounds
    try:
        number = int(str(raw).strip() or least)
    except ValueError:
        errors[place] = "Enter a whole number."
        return least
    if not least <= number <= most:
        errors[place] = f"From {least:,} to {most:,}."
    return number


def _parts(
    specs: Mapping[str, Spec],
    written: Sequence[Mapping[str, Any]],
    place: str,
    errors: dict[str, str],
) -> list[dict[str, Any]]:
    if len(written) > MOST_ROWS:
        errors[place] = f"At most {MOST_ROWS}."
    return [
        _part(specs, one, f"{place}.{number}", errors)
        for number, one in enumerate(written[:MOST_ROWS])
    ]


def _part(
    specs: Mapping[str, Spec],
    written: Mapping[str, Any],
    place: str,
    errors: dict[str, str],
) -> dict[str, Any]:
    kind = str(written.get("kind", ""))
    spec = specs.get(kind)
    if spec is None:
        errors[f"{place}.kind"] = "Choose one."
        return {"kind": kind}
    names = {param.name for param in spec.params}
    if unknown := sorted(set(written) - names - {"kind"}):
        errors[place] = f"There is no “{unknown[0][:50]}” here."
    part: dict[str, Any] = {"kind": kind}
    for param in spec.params:
        raw = written.get(param.name, param.default)
        try:
            part[param.name] = param.cleaned(raw)
        except ParamError as error:
            errors[f"{place}.{param.name}"] = str(error)
            part[param.name] = raw
    for name, problem in spec.judge(part).items():
        errors.setdefault(f"{place}.{name}", problem)
    return part


@dataclass(frozen=True, slots=True)
class Said:
    """An automation in words: when, if, then."""

    when: str
    conditions: Sequence[str]
    actions: Sequence[str]

    @property
    def sentence(self) -> str:
        said = f"When {self.when}"
        if self.conditions:
            said += f", and {' and '.join(self.conditions)}"
        return f"{said}: {'; '.join(self.actions)}."


def said(
    *, trigger: Values, conditions: Sequence[Values], actions: Sequence[Values]
) -> Said:
    """Return a stored rule in words; what is not there any more is said so."""
    return Said(
        when=_said(TRIGGERS, trigger),
        conditions=[_said(CONDITIONS, one) for one in conditions],
        actions=[_said(ACTIONS, one) for one in actions],
    )


def _said(specs: Mapping[str, Spec], values: Values) -> str:
    spec = specs.get(values.get("kind", ""))
    if spec is None:
        return "something that is not offered any more"
    return _or_label(spec, spec.say, values)


def _or_label(spec: Spec, say: Callable[[Values], str], values: Values) -> str:
    try:
        return say(values)
    except (KeyError, TypeError, ValueError):
        return spec.label.lower()


def catalogue() -> Iterator[tuple[str, Mapping[str, Spec]]]:
    """Yield all there is to choose from: triggers, conditions, actions."""
    yield "triggers", TRIGGERS
    yield "conditions", CONDITIONS
    yield "actions", ACTIONS
