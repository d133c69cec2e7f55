"""The front door: home, first set-up, probes and error pages."""

from collections.abc import Callable
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.contrib.auth import login
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import SIGNED_IN, for_everybody, requires
from common.clock import business_today
from common.folding import LONGEST
from common.older_pages import ask_anew
from config.health import readiness
from config.palette import search
from config.setup import FirstAdministratorForm, needs_setup
from crm.choices import Role
from crm.models import User
from crm.requests import SignedInRequest
from segments import permissions as segments
from segments.queries.gut import desk_of

API = "/api/"
SIGN_IN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_GET
@for_everybody
def home(request: HttpRequest) -> HttpResponse:
    """Open the first page of the menu: the page that the role works on."""
    if not request.user.is_authenticated:
        return redirect("first_setup" if needs_setup() else "account_login")
    return redirect(_first_page(request))


def _first_page(request: HttpRequest) -> str:
    """Return where the user's role starts its day."""
    roles = request.user.roles if isinstance(request.user, User) else frozenset()
    if Role.MARKETER in roles:
        return "campaigns:plan_list"
    if request.user.has_perm(segments.VIEW_DASHBOARD):
        return "segments:value"
    return "campaigns:today" if roles else "account_change_password"


@require_http_methods(["GET", "POST"])
@for_everybody
def first_setup(request: HttpRequest) -> HttpResponse:
    """Make the administrator of an empty firm; closed once there is a user."""
    if not needs_setup():
        return redirect("account_login")
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        if user is not None:
            login(request, user, backend=SIGN_IN_BACKEND)
        return redirect("home")
    status = 422 if form.errors else 200
    return render(request, "config/setup.html", {"form": form}, status=status)


@require_GET
@requires(SIGNED_IN)
def find(request: SignedInRequest) -> HttpResponse:
    """Return what fits the words of the palette."""
    typed = request.GET.get("q", "")[:LONGEST].strip()
    found = search(request.user, typed, is_blind=_is_naming(request))
    context = {"sections": found, "typed": typed}
    return render(request, "config/_found.html", context)


@require_POST
@requires(SIGNED_IN)
def figures_anew(request: SignedInRequest) -> HttpResponse:
    """Let the visitor wait for the newest figures, and lead back to the page."""
    ask_anew(request)
    then = request.POST.get("next", "")
    is_ours = then.startswith("/") and url_has_allowed_host_and_scheme(then, None)
    return redirect(then if is_ours else "home")


def _is_naming(request: SignedInRequest) -> bool:
    """Tell whether the palette stands over a page that must show no figures yet."""
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if page != reverse("segments:gut"):
        return False
    desk = desk_of(request.user, business_today())
    return desk.places > 0 and not desk.is_submitted


@require_GET
@for_everybody
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process serves; asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_GET
@for_everybody
def readyz(request: HttpRequest) -> HttpResponse:
    """Say what works and what is degraded; 503 only when pages cannot be served."""
    report = readiness(connection)
    return JsonResponse(report.as_dict(), status=200 if report.is_serving else 503)


def relaxed_docs(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Allow the API docs page its one inline style block."""
    guarded = requires(SIGNED_IN)(view)
    relaxed: Callable[..., HttpResponseBase] = csp_update(
        {"style-src": ["'unsafe-inline'"]}
    )(guarded)
    return relaxed


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return _problem(403, "permission_denied", "This role may not do that.")
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return _problem(404, "not_found", "There is no such address.")
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return _problem(500, "error", "Something went wrong on our side.")
    # Rendered without context processors: they may be what failed.
    return render(None, "500.html", status=500)


def _problem(status: int, code: str, detail: str) -> HttpResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)
