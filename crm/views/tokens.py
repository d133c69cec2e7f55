"""One's own API tokens: make one, see it once, end it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from knox.models import AuthToken

from common.access import SIGNED_IN, requires
from common.errors import DomainError
from crm.forms.users import TokenForm
from crm.queries.staff import token_rows
from crm.requests import SignedInRequest
from crm.services import tokens


@never_cache
@require_http_methods(["GET", "POST"])
@requires(SIGNED_IN)
def token_list(request: SignedInRequest) -> HttpResponse:
    """List one's tokens; a new one stands on the answer, this once."""
    form, made, status = TokenForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = tokens.create_own_token(actor=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(error.field or None, error.message)
            else:
                form, status = TokenForm(), 200
    context = {"form": form, "made": made, "tokens": token_rows(request.user)}
    return render(request, "crm/users/tokens.html", context, status=status)


@require_POST
@requires(SIGNED_IN)
def token_end(request: SignedInRequest, key: str) -> HttpResponse:
    token = get_object_or_404(AuthToken, user=request.user, token_key=key)
    tokens.end_token(actor=request.user, token=token)
    messages.success(request, "The token is ended. What calls with it is refused.")
    return redirect("crm:token_list")
