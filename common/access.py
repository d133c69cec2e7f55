"""Who may open a view: every view says so, and a test reads what it says."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

EVERYBODY = "everybody"
SIGNED_IN = "signed-in"


class View(Protocol):
    """A Django view function."""

    def __call__(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def requires(permission: str) -> Callable[[View], View]:
    """Let only signed-in users who hold `permission` through; others get 403.

    `SIGNED_IN` asks for no more than a session.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if permission != SIGNED_IN and not request.user.has_perm(permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def for_everybody(view: View) -> View:
    """Mark a view that needs no sign-in, such as a health probe."""

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    marked.access = EVERYBODY  # type: ignore[attr-defined]
    return marked


def _to_login(request: HttpRequest) -> HttpResponse:
    """Send the whole window to sign-in, also when htmx asked for a fragment.

    A plain redirect would be followed by fetch() and the login form would land
    inside a table cell.
    """
    here = getattr(request, "htmx", None)
    if here and here.request:
        target = here.current_url_abs_path or "/"
        query = urlencode({"next": target})
        return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")
    query = urlencode({"next": request.get_full_path()})
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")
