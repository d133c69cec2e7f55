"""Style sheets are whole: with a brace too few the rest is lost on some screen."""

from pathlib import Path

import pytest

SHEETS = sorted((Path(__file__).resolve().parents[2] / "static/css").glob("*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=[sheet.name for sheet in SHEETS])
def test_every_section_begins_outside_of_all_others(sheet):
    depth = 0
    for number, line in enumerate(sheet.read_text().splitlines(), 1):
        if line.startswith("/* -- "):
            assert depth == 0, f"{sheet.name}:{number} stands inside another rule"
        depth += line.count("{") - line.count("}")
    assert depth == 0
