"""Line charts as small SVG files, the same bytes on every machine.

Coordinates are rounded to a tenth of a pixel, colours are fixed and read on light and
dark grounds alike, and every chart says in words what it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 660, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 172, 34, 48
COLOURS = ("#2a78d6", "#d6692a", "#1f9d62", "#a349b8", "#8a8f98", "#c2a11a")
INK, FAINT = "#7a808a", "#b9bec7"
FONT = "font-family='system-ui,sans-serif' font-size='12'"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve, or the dots of what was observed."""

    label: str
    points: Points
    is_observed: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two curves over the same places."""

    label: str
    low: Points
    high: Points


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its axes; bounds follow the data, and 0 is shown."""

    title: str
    x_label: str
    y_label: str
    summary: str
    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    y_bounds: tuple[float, float] | None = None


def draw(chart: Chart) -> str:
    """Return the chart as SVG."""
    frame = _Frame.of(chart)
    body = [_axes(chart, frame)]
    body += [_band(band, COLOURS[n], frame) for n, band in enumerate(chart.bands)]
    body += [_line(one, COLOURS[n], frame) for n, one in enumerate(chart.lines)]
    body.append(_legend(chart))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}'"
        f" role='img' {FONT} fill='none'>\n<title>{escape(chart.title)}</title>\n"
        f"<desc>{escape(chart.summary)}</desc>\n"
        f"<text x='{LEFT}' y='18' fill='{INK}' font-weight='600'>"
        f"{escape(chart.title)}</text>\n" + "\n".join(body) + "\n</svg>\n"
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    low_x: float
    high_x: float
    low_y: float
    high_y: float

    @classmethod
    def of(cls, chart: Chart) -> "_Frame":
        points = [point for one in chart.lines for point in one.points]
        points += [p for band in chart.bands for p in (*band.low, *band.high)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        low, high = chart.y_bounds or (min(0.0, *ys), max(0.0, *ys))
        return cls(min(xs), max(xs), low, high)

    def x(self, value: float) -> str:
        share = (value - self.low_x) / (self.high_x - self.low_x)
        return _px(LEFT + share * (WIDTH - LEFT - RIGHT))

    def y(self, value: float) -> str:
        share = (value - self.low_y) / (self.high_y - self.low_y)
        return _px(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))

    def path(self, points: Points) -> str:
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def ticks(low: float, high: float) -> list[float]:
    """Return three to seven round places from `low` to `high`."""
    span = high - low
    size = 10.0 ** len(str(int(span))) / 10.0 if span >= 1.0 else 0.1
    while span / size < 3.0:  # noqa: PLR2004
        size /= 2.0 if str(size).strip("0.").startswith("1") else 2.5
    while span / size > 7.0:  # noqa: PLR2004
        size *= 2.0
    first = int(low / size) if low >= 0 else -int(-low / size)
    places = [(first + n) * size for n in range(9)]
    return [place for place in places if low - 1e-9 <= place <= high + 1e-9]


def _axes(chart: Chart, frame: _Frame) -> str:
    parts = []
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for place in ticks(frame.low_y, frame.high_y):
        y = frame.y(place)
        parts.append(
            f"<path d='M{LEFT} {y}H{right}' stroke='{FAINT}' stroke-opacity='.5'/>"
            f"<text x='{LEFT - 8}' y='{y}' dy='4' text-anchor='end' fill='{INK}'>"
            f"{place:g}</text>"
        )
    parts += [
        f"<text x='{frame.x(place)}' y='{bottom + 18}' text-anchor='middle'"
        f" fill='{INK}'>{place:g}</text>"
        for place in ticks(frame.low_x, frame.high_x)
    ]
    parts.append(
        f"<text x='{(LEFT + right) // 2}' y='{HEIGHT - 8}' text-anchor='middle'"
        f" fill='{INK}'>{escape(chart.x_label)}</text>"
        f"<text x='14' y='{(TOP + bottom) // 2}' text-anchor='middle' fill='{INK}'"
        f" transform='rotate(-90 14 {(TOP + bottom) // 2})'>{escape(chart.y_label)}"
        "</text>"
    )
    return "\n".join(parts)


def _band(band: Band, colour: str, frame: _Frame) -> str:
    outline = frame.path([*band.low, *reversed(band.high)])
    return f"<polygon points='{outline}' fill='{colour}' fill-opacity='.22'/>"


def _line(line: Line, colour: str, frame: _Frame) -> str:
    if line.is_observed:
        return "".join(
            f"<circle cx='{frame.x(x)}' cy='{frame.y(y)}' r='3.5' fill='{colour}'/>"
            for x, y in line.points
        )
    return (
        f"<polyline points='{frame.path(line.points)}' stroke='{colour}'"
        " stroke-width='2'/>"
    )


def _legend(chart: Chart) -> str:
    parts, x = [], WIDTH - RIGHT + 14
    labels = [*(one.label for one in chart.lines), *(b.label for b in chart.bands)]
    colours = [*COLOURS[: len(chart.lines)], *COLOURS[: len(chart.bands)]]
    for place, (label, colour) in enumerate(zip(labels, colours, strict=True)):
        y = TOP + 10 + 19 * place
        parts.append(
            f"<rect x='{x}' y='{y - 9}' width='10' height='10' fill='{colour}'/>"
            f"<text x='{x + 16}' y='{y}' fill='{INK}'>{escape(label)}</text>"
        )
    return "\n".join(parts)
