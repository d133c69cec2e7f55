"""What the frame around every page needs: who is here and where they may go."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from campaigns import permissions as campaigns
from clv import permissions as clv
from crm import permissions as crm
from crm.models import User
from crm.queries.unread import unread_count
from segments import permissions as segments

AT_THE_BOTTOM = 3  # pages; search, log and the rest stand beside them
MENUS_KEPT = 256  # for each set of roles and each place one at the side and one more

_address = cache(reverse)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the main menu.

    `also` is the beginning of addresses it covers; `go` the letter that opens it after
    G; `at_the_bottom` says that a phone shows it there and not only under "More".
    """

    title: str
    url_name: str
    icon: str
    permission: str
    also: str = ""
    go: str = ""
    at_the_bottom: bool = False

    @property
    def href(self) -> str:
        return _address(self.url_name)


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the main menu that belong together; the first group has no title."""

    title: str
    links: tuple[Link, ...]

    @property
    def key(self) -> str:
        return self.title.lower()


@dataclass(frozen=True, slots=True)
class Menus:
    """The main menu of one person on one page, drawn for the side and for "More"."""

    side: SafeString
    more: SafeString
    bottom: tuple[Link, ...]
    place: str


MENU = (
    Group(
        "",
        (
            Link(
                "Today",
                "campaigns:today",
                "sun",
                campaigns.VIEW_TODAY,
                go="t",
                at_the_bottom=True,
            ),
            Link(
                "My objective",
                "campaigns:my_objective",
                "goal",
                campaigns.VIEW_TODAY,
                go="j",
            ),
            Link("Team", "campaigns:team", "users-round", campaigns.VIEW_TODAY),
            Link("CARE", "campaigns:care", "hand-heart", campaigns.VIEW_TODAY),
            Link(
                "Accounts",
                "campaigns:account_list",
                "building-2",
                crm.VIEW_ACCOUNTS,
                go="a",
                at_the_bottom=True,
            ),
            Link(
                "Contacts",
                "campaigns:contact_list",
                "contact",
                crm.VIEW_ACCOUNTS,
                go="n",
            ),
            Link(
                "Tasks",
                "campaigns:task_list",
                "list-checks",
                crm.VIEW_ACCOUNTS,
                go="k",
            ),
            Link("Cases", "campaigns:case_list", "life-buoy", crm.VIEW_CASES, go="b"),
            Link(
                "Prospects",
                "campaigns:prospect_list",
                "user-plus",
                clv.VIEW_VALUES,
                go="p",
            ),
            Link(
                "Calendar",
                "campaigns:calendar",
                "calendar-days",
                campaigns.VIEW_TODAY,
                go="m",
            ),
            Link(
                "Mails",
                "campaigns:delivery_list",
                "mail",
                campaigns.VIEW_PLANS,
            ),
            Link(
                "Deals",
                "campaigns:deal_board",
                "handshake",
                crm.VIEW_DEALS,
                go="d",
                at_the_bottom=True,
            ),
        ),
    ),
    Group(
        "Worth",
        (
            Link(
                "Value",
                "segments:value",
                "trending-up",
                segments.VIEW_DASHBOARD,
                also="/classes/",
                go="v",
            ),
            Link(
                "Experience",
                "campaigns:experience",
                "smile",
                segments.VIEW_DASHBOARD,
            ),
            Link("Migration", "segments:migration", "shuffle", segments.VIEW_CLASSES),
            Link("Class rule", "segments:rule", "scale", segments.VIEW_CLASSES),
            Link(
                "Forecast",
                "segments:forecast",
                "calendar-range",
                segments.VIEW_DASHBOARD,
                go="f",
            ),
            Link(
                "Questions",
                "campaigns:question_list",
                "message-circle-question-mark",
                campaigns.ASK_QUESTIONS,
                go="q",
            ),
            Link(
                "Value matrix",
                "segments:matrix",
                "grid-2x2",
                segments.VIEW_DASHBOARD,
                go="e",
            ),
            Link(
                "Targeting",
                "segments:targeting",
                "crosshair",
                segments.VIEW_DASHBOARD,
                go="i",
            ),
            Link(
                "Data quality",
                "segments:quality",
                "file-question-mark",
                segments.VIEW_DASHBOARD,
            ),
            Link("Gut versus data", "segments:gut", "brain", segments.VIEW_CLASSES),
            Link(
                "Levers",
                "segments:levers",
                "sliders-vertical",
                segments.VIEW_DASHBOARD,
                go="h",
            ),
            Link(
                "Products",
                "crm:product_list",
                "package",
                crm.VIEW_PRODUCTS,
                also="/competitors/",
                go="o",
            ),
            Link(
                "Expansions",
                "clv:expansion_board",
                "sprout",
                clv.VIEW_VALUES,
                go="x",
            ),
            Link(
                "Allocation",
                "campaigns:allocation",
                "scale",
                segments.VIEW_DASHBOARD,
                go="z",
            ),
            Link(
                "Optimiser",
                "campaigns:optimiser",
                "wand-sparkles",
                campaigns.OPTIMISE_PLANS,
            ),
            Link(
                "Plans",
                "campaigns:plan_list",
                "clipboard-list",
                campaigns.VIEW_PLANS,
                go="l",
            ),
            Link(
                "Campaigns",
                "campaigns:campaign_list",
                "megaphone",
                campaigns.VIEW_CAMPAIGNS,
            ),
            Link(
                "Plan board",
                "campaigns:plan_board",
                "square-kanban",
                segments.VIEW_DASHBOARD,
            ),
            Link(
                "Automations",
                "campaigns:automation_list",
                "workflow",
                campaigns.VIEW_AUTOMATIONS,
            ),
            Link(
                "Profit",
                "segments:profit_choose",
                "chart-no-axes-column",
                segments.VIEW_DASHBOARD,
                also="/profit/",
                go="g",
            ),
            Link("Ledger", "crm:ledger_list", "receipt", crm.VIEW_LEDGER),
            Link("Overlap", "crm:overlap", "radar", crm.VIEW_OVERLAP, go="w"),
        ),
    ),
    Group(
        "Engine",
        (
            Link("Accuracy", "clv:accuracy", "target", clv.VIEW_ACCURACY, go="y"),
            Link(
                "Assumptions",
                "clv:assumptions",
                "sliders-horizontal",
                clv.CHANGE_ASSUMPTIONS,
                go="s",
            ),
            Link("Runs", "clv:run_list", "moon", clv.VIEW_RUNS, go="r"),
            Link(
                "Catalogues",
                "crm:event_type_list",
                "library",
                crm.CHANGE_CATALOGUES,
                also="/catalogues/",
                go="c",
            ),
            Link("Import", "crm:import_list", "file-input", crm.IMPORT_DATA),
            Link("Hourly costs", "crm:rate_list", "hand-coins", crm.SET_RATES),
            Link("People", "crm:user_list", "users", crm.MANAGE_USERS, go="u"),
        ),
    ),
)


def menu_of(user: User) -> tuple[Group, ...]:
    """Return what the user may open, in its groups; no group is empty."""
    allowed = (
        replace(
            group,
            links=tuple(link for link in group.links if user.has_perm(link.permission)),
        )
        for group in MENU
    )
    return tuple(group for group in allowed if group.links)


def bottom_of(menu: tuple[Group, ...]) -> tuple[Link, ...]:
    """Return what a phone shows at the bottom: the daily pages, else the first ones."""
    links = [link for group in menu for link in group.links]
    daily = [link for link in links if link.at_the_bottom]
    others = [link for link in links if not link.at_the_bottom]
    return tuple([*daily, *others][:AT_THE_BOTTOM])


def place_of(menu: tuple[Group, ...], path: str) -> str:
    """Return the address name of the link that a page stands under: the nearest one."""
    prefixes = [
        (len(prefix), link.url_name)
        for group in menu
        for link in group.links
        for prefix in (link.href, link.also)
        if prefix and path.startswith(prefix)
    ]
    return max(prefixes, default=(0, ""))[1]


def menus_of(user: User, path: str) -> Menus:
    """Return the menus of what the user may open, on the page with that path."""
    menu = menu_of(user)
    place = place_of(menu, path)
    return Menus(
        side=_drawn(menu, "side", place),
        more=_drawn(menu, "more", place),
        bottom=bottom_of(menu),
        place=place,
    )


@lru_cache(maxsize=MENUS_KEPT)
def _drawn(menu: tuple[Group, ...], place: str, menu_place: str) -> SafeString:
    context = {"menu": menu, "place": place, "menu_place": menu_place}
    return render_to_string("common/_menu.html", context)


def shell(request: HttpRequest) -> dict[str, object]:
    """Return the menus that the signed-in user may use; fragments have none."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {
            "can_log": False,
            "can_open_case": False,
            "unread": 0,
            "currency": settings.CURRENCY,
        }
    return {
        "menus": SimpleLazyObject(lambda: menus_of(user, request.path)),
        "can_log": user.has_perm(crm.LOG_TOUCHPOINTS),
        "can_open_case": user.has_perm(crm.CHANGE_CASES),
        # Fragments have no bell, and ask nothing.
        "unread": SimpleLazyObject(lambda: unread_count(user)),
        "currency": settings.CURRENCY,
    }
