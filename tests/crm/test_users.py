"""People who sign in: pages, services, and the command for tokens."""

import re
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from rest_framework.test import APIClient

from crm.choices import Role
from crm.errors import CannotSaveUserError, LastAdministratorError
from crm.models import AuditEvent, Notification, Territory, User
from crm.services import users
from tests import make

LIST = "/people/"
NEW = "/people/new/"
FORM = {
    "name": "Nora New",
    "email": "Nora@Example.test",
    "roles": ["rep"],
    "hourly_cost": "45.00",
    "territory": "",
}


@pytest.fixture
def desk(client, administrator):
    client.force_login(administrator)
    return client


def link_in(answer):
    return re.search(r'value="http://[^/]+(/[^"]+)"', answer.content.decode())[1]


def roles(user):
    return sorted(User.objects.get(pk=user.pk).roles)


def test_the_list_names_everybody(desk, rep):
    make.account(owner=rep)
    body = desk.get(LIST).content.decode()
    assert "Rita Rep" in body
    assert "Ada Administrator" in body
    assert "Sales rep" in body


def test_the_list_asks_no_more_for_more_people(desk, assert_flat_queries):
    def add_rows():
        for _ in range(3):
            make.account(owner=make.user(Role.REP, Role.MANAGER))

    assert_flat_queries(lambda: desk.get(LIST), add_rows)


@pytest.mark.parametrize("role", ["rep", "manager", "marketer"])
def test_others_are_refused_and_change_nothing(client, role, rep, request):
    client.force_login(request.getfixturevalue(role))
    before = User.objects.count()
    urls = [LIST, NEW, f"/people/{rep.pk}/"]
    assert {client.get(url).status_code for url in urls} == {403}
    for url in (
        NEW,
        f"/people/{rep.pk}/",
        f"/people/{rep.pk}/deactivate/",
        f"/people/{rep.pk}/reset/",
        "/territories/new/",
    ):
        answer = client.post(url, FORM | {"roles": ["administrator"]})
        assert answer.status_code == 403
    rep.refresh_from_db()
    assert (User.objects.count(), rep.is_active, roles(rep)) == (before, True, ["rep"])
    assert AuditEvent.objects.exists() is False


def test_strangers_are_sent_to_sign_in(client, db):
    answer = client.get(LIST)
    assert (answer.status_code, answer.url) == (
        302,
        "/sign-in/login/?next=%2Fpeople%2F",
    )


def test_an_invited_person_sets_a_password_once_and_signs_in(desk):
    answer = desk.post(NEW, FORM)
    assert answer.status_code == 200
    invited = User.objects.get(email="nora@example.test")
    assert (invited.roles, invited.hourly_cost) == ({Role.REP}, Decimal("45.00"))
    assert invited.has_usable_password() is False
    assert AuditEvent.objects.get().action == "user.invited"

    link, visitor = link_in(answer), Client()
    page = visitor.get(link, follow=True)
    secret = {"password1": "long enough 7", "password2": "long enough 7"}
    assert page.status_code == 200
    visitor.post(page.request["PATH_INFO"], secret)
    invited.refresh_from_db()
    assert invited.check_password("long enough 7")

    again = Client().get(link, follow=True)
    assert "password1" not in again.content.decode()
    fresh = Client()
    entry = {"login": "nora@example.test", "password": "long enough 7"}
    assert fresh.post("/sign-in/login/", entry).status_code == 302
    assert fresh.get("/people/").status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    {
        "name": "",
        "email": "not an address",
        "roles": [],
        "hourly_cost": "-1",
        "territory": "999",
    }.items(),
)
def test_impossible_people_are_refused(desk, field, value):
    before = User.objects.count()
    answer = desk.post(NEW, FORM | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert User.objects.count() == before


def test_an_address_is_taken_in_any_case(desk, rep):
    answer = desk.post(NEW, FORM | {"email": rep.email.upper()})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])
    assert User.objects.filter(name="Nora New").exists() is False


def test_new_roles_hold_at_once(desk, rep):
    theirs = Client()
    theirs.force_login(rep)
    assert theirs.get("/value/").status_code == 403
    answer = desk.post(
        f"/people/{rep.pk}/", FORM | {"email": rep.email, "roles": ["manager"]}
    )
    assert (answer.status_code, answer.url) == (302, LIST)
    assert roles(rep) == [Role.MANAGER]
    assert theirs.get("/value/").status_code == 200
    event = AuditEvent.objects.get(action="user.changed")
    assert event.detail["roles"] == [["rep"], ["manager"]]


def test_the_old_address_signs_nobody_in(desk, rep):
    visitor = Client()
    secret = {"login": rep.email, "password": make.PASSWORD}
    visitor.post("/sign-in/login/", secret)  # allauth remembers the address now
    desk.post(f"/people/{rep.pk}/", FORM | {"email": "new@example.test"})
    assert Client().post("/sign-in/login/", secret).status_code == 200
    secret["login"] = "new@example.test"
    assert Client().post("/sign-in/login/", secret).status_code == 302


def test_a_deactivated_person_is_out_at_once(desk, rep):
    browser = Client()
    entry = {"login": rep.email, "password": make.PASSWORD}
    assert browser.post("/sign-in/login/", entry).status_code == 302
    _, token = AuthToken.objects.create(user=rep)
    caller = APIClient(headers={"Authorization": f"Token {token}"})
    url = "/api/v1/accounts/"
    assert browser.get(url).status_code == caller.get(url).status_code == 200

    answer = desk.post(f"/people/{rep.pk}/deactivate/")
    assert (answer.status_code, answer.url) == (302, LIST)
    assert browser.get(url).status_code == caller.get(url).status_code == 401
    assert Client().post("/sign-in/login/", entry).status_code != 302
    assert AuthToken.objects.exists() is False

    answer = desk.post(f"/people/{rep.pk}/reactivate/")
    assert link_in(answer).startswith("/sign-in/password/reset/key/")
    assert browser.get(url).status_code == caller.get(url).status_code == 401


def test_a_new_link_ends_older_links_and_sessions(desk, rep):
    old = link_in(desk.post(f"/people/{rep.pk}/reset/"))
    browser = Client()
    browser.force_login(rep)
    new = link_in(desk.post(f"/people/{rep.pk}/reset/"))
    assert browser.get("/api/v1/accounts/").status_code == 401
    assert "password1" not in Client().get(old, follow=True).content.decode()
    assert "password1" in Client().get(new, follow=True).content.decode()


def test_the_last_administrator_stays(desk, administrator):
    body = FORM | {"email": administrator.email, "roles": ["manager"]}
    answer = desk.post(f"/people/{administrator.pk}/", body)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["roles"])
    assert roles(administrator) == [Role.ADMINISTRATOR]
    assert "Ada Administrator" in answer.content.decode()

    desk.post(f"/people/{administrator.pk}/deactivate/")
    administrator.refresh_from_db()
    assert administrator.is_active is True


def test_who_stands_in_is_told_that_an_owner_left(administrator, manager, rep):
    make.account(owner=rep)

    for _ in range(2):
        users.deactivate_user(actor=administrator, user=rep)

    told = Notification.objects.get()
    assert told.user == manager
    assert told.text.startswith(f"{rep} left and owns 1 account. What plans ask for")
    assert told.url == f"/accounts/?owner={rep.pk}"


def test_a_deactivated_administrator_does_not_count(administrator, manager):
    second = make.user(Role.ADMINISTRATOR)
    users.deactivate_user(actor=administrator, user=second)
    with pytest.raises(LastAdministratorError):
        users.deactivate_user(actor=manager, user=administrator)
    with pytest.raises(CannotSaveUserError):
        users.reset_access(actor=administrator, user=second)
    administrator.refresh_from_db()
    assert administrator.is_active is True


def test_a_superuser_who_loses_the_role_loses_the_power(administrator):
    first = make.user(Role.ADMINISTRATOR, is_superuser=True)
    users.change_user(
        actor=administrator,
        user=first,
        email=first.email,
        name=first.name,
        roles=["rep"],
        hourly_cost=Decimal(1),
    )
    assert User.objects.get(pk=first.pk).has_perm("crm.manage_users") is False


def test_territories_are_added_once(desk):
    assert desk.post("/territories/new/", {"name": "North"}).status_code == 302
    assert desk.post("/territories/new/", {"name": "North"}).status_code == 422
    assert desk.post("/territories/new/", {"name": ""}).status_code == 422
    assert Territory.objects.get().name == "North"


def test_people_that_do_not_exist_are_not_found(desk):
    assert desk.get("/people/999999/").status_code == 404
    assert desk.post("/people/999999/reset/").status_code == 404


# -- The command for tokens --------------------------------------------------------


def test_a_token_is_printed_once_and_opens_the_api(rep, capsys):
    call_command("create_token", rep.email.upper(), "--days", "30")
    printed = capsys.readouterr()
    token = printed.out.strip()
    assert token not in printed.err
    caller = APIClient(headers={"Authorization": f"Token {token}"})
    assert caller.get("/api/v1/accounts/").status_code == 200
    assert caller.get(reverse("crm:user_list")).status_code == 302  # never a session
    stored = AuthToken.objects.get()
    assert (stored.expiry - stored.created).days in {29, 30}
    assert token not in str(vars(stored))
    event = AuditEvent.objects.get()
    assert event.action == "user.token_created"
    assert token not in str(event.detail)


@pytest.mark.parametrize(
    "arguments", [["nobody@example.test"], ["REP", "--days", "0"], ["GONE"]]
)
def test_impossible_tokens(rep, arguments):
    gone = make.user(is_active=False)
    known = {"REP": rep.email, "GONE": gone.email}
    with pytest.raises(CommandError):
        call_command("create_token", *[known.get(a, a) for a in arguments])
    assert AuthToken.objects.exists() is False
