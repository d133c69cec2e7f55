"""Which link of the menu a page stands under."""

import re

import pytest

from config.shell import MENU, menu_of, menus_of, place_of


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


def test_the_menus_are_those_of_the_roles_and_the_page(rep, administrator):
    for user in (rep, administrator, rep):
        hrefs = [link.href for group in menu_of(user) for link in group.links]
        for path in ("/accounts/", "/today/"):
            menus = menus_of(user, path)
            for drawn in (menus.side, menus.more):
                assert re.findall(r'href="([^"]*)"', drawn) == hrefs
                current = re.findall(r'href="([^"]*)"[^>]* aria-current="page"', drawn)
                assert current == [path]
            assert 'id="nav-side-' in menus.side
            assert 'id="nav-more-' in menus.more
