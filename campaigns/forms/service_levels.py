"""The form of the service levels: hours for each class and urgency."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from campaigns import policy
from campaigns.models.service import CLASSES
from campaigns.queries.service import Levels
from crm.choices import CaseUrgency

MINUTES_PER_HOUR = 60
MOST_HOURS = policy.LONGEST_SERVICE_MINUTES // MINUTES_PER_HOUR
URGENCIES = tuple(reversed(CaseUrgency.choices))


@dataclass(frozen=True, slots=True)
class LevelCell:
    """The two fields of one class and urgency."""

    urgency: str
    answer: forms.BoundField
    resolve: forms.BoundField


class LevelsForm(forms.Form):
    """All levels at once, in hours, with the reason of the change."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False)
    warning_share = forms.IntegerField(
        label="Warn when so much of the time is left, in per cent",
        min_value=1,
        max_value=99,
    )
    reason = forms.CharField(label="Why", max_length=300)

    def __init__(self, *args: Any, levels: Levels, **options: Any) -> None:
        super().__init__(*args, **options)
        self.levels = levels
        version = levels.version
        self.initial.setdefault("based_on", version.pk if version else None)
        if version is not None:
            share = int(version.warning_share * 100)
            self.initial.setdefault("warning_share", share)
        for worth_class, class_name in CLASSES:
            for urgency, urgency_name in URGENCIES:
                name = f"{class_name}, {urgency_name}"
                self._add(str(worth_class), urgency, name)

    def _add(self, worth_class: str, urgency: str, name: str) -> None:
        allowed = self.levels.minutes(worth_class, urgency)
        for what, minutes in zip(("answer", "resolve"), allowed, strict=True):
            key = _key(worth_class, urgency, what)
            field = forms.DecimalField(
                min_value=Decimal("0.05"), max_value=MOST_HOURS, decimal_places=2
            )
            field.widget.attrs |= {
                "aria-label": f"{name}: {what} within hours",
                "inputmode": "decimal",
            }
            self.fields[key] = field
            hours = Decimal(minutes) / MINUTES_PER_HOUR
            rounded = hours.quantize(Decimal("0.01")).normalize()
            self.initial.setdefault(key, f"{rounded:f}")

    @property
    def rows(self) -> Iterator[tuple[str, str, list[LevelCell]]]:
        """Yield each class with its cells, the most urgent first."""
        for worth_class, name in CLASSES:
            key = str(worth_class)
            cells = [
                LevelCell(
                    str(label),
                    self[_key(key, urgency, "answer")],
                    self[_key(key, urgency, "resolve")],
                )
                for urgency, label in URGENCIES
            ]
            yield key, str(name), cells

    def show_newer(self) -> None:
        """Let the next submit replace the version that stands beside this form now."""
        data = self.data.copy()  # type: ignore[attr-defined]
        version = self.levels.version
        data["based_on"] = str(version.pk) if version else ""
        self.data = data

    def minutes(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return what was entered, in minutes."""
        return {
            (str(worth_class), urgency): (
                self._minutes(str(worth_class), urgency, "answer"),
                self._minutes(str(worth_class), urgency, "resolve"),
            )
            for worth_class, _ in CLASSES
            for urgency, _ in URGENCIES
        }

    def _minutes(self, worth_class: str, urgency: str, what: str) -> int:
        hours: Decimal = self.cleaned_data[_key(worth_class, urgency, what)]
        return round(hours * MINUTES_PER_HOUR)


def _key(worth_class: str, urgency: str, what: str) -> str:
    return f"{worth_class or 'none'}-{urgency}-{what}"
