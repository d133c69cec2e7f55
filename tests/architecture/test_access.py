"""Every view says who may open it."""

import pytest
from django.contrib.auth.models import Permission

from common.access import EVERYBODY, SIGNED_IN
from common.api import HasPermission, SignedIn
from config.roles import GRANTS
from crm.choices import Role
from crm.permissions import LOG_TOUCHPOINTS, MANAGE_USERS
from tests.architecture.routes import OURS, Route

KNOWN = frozenset().union(*GRANTS.values())
WRITING = {"post", "put", "patch", "delete"}
FOR_EVERYBODY = {
    "",
    "setup/",
    "healthz",
    "readyz",
    "log/offline/",
    "service-worker.js",
    "mail/stop/<str:token>/",  # signed by us, for who got the mail
    "calendar/feed/<str:token>.ics",  # its address is a secret, and can be revoked
}


def problem_of(route):
    """Say what is wrong with the guard of a view, or nothing."""
    view = route.view
    if hasattr(view, "access"):
        known = KNOWN | {EVERYBODY, SIGNED_IN}
        return "" if view.access in known else f"unknown permission {view.access}"
    kind = getattr(view, "cls", None)
    return problem_of_resource(view, kind) if kind else "no guard"


def problem_of_resource(view, kind):
    if kind.permission_classes == [SignedIn]:
        return ""
    if kind.permission_classes != [HasPermission]:
        return f"other permission classes {kind.permission_classes}"
    if getattr(kind, "read_access", None) not in KNOWN:
        return "no read_access"
    writes = WRITING & set(getattr(view, "actions", None) or {})
    if writes and getattr(kind, "write_access", None) not in KNOWN:
        return "no write_access"
    return ""


def test_every_view_says_who_may_open_it():
    wrong = {route.path: problem_of(route) for route in OURS}
    assert {path: problem for path, problem in wrong.items() if problem} == {}


def test_the_test_sees_a_missing_guard():
    assert problem_of(Route("x/", lambda request: None, "x")) == "no guard"


def test_only_these_are_for_everybody():
    open_to_all = {
        route.path for route in OURS if getattr(route.view, "access", "") == EVERYBODY
    }
    assert open_to_all == FOR_EVERYBODY


@pytest.mark.parametrize("role", Role)
def test_every_role_has_grants_and_no_permission_is_idle(role):
    assert GRANTS[role]
    assert set(GRANTS) == set(Role)


def test_an_administrator_may_do_whatever_anybody_may():
    for role in Role:
        assert GRANTS[role] <= GRANTS[Role.ADMINISTRATOR]


def test_only_roles_grant_and_no_permission_row_is_looked_for(
    rep, django_assert_num_queries
):
    rep.user_permissions.add(Permission.objects.get(codename="delete_account"))
    assert rep.has_perm(LOG_TOUCHPOINTS)
    with django_assert_num_queries(0):
        assert not rep.has_perm(MANAGE_USERS)
        assert not rep.has_perm("crm.delete_account")
        rep.is_active = False
        assert not rep.has_perm(LOG_TOUCHPOINTS)
