"""Each methods page has its plot; the command draws the very bytes that are kept."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.plots.figures import FIGURES
from docs.plots.svg import WIDTH, Chart, Line, draw, ticks

ROOT = Path(__file__).parents[3]
METHODS = ROOT / "docs/methods"
PAGES = sorted(page.stem for page in METHODS.glob("*.md") if page.stem != "README")
LARGEST = 12_000  # bytes


def test_every_methods_page_has_its_plot():
    assert sorted(FIGURES) == PAGES
    for name in PAGES:
        assert f"](plots/{name}.svg)" in (METHODS / f"{name}.md").read_text()


def test_the_command_draws_what_is_kept(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "docs.plots", str(tmp_path)], cwd=ROOT, check=True
    )
    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in (METHODS / "plots").iterdir()}
    assert drawn == kept
    assert all(len(text) < LARGEST for text in kept.values())


@pytest.mark.parametrize("name", FIGURES)
def test_a_plot_says_in_words_what_it_shows(name):
    root = ElementTree.fromstring((METHODS / f"plots/{name}.svg").read_text())  # noqa: S314
    texts = {child.tag.rpartition("}")[2]: child.text for child in root}
    assert len(texts["title"]) > 10
    assert len(texts["desc"]) > 20
    assert root.get("viewBox").split()[2] == str(WIDTH)


def test_a_line_lies_where_its_numbers_say():
    chart = Chart("t", "x", "y", "s", [Line("a", [(0.0, 0.0), (10.0, 5.0)])])
    assert "points='64,292 488,34'" in draw(chart)


@pytest.mark.parametrize(
    ("bounds", "places"),
    [
        ((0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ((0.0, 52.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]),
        ((-400.0, 1040.0), [-400.0, 0.0, 400.0, 800.0]),
    ],
)
def test_axes_have_round_places(bounds, places):
    assert ticks(*bounds) == pytest.approx(places)
