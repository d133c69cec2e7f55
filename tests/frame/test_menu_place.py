"""Which link of the menu a page stands under."""

import pytest

from config.shell import MENU, place_of


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/value/", "segments:value"),
        ("/classes/general/", "segments:value"),
        ("/value/levers/scenarios/", "segments:levers"),
        ("/value/matrix/similar/", "segments:matrix"),
        ("/profit/losses/", "segments:profit_choose"),
        ("/nowhere/", ""),
    ],
)
def test_a_page_stands_under_the_nearest_link(path, link):
    assert place_of(MENU, path) == link


def test_a_menu_without_links_has_no_place():
    assert place_of((), "/value/") == ""
