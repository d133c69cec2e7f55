"""How a cell of a list is written."""

import pytest

from common.lists.cells import cell_html
from common.lists.columns import Cell, Column, Tag

NASTY = "<script>alert(\"x\")</script> & 'co'"
SAFE = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#x27;co&#x27;"


def column(**more):
    return Column("city", "City", cell=None, export=None, **more)


def test_a_cell_is_one_table_cell():
    assert cell_html(column(), Cell("Bonn")) == (
        '<td class="" data-cell="city" data-label="City">Bonn</td>'
    )
    shown = column(is_number=True, is_on_phone=True, style="is-short", is_fixed=True)
    assert cell_html(shown, Cell("Bonn", tone="loss")) == (
        '<td class="is-number is-short p-cell--loss is-on-phone" data-cell="city">'
        "Bonn</td>"
    )


@pytest.mark.parametrize(
    "cell",
    [
        Cell(NASTY),
        Cell("x", hint=NASTY),
        Cell(NASTY, url="/a/"),
        Cell(NASTY, badge="general"),
        Cell("x", mark=NASTY, under=NASTY),
        Cell("", tags=(Tag("1", NASTY, "green"),)),
    ],
)
def test_whatever_somebody_typed_is_escaped(cell):
    html = cell_html(column(), cell, filter_url="?city=a&b", edit_url="/c/")
    assert SAFE in html
    assert "<script" not in html


def test_a_click_opens_or_filters_and_a_pen_edits():
    assert '<a href="/a/" data-open>A</a>' in cell_html(column(), Cell("A", url="/a/"))
    filtering = cell_html(column(), Cell("A"), filter_url="?city=a&b=c")
    assert '<a class="p-cell__filter" href="?city=a&amp;b=c">A</a>' in filtering
    edited = cell_html(column(), Cell("A"), edit_url="/c/")
    assert ' data-edit="/c/">A<button type="button" class="p-cell__edit"' in edited
    assert 'hx-get="/c/?edit=1"' in edited
    assert "<button" not in filtering
