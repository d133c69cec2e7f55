"""The frame: menu by role, sign-in pages, failures, nothing inline."""

import re

import pytest
from django.contrib.messages import get_messages
from django.template.loader import render_to_string
from django.urls import reverse

from tests import make

SIGNED_IN_PAGES = [
    "account_logout",
    "account_change_password",
    "account_email",
    "usersessions_list",
]
OPEN_PAGES = ["account_login", "account_reset_password", "account_reset_password_done"]
INLINE = re.compile(r"\sstyle=|\son\w+=|hx-on|<style|<script(?![^>]*(src=|json))")


@pytest.mark.parametrize("name", OPEN_PAGES)
def test_pages_of_sign_in_open_without_anything_inline(client, rep, name):
    page = client.get(reverse(name)).content.decode()
    assert 'class="c-entrance"' in page
    assert INLINE.search(page) is None


@pytest.mark.parametrize("name", SIGNED_IN_PAGES)
def test_pages_of_ones_account_stand_in_the_frame(client, manager, name):
    client.force_login(manager)
    page = client.get(reverse(name)).content.decode()
    assert 'href="#main"' in page
    assert 'aria-label="Main"' in page
    assert INLINE.search(page) is None


@pytest.mark.ignore_template_errors  # allauth looks into what is not set up
def test_two_factor_can_be_set_up(client, manager):
    client.force_login(manager)
    asked = client.get(reverse("mfa_activate_totp"), follow=True)
    done = client.post(
        asked.request["PATH_INFO"],
        {"password": make.PASSWORD, "next": reverse("mfa_activate_totp")},
        follow=True,
    )
    assert "Authenticator secret" in done.content.decode()
    for response in [done, client.get(reverse("mfa_index"))]:
        page = response.content.decode()
        assert 'aria-label="Main"' in page
        assert INLINE.search(page) is None


def sign_in(client, user):
    return client.post(
        reverse("account_login"), {"login": user.email, "password": make.PASSWORD}
    )


def test_a_wrong_password_is_named_and_tied_to_the_form(client, rep):
    response = client.post(
        reverse("account_login"), {"login": rep.email, "password": "wrong"}
    )
    assert 'class="errorlist nonfield"' in response.content.decode()


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("rep", [], ["/value/", "/runs/", "/people/"]),
        ("manager", ["/value/"], ["/people/"]),
    ],
)
def test_the_menu_shows_what_the_role_may_open(
    client, db, request, role, shown, hidden
):
    client.force_login(request.getfixturevalue(role))
    page = client.get(reverse("account_change_password")).content.decode()
    for address in hidden:
        assert f'href="{address}"' not in page
    for address in shown:
        assert f'href="{address}"' in page


def test_a_page_that_is_not_there_is_designed(client, manager):
    assert "Nothing is here" in client.get("/nowhere/").content.decode()
    client.force_login(manager)
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert 'aria-label="Main"' in response.content.decode()


def test_a_forbidden_page_says_who_can_help(client, rep):
    client.force_login(rep)
    response = client.get(reverse("segments:value"))
    assert response.status_code == 403
    assert "Ask an administrator" in response.content.decode()


@pytest.mark.parametrize("template", ["500.html", "503.html"])
def test_failures_render_without_a_request_or_the_database(template):
    page = render_to_string(template)
    assert "stored" in page
    assert INLINE.search(page) is None


def test_the_first_page_of_an_empty_firm_makes_the_administrator(client, db):
    page = client.get(reverse("first_setup")).content.decode()
    assert "You become the administrator" in page
    response = client.post(reverse("first_setup"), {"name": "Ada", "email": "no"})
    assert response.status_code == 422
    assert 'id="id_email_error"' in response.content.decode()


def test_a_message_becomes_a_toast(client, rep):
    response = sign_in(client, rep)
    assert list(get_messages(response.wsgi_request))
    page = client.get(reverse("account_change_password")).content.decode()
    assert "data-toast" in page


@pytest.mark.parametrize("path", ["/", "/deals/", "/no-such/page/", "/sign-in/login/"])
def test_any_address_of_an_empty_firm_leads_to_its_first_page(client, db, path):
    answer = client.get(path, follow=True)
    assert answer.redirect_chain[-1] == ("/setup/", 302)
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/accounts/").status_code == 401
    make.user()
    assert "/setup/" not in client.get(path).headers.get("Location", "")
