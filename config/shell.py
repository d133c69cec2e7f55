"""What the frame around every page needs: who is here and where they may go."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from campaigns import permissions as campaigns
from clv import permissions as clv
from crm import permissions as crm
from segments import permissions as segments


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the main menu; `also` is the beginning of addresses it covers."""

    title: str
    url_name: str
    icon: str
    permission: str
    also: str = ""


MENU = (
    Link("Today", "campaigns:today", "sun", campaigns.VIEW_TODAY),
    Link("Accounts", "campaigns:account_list", "building-2", crm.VIEW_ACCOUNTS),
    Link("Prospects", "campaigns:prospect_list", "user-plus", clv.VIEW_VALUES),
    Link(
        "Value", "segments:value", "trending-up", segments.VIEW_DASHBOARD, "/classes/"
    ),
    Link("Forecast", "segments:forecast", "calendar-range", segments.VIEW_DASHBOARD),
    Link("Plans", "campaigns:plan_list", "clipboard-list", campaigns.VIEW_PLANS),
    Link("Accuracy", "clv:accuracy", "target", clv.VIEW_ACCURACY),
    Link(
        "Assumptions",
        "clv:assumptions",
        "sliders-horizontal",
        clv.CHANGE_ASSUMPTIONS,
    ),
    Link("Runs", "clv:run_list", "moon", clv.VIEW_RUNS),
    Link("People", "crm:user_list", "users", crm.MANAGE_USERS),
)


def shell(request: HttpRequest) -> dict[str, object]:
    """Return the menu that the signed-in user may use."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"menu": (), "can_log": False, "currency": settings.CURRENCY}
    return {
        "menu": tuple(link for link in MENU if user.has_perm(link.permission)),
        "can_log": user.has_perm(crm.LOG_TOUCHPOINTS),
        "currency": settings.CURRENCY,
    }
