"""The page behind the link in every mail: stop getting them, without signing in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.services import optouts
from common.access import for_everybody

ONE_CLICK = "List-Unsubscribe"


@csrf_exempt  # mail programs post without a session; the signed link is who they are
@never_cache
@require_http_methods(["GET", "POST"])
@for_everybody
def optout(request: HttpRequest, token: str) -> HttpResponse:
    """Show what can be stopped; only a POST stops it (RFC 8058)."""
    found = optouts.read(token)
    if request.method == "POST" and found is not None:
        only_topic = request.POST.get("only") == "topic" and bool(found.topic)
        optouts.stop(found, only_topic=only_topic)
        if ONE_CLICK in request.POST:
            return HttpResponse("Stopped.", content_type="text/plain")
        return redirect(request.path)
    response = render(
        request,
        "campaigns/optout.html",
        {"optout": found},
        status=200 if found else 404,
    )
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
