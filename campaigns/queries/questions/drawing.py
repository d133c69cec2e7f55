"""Charts of answers."""

from collections.abc import Sequence
from typing import Any

from campaigns.queries.questions.base import Column, Draw, Row
from common.charts import Chart, Series

TONES = ("chart-1", "chart-2", "chart-3", "chart-4")


def chart_of(
    draw: Draw, found: Sequence[Row], columns: Sequence[Column]
) -> Chart | None:
    """Return the chart of rows that were read, None where there is nothing to draw.

    The answer's sentence stands above it, so its caption says what is drawn.
    """
    if not any(row[key] for row in found for key in draw.series):
        return None
    known = {one.key: one for one in columns}
    series = [known.get(key) or Column(key, key.capitalize()) for key in draw.series]
    return Chart(
        key="answer",
        title=draw.title,
        summary=draw.title,
        labels=[str(row[draw.label]) for row in found],
        series=[
            Series(
                one.title,
                [
                    None if row[one.key] is None else float(row[one.key])
                    for row in found
                ],
                draw.shape,
                TONES[place % len(TONES)],
            )
            for place, one in enumerate(series)
        ],
        x_title=draw.x_title,
        write=_writer(series),
    )


def _writer(series: Sequence[Column]) -> Any:
    return series[0].say if series[0].is_number else Column("", "", "count").say
