"""The first page of an empty firm: it makes the administrator."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from crm.choices import Role
from crm.models import User

API = "/api/"
NOT_FOUND = 404
SETUP_LOCK = 7_236_364  # any constant; serialises two people at an empty firm


def needs_setup() -> bool:
    """Tell whether nobody can sign in yet."""
    return not User.objects.exists()


class SetUpFirst:
    """Lead whoever comes to an empty firm, by whatever address, to its first page.

    Asks nothing where a page is shown: only visitors who would have to sign in, or
    find nothing, may stand before an empty firm.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if self._is_shut_out(request, response) and needs_setup():
            return redirect("first_setup")
        return response

    def _is_shut_out(self, request: HttpRequest, response: HttpResponse) -> bool:
        if request.path.startswith(API) or request.user.is_authenticated:
            return False
        # Every page that asks to sign in first leads there.
        is_sign_in = request.path == reverse("account_login")
        return is_sign_in or response.status_code == NOT_FOUND


class FirstAdministratorForm(forms.Form):
    """Name, address and password of the first administrator."""

    name = forms.CharField(max_length=150, label="Your name")
    email = forms.EmailField(label="E-mail")
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password"):
            person = User(email=data.get("email", ""), name=data.get("name", ""))
            try:
                validate_password(data["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data

    @transaction.atomic
    def save(self) -> User | None:
        """Make the administrator; None for the second of two people at once."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
        if not needs_setup():
            return None
        data = self.cleaned_data
        user = User.objects.create_user(
            data["email"], data["password"], name=data["name"], is_superuser=True
        )
        user.groups.add(Group.objects.get(name=Role.ADMINISTRATOR))
        return user
