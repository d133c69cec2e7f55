"""Charts as data: what to draw, what it says, and the same numbers as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from common.templatetags.display import money

BARS = frozenset({"bar", "stack", "waterfall"})


@dataclass(frozen=True, slots=True)
class Series:
    """One line or set of bars. `tone` is a colour token without its prefix."""

    name: str
    values: Sequence[float | None]
    shape: str = "line"  # line, dashed, area, bar, stack, waterfall
    tone: str = "chart-1"


@dataclass(frozen=True, slots=True)
class Column:
    """What stands beside the numbers in the table alone, one text per label."""

    name: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart; every series has one value per label.

    `summary` is the sentence a reader should take away; screen readers get it too.
    `urls` leads from each label to what it counts; empty texts lead nowhere.
    """

    key: str
    title: str
    summary: str
    labels: Sequence[str]
    series: Sequence[Series]
    x_title: str = ""
    unit: str = ""
    is_close_up: bool = False
    write: Callable[[float | None], str] = money
    columns_beside: Sequence[Column] = ()
    urls: Sequence[str] = ()

    @property
    def source_id(self) -> str:
        return f"chart-{self.key}"

    @property
    def payload(self) -> dict[str, Any]:
        """Return what static/js/chart.js draws."""
        return {
            "title": self.title,
            "summary": self.summary,
            "x_title": self.x_title,
            "unit": self.unit,
            "is_close_up": self.is_close_up,
            "has_bars": any(one.shape in BARS for one in self.series),
            "labels": list(self.labels),
            "urls": list(self.urls),
            "series": [
                {
                    "name": one.name,
                    "shape": one.shape,
                    "tone": one.tone,
                    "values": [None if v is None else float(v) for v in one.values],
                }
                for one in self.series
            ],
        }

    @property
    def columns(self) -> list[str]:
        names = [one.name for one in self.series]
        return [self.x_title or "", *names, *(one.name for one in self.columns_beside)]

    @property
    def linked_rows(self) -> list[tuple[str, list[str]]]:
        """Return the table twin with the address of each line, where it has one."""
        urls = self.urls or [""] * len(self.labels)
        return list(zip(urls, self.rows, strict=True))

    @property
    def rows(self) -> list[list[str]]:
        """Return the table twin: one row per label."""
        return [
            [
                label,
                *(self.write(one.values[i]) + self.unit for one in self.series),
                *(one.cells[i] for one in self.columns_beside),
            ]
            for i, label in enumerate(self.labels)
        ]


def waterfall(
    *,
    key: str,
    title: str,
    summary: str,
    moves: Sequence[tuple[str, float]],
    total: tuple[str, float],
    write: Callable[[float | None], str],
    urls: Sequence[str] = (),
) -> Chart:
    """Return a chart of moves, each from where the one before ended, and their sum.

    `urls` are those of the moves; the sum leads nowhere.
    """
    return Chart(
        key=key,
        title=title,
        summary=summary,
        labels=[*(name for name, _ in moves), total[0]],
        series=[Series("Change", [*(by for _, by in moves), total[1]], "waterfall")],
        x_title="Cause",
        write=write,
        urls=[*urls, ""] if urls else (),
    )


@dataclass(frozen=True, slots=True)
class Ribbon:
    """One ribbon of a flow: how much goes from one place to another; `url` opens it."""

    source: str
    target: str
    value: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A Sankey chart; `places` are the names on either side with their colour tokens.

    The table twin has one row per ribbon, with the texts of `cells` behind it.
    """

    key: str
    title: str
    summary: str
    places: Sequence[tuple[str, str]]
    ribbons: Sequence[Ribbon]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def linked_rows(self) -> list[tuple[str, list[str]]]:
        """Return the table twin with the address of each ribbon's names."""
        both = zip(self.ribbons, self.rows, strict=True)
        return [(one.url, list(row)) for one, row in both]

    @property
    def source_id(self) -> str:
        return f"chart-{self.key}"

    @property
    def payload(self) -> dict[str, Any]:
        """Return what static/js/chart.js draws."""
        return {
            "kind": "flow",
            "title": self.title,
            "summary": self.summary,
            "places": [{"name": name, "tone": tone} for name, tone in self.places],
            "ribbons": [
                {
                    "source": one.source,
                    "target": one.target,
                    "value": one.value,
                    "url": one.url,
                }
                for one in self.ribbons
            ],
        }
