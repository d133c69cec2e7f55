"""Forms of the levers: how far each is moved, and what is promised for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from common.templatetags.display import count, counted, money, number
from crm.models import User
from segments.choices import WorthClass
from segments.queries.lever_words import lever_name
from segments.queries.levers import LeverBoard

LEAST_WON = 20
MOST_BY_ONE = 100
LONGEST_NAME, LONGEST_NOTE = 120, 500
RATE_FROM, RATE_TO = 0, 100


class Slider(forms.NumberInput):
    """A range that says where it stands; works from the keyboard."""

    input_type = "range"


@dataclass(frozen=True, slots=True)
class Range:
    """How far a lever goes, and the step it takes."""

    least: float
    most: float
    step: float
    unit: str


@dataclass(frozen=True, slots=True)
class LeverGroup:
    """One lever with its sliders, as the page shows it."""

    key: str
    title: str
    what: str
    names: Sequence[str]


def slider(label: str, help_text: str, way: Range) -> forms.FloatField:
    attrs = {
        "step": way.step,
        "data-slider": way.unit,
        "min": way.least,
        "max": way.most,
    }
    return forms.FloatField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=way.least,
        max_value=way.most,
        widget=Slider(attrs=attrs),
    )


class LeverForm(forms.Form):
    """Sliders of one board; whatever is left out stands at zero."""

    spent = forms.FloatField(
        label=lever_name("spent"),
        required=False,
        min_value=0,
        max_value=1e12,
        widget=forms.NumberInput(attrs={"step": 1, "inputmode": "decimal"}),
        help_text="Programme, people, software: taken off the result.",
    )

    def __init__(self, given: Mapping[str, Any] | None, *, board: LeverBoard) -> None:
        super().__init__(given)
        self.board = board
        made = self._single() | self._savings() | self._processes()
        self.fields = made | {"spent": self.fields["spent"]}
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("data-start", "0")
            field.initial = 0
            field.widget.attrs["id"] = f"lever-{name}"
        if given is not None:  # a range without a value would stand in the middle
            self.data = {name: given.get(name) or 0 for name in self.fields}

    def moved(self) -> dict[str, float]:
        """Return the levers that are not at zero."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    def groups(self) -> list[tuple[LeverGroup, list[Any]]]:
        """Return the four levers with their fields."""
        return [
            (group, [self[name] for name in group.names if name in self.fields])
            for group in self._groups()
        ]

    def _single(self) -> dict[str, forms.Field]:
        fields = {
            "frequency": slider(lever_name("frequency"), "", Range(-20, 30, 1, "%")),
            "retention": slider(lever_name("retention"), "", Range(0, 50, 1, "%")),
            "won": self._won(),
            "basket": slider(lever_name("basket"), "", Range(-20, 30, 1, "%")),
            "price": slider(lever_name("price"), "", Range(-10, 10, 0.5, "%")),
        }
        if not self.board.is_firm:
            del fields["won"]
        return dict(fields)

    def _won(self) -> forms.Field:
        last = self.board.won_last_year
        most = max(LEAST_WON, last)
        each = self.board.newcomer
        return slider(
            lever_name("won"),
            f"{counted(last, 'customer')} won in the last year. One is worth"
            f" {money(each.value)} after {money(each.cost_to_win)} to win.",
            Range(0, most, 1 if most <= MOST_BY_ONE else 5, "more"),
        )

    def _savings(self) -> dict[str, forms.Field]:
        return {
            f"saving_{kind}": slider(
                lever_name(f"saving_{kind}"),
                f"{money(amount)} expected.",
                Range(-20, 50, 1, "%"),
            )
            for kind, _, amount in self.board.kinds
        }

    def _processes(self) -> dict[str, forms.Field]:
        return {
            one.key: slider(
                one.label,
                f"{one.now_text} now; {number(one.share * 100, 0)} % of"
                f" {one.kind_label}.",
                Range(0, _round(one.now), _step(one.now), one.unit),
            )
            for one in self.board.processes
            if _round(one.now) > 0
        }

    def _groups(self) -> list[LeverGroup]:
        open_ones, offers = self.board.offers
        reference = (
            f"{count(open_ones)} open expansion{'' if open_ones == 1 else 's'}"
            f" {'is' if open_ones == 1 else 'are'} expected to bring"
            f" {money(offers)} a year"
        )
        share = self.board.offers_as_share
        if share is not None:
            reference += f", as much as {number(share, 1)} % more margin"
        return [
            LeverGroup(
                "frequency",
                "Frequency",
                "Repeat selling: more orders while they stay.",
                ["frequency"],
            ),
            LeverGroup(
                "customers",
                "Customers",
                "Keep more of those we have, and win more.",
                ["retention", "won"],
            ),
            LeverGroup(
                "revenue",
                "Revenue per customer",
                f"Cross-selling, up-selling, prices. {reference}.",
                ["basket", "price"],
            ),
            LeverGroup(
                "serving",
                "Cost to serve",
                "Processes that take less, then each kind of cost.",
                [one.key for one in self.board.processes]
                + [f"saving_{kind}" for kind, *_ in self.board.kinds],
            ),
        ]


def _round(now: float) -> float:
    return float(int(now)) if now >= 1 else round(int(now * 10) / 10, 1)


def _step(now: float) -> float:
    return 1.0 if now >= LEAST_WON else 0.1


class ScenarioForm(forms.Form):
    """What a scenario is called, and what somebody promises for it."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    note = forms.CharField(
        label="What has to happen",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    promised_by = forms.ModelChoiceField(
        User.objects.none(), label="Promised by", required=False, empty_label="Nobody"
    )
    due_on = forms.DateField(
        label="By", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    promised = forms.DecimalField(
        label="How much", required=False, max_digits=14, decimal_places=2
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["promised_by"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse half a promise: who, by when and how much belong together."""
        cleaned: dict[str, Any] = super().clean() or {}
        parts = [cleaned.get(n) for n in ("promised_by", "due_on", "promised")]
        given = [part is not None for part in parts]
        if any(given) and not all(given) and not self.errors:
            raise forms.ValidationError(
                "A promise says who, by when and how much; or leave all three empty."
            )
        return cleaned


class ClassForm(forms.Form):
    """Which customers the levers are for."""

    worth_class = forms.ChoiceField(
        label="Customers",
        required=False,
        choices=[("", "All customers"), *WorthClass.choices],
    )


class MarketForm(forms.Form):
    """Another market: what changes for every customer at once."""

    annual_rate = forms.FloatField(
        label="Discount rate, % a year",
        required=False,
        min_value=RATE_FROM,
        max_value=RATE_TO,
        widget=forms.NumberInput(attrs={"step": 0.5}),
    )
    leaving = forms.FloatField(
        label="Leaving, % more or less",
        required=False,
        min_value=-100,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": 5}),
    )
    price = forms.FloatField(
        label="Prices, %",
        required=False,
        min_value=-50,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": 1}),
    )
    goods = forms.FloatField(
        label="Cost of goods, %",
        required=False,
        min_value=-50,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": 1}),
    )
