"""Who may open what: every route and method, for five callers, on two records.

The table is `matrix.txt`; the routes come from the URL tree. A route without a line
and a line without a route fail, as does a line that names too few methods.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from knox.models import AuthToken

from campaigns.models import (
    PlanVersion,
    RetentionPlan,
    TouchTemplate,
)
from campaigns.services import plans
from crm.models import (
    AuditEvent,
)
from crm.services import feeds
from tests import make
from tests.architecture.callers import Caller
from tests.architecture.matrix_records import MAKERS, optout
from tests.architecture.routes import OURS

TABLE = Path(__file__).with_name("matrix.txt")
# What stands in addresses that name no record.
WITHOUT_RECORD = {
    "-": {},
    "LIST": {"key": "accounts"},
    "QUESTION": {"key": "retention"},
    "ASKED": {"key": "retention"},
    "PROFIT": {"by": "class", "every": "quarter"},
    "CLASS": {"key": "general"},
    "PLAN": {"key": "general"},
    "BLOCK": {"key": "balance"},
}
ROLES = {"r": "rep", "m": "manager", "k": "marketer", "a": "administrator"}


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    name: str
    kind: str
    methods: tuple[str, ...]
    roles: str

    @property
    def is_somebodys(self):
        return self.kind.islower() and not self.is_own

    @property
    def is_own(self):
        return self.kind.startswith("(")

    @property
    def is_administered(self):
        return self.kind.startswith("(+")

    @property
    def has_record(self):
        return self.kind not in WITHOUT_RECORD


def lines():
    for text in TABLE.read_text().splitlines():
        if text and not text.startswith("#"):
            name, kind, methods, roles = (part.strip() for part in text.split("|"))
            yield Line(name, kind, tuple(methods.split()), roles)


LINES = list(lines())
CASES = [(line, method) for line in LINES for method in line.methods]


def test_every_route_has_a_line_and_every_line_a_route():
    routes = {route.name for route in OURS}
    assert {line.name for line in LINES} == routes


def test_every_method_of_the_api_has_a_line():
    told = {(line.name, method) for line, method in CASES}
    offered = {
        (route.name, method.upper())
        for route in OURS
        for method in set(getattr(route.view, "actions", None) or {}) - {"head"}
    }
    assert offered - told == set()


def arguments(line, account):
    if line.kind in WITHOUT_RECORD:
        return WITHOUT_RECORD[line.kind]
    if line.kind == "TOKEN":
        return {"token": feeds.create_feed(actor=account.owner)}
    if line.kind == "(token)":
        return {"key": AuthToken.objects.create(user=account.owner)[0].token_key}
    if line.kind == "OPTOUT":
        return {"token": optout(account)}
    found = {"pk": MAKERS[line.kind](account).pk}
    if line.kind == "PAIR":
        return {"base": make.product().pk, "offered": make.product().pk}
    return found | _more(line.kind, account)


def _more(kind, account):
    """Return what an address holds beside the number of its record."""
    return {
        "TEMPLATE": lambda: {"key": "general"},
        "KEPT_IN": lambda: {"key": "general"},
        "bought": lambda: {"product": 0},
        "offer": lambda: {"offered": make.product().pk},
        "LINK": lambda: {"other": make.product().pk},
        "enrolled": lambda: {"account": account.pk},
        "CAMPAIGN_TOUCH": lambda: {
            "touch": TouchTemplate.objects.exclude(campaign=None).latest("pk").pk
        },
        "CAMPAIGN_KEPT": lambda: {"kept": make.library_touch().pk},
        "cell": lambda: {"key": "accounts", "column": "name"},
        "list_row": lambda: {"key": "accounts"},
        "twin": lambda: {"other": make.account(owner=account.owner).pk},
    }.get(kind, dict)()


# -- Asking ------------------------------------------------------------------


@pytest.fixture(scope="module")
def firm(shared_rows):
    """People, accounts of two reps, a published run, plans and a draft.

    One for all lines: whatever a call changes is undone at once.
    """
    with shared_rows():
        return _firm()


def _firm():
    people = {role: make.user(role) for role in ROLES.values()}
    plans.ensure_plans()
    make.judgement(run=make.run())
    make.lever_base()
    if not PlanVersion.objects.filter(
        plan__worth_class="general", status="draft"
    ).exists():
        plan = RetentionPlan.objects.get(worth_class="general")
        plans.start_draft(actor=people["marketer"], plan=plan)
    return {
        "clients": {None: Caller()} | {role: Caller(people[role]) for role in people},
        "own": make.account(owner=people["rep"]),
        "foreign": make.account(owner=make.user("rep")),
    }


@contextmanager
def address(line, account):
    """Give the address of a line, with a record made for it that goes afterwards."""
    with transaction.atomic():
        yield reverse(line.name, kwargs=arguments(line, account))
        transaction.set_rollback(True)


def ask(caller, line, method, url):
    """Return how the answer is meant; whatever the call changed is undone."""
    before = AuditEvent.objects.count()
    with transaction.atomic():
        data = {} if method == "GET" else {"data": {}}
        if line.name.startswith("api:"):
            data["content_type"] = "application/json"
        found = meaning(caller.ask(method, url, **data))
        is_unchanged = AuditEvent.objects.count() == before
        transaction.set_rollback(True)
    assert found == "open" or is_unchanged
    return found


def meaning(answer):
    if answer.status_code == 302 and answer.url.startswith("/sign-in/login/"):
        return "sign in"
    names = {401: "sign in", 403: "refused", 404: "hidden", 405: "no such method"}
    if answer.status_code >= 500:
        return f"broken: {answer.status_code}"
    return names.get(answer.status_code, "open")


def expected(line, role, side):
    if line.roles == "*":
        return "open"
    if role is None:
        return "sign in"
    if role not in {ROLES[letter] for letter in line.roles}:
        return "refused"
    is_theirs = role == "rep" and side == "own"
    hides = line.is_somebodys and role == "rep" and side == "foreign"
    is_theirs = is_theirs or (line.is_administered and role == "administrator")
    hides = hides or (line.is_own and not is_theirs)
    return "hidden" if hides else "open"


IDS = [f"{line.name}-{'-'.join(line.methods)}" for line in LINES]


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_who_may(db, firm, line):
    if line.roles == "*":
        with address(line, firm["own"]) as url:
            for method in line.methods:
                found = ask(firm["clients"][None], line, method, url)
                assert found in {"open", "sign in"}
        return
    # Without a record in it, an address is the same on both sides.
    sides = ("own", "foreign") if line.has_record else ("own",)
    seen, told = {}, {}
    for side in sides:
        with address(line, firm[side]) as url:
            for role, caller in firm["clients"].items():
                for method in line.methods:
                    seen[role, method, side] = ask(caller, line, method, url)
                    told[role, method, side] = expected(line, role, side)
    assert seen == told
