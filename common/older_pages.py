"""Older answers in pages: allowed where something is read, and said where they are."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from common import older
from common.htmx import wants_fragment

# In the session: nothing older is to be given; when something was changed.
SINCE, ACTED = "figures_since", "figures_acted"
PLACE = b'<div id="figures-as-of"></div>'
HEADER = "Figures-As-Of"
MOVED = 300


class OlderAnswers:
    """Allow what reads to be given older answers, and say so in what it answers.

    A page says it above its content, a fragment there as well, and a file or an answer
    of the API in the header `Figures-As-Of`.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse
        if request.method != "GET":
            response = self.get_response(request)
            if _is_signed_in(request) and older.is_large():
                request.session[ACTED] = timezone.now().isoformat()
            return response
        with older.allowed(_moment(request, SINCE), _moment(request, ACTED)) as given:
            response = self.get_response(request)
        if given.oldest is not None:
            _say(request, response, given, given.oldest)
        return response


def ask_anew(request: HttpRequest) -> None:
    """Let this visitor be given nothing that was worked out before now."""
    request.session[SINCE] = timezone.now().isoformat()


def _has_session(request: HttpRequest) -> bool:
    """Tell whether there is a session; who comes without a cookie has none."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _is_signed_in(request: HttpRequest) -> bool:
    return _has_session(request) and request.user.is_authenticated


def _moment(request: HttpRequest, name: str) -> dt.datetime | None:
    said = request.session.get(name) if _has_session(request) else None
    return dt.datetime.fromisoformat(said) if said else None


def _say(
    request: HttpRequest,
    response: HttpResponse,
    given: older.Given,
    oldest: dt.datetime,
) -> None:
    response.headers[HEADER] = oldest.isoformat()
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if response.streaming or not is_page or response.status_code >= MOVED:
        return
    is_part = wants_fragment(request)
    words = render_to_string(
        "common/_older_figures.html",
        {"given": given, "is_part": is_part, "here": _address(request)},
        request,
    ).encode()
    if is_part:
        response.content += words
    else:
        response.content = response.content.replace(PLACE, words, 1)


def _address(request: HttpRequest) -> str:
    """Return the address of the page that is looked at."""
    shown = getattr(request.htmx, "current_url_abs_path", None)  # type: ignore[attr-defined]
    return shown or request.get_full_path()
