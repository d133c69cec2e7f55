"""The demo firm: facts, the truth behind them, plans to begin with, and sign-ins."""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from campaigns.services import demo_campaigns, demo_effects, plans
from campaigns.services.automations import demo
from clv.models import DemoFirm, TrueWorth
from clv.services import demo_offers
from crm.choices import Role
from crm.errors import DemoRefusedError
from crm.models import User
from crm.services.demo import load, signs, team
from crm.services.demo.block import Block, true_margin, true_orders_per_year
from crm.services.demo.copying import copy_rows
from crm.services.demo.truth import SEASON, SIZE_MARGIN, SIZE_RATE, WINDOW_MONTHS, Truth

DEFAULT_ACCOUNTS = 1_200
DEFAULT_SEED = 20_260_101
MOST_PLANTED_NAMED = 1_000
# Words of the demo password: short, and told apart on the telephone.
_WORD_LIST = (
    "amber anchor beacon birch breeze canal cedar cliff coast coral crane delta dune "
    "ebb falcon ferry fjord flint gale garden gull harbour heron island jetty juniper "
    "kelp lagoon lantern linden lobster maple marsh meadow mussel north oar otter "
    "pebble pier pine plover quay reed reef ripple river rowan rudder sail salmon "
    "sand seal shell shore sloop spray storm swan tern tide wharf willow"
)
_WORDS = tuple(_WORD_LIST.split())


@dataclass(frozen=True, slots=True)
class Login:
    """One person of the demo firm, as printed after the start."""

    email: str
    name: str
    role: str
    territory: str


@transaction.atomic
def load_demo_firm(
    *,
    accounts: int = DEFAULT_ACCOUNTS,
    seed: int = DEFAULT_SEED,
    as_of: dt.date,
) -> DemoFirm:
    """Fill an empty database with the demo firm; the same input gives the same firm.

    Valuations, classes and planned touches are the night's work, not done here.

    Raises
    ------
    DemoRefusedError
        If the database has users or accounts, or the numbers make no firm.
    """
    _check(accounts, seed)
    firm = load.Firm(accounts=accounts, seed=seed, as_of=as_of)
    model = Truth()
    planted: dict[str, list[str]] = {"darlings": [], "gems": []}

    def keep_truth(block: Block) -> None:
        _store_truth(block, model)
        _note_planted(block, planted)

    load.load_facts(firm, model, password=password(), on_block=keep_truth)
    demo_offers.store_decisions(as_of)
    load.analyse(TrueWorth)
    plans.ensure_plans()
    demo_campaigns.store_campaigns(seed, as_of)
    demo.switch_on_examples()
    demo_effects.record_measured(as_of)
    return DemoFirm.objects.create(
        seed=seed,
        as_of=as_of,
        accounts=accounts,
        parameters=_parameters(model, planted),
    )


@transaction.atomic
def tell_worth_at_start() -> None:
    """Note what accounts were worth at the start of what was measured on them.

    Call it once the past is valued.
    """
    demo_campaigns.tell_worth_at_start()


def _check(accounts: int, seed: int) -> None:
    if not 1 <= accounts <= load.MOST_ACCOUNTS:
        raise DemoRefusedError(
            f"The number of accounts must lie between 1 and {load.MOST_ACCOUNTS:,}.",
            field="accounts",
        )
    if not 0 <= seed < 2**63:
        raise DemoRefusedError(
            "The seed must be a whole number from 0 to 2^63 - 1.", field="seed"
        )


def _store_truth(block: Block, model: Truth) -> None:
    copy_rows(
        TrueWorth,
        account=block.firms.ids[block.customers],
        is_alive=block.story.is_alive,
        orders_per_year=true_orders_per_year(block),
        dropout_probability=block.traits.dropout,
        margin_per_order=block.traits.margin,
        expected_margin_36_months=np.rint(true_margin(block, model) * 100).astype(
            np.int64
        ),
    )


def _note_planted(block: Block, planted: dict[str, list[str]]) -> None:
    ids = block.firms.ids[block.customers]
    for key, flags in (
        ("darlings", block.traits.is_darling),
        ("gems", block.traits.is_gem),
    ):
        room = MOST_PLANTED_NAMED - len(planted[key])
        planted[key] += [load.customer_number(n) for n in ids[flags][:room].tolist()]


def _parameters(model: Truth, planted: dict[str, list[str]]) -> dict[str, object]:
    return {
        "model": "BG/NBD orders, gamma-gamma margin; yearly contracts, beta-geometric",
        "truth": model.as_json(),
        "rate_by_size": dict(SIZE_RATE),
        "margin_by_size": dict(SIZE_MARGIN),
        "season_by_month": list(SEASON),
        "months": WINDOW_MONTHS,
        "expected_margin": (
            "mean over the 36 months after the last day, given what is true of the "
            "account; after returns, before costs to serve, not discounted"
        ),
        "planted": planted,
        "signs": [sign.as_json() for sign in signs.PLANTED],
    }


# -- Signing in ----------------------------------------------------------------------


def password() -> str:
    """Return the demo password: random per installation, and stored nowhere.

    It follows from the installation's secret key, so a later start can print it again.
    """
    key = settings.SECRET_KEY.encode()
    number = int.from_bytes(hmac.digest(key, b"demo firm password", hashlib.sha256))
    words = len(_WORDS)
    first, second = number % words, number // words % words
    return f"{_WORDS[first]}-{_WORDS[second]}-{number // words**2 % 9_000 + 1_000}"


def logins() -> list[Login]:
    """Return who may sign in to the demo firm; empty if this is another firm."""
    if not DemoFirm.objects.exists():
        return []
    emails = [member.email for member in team.MEMBERS]
    people = {
        user.email: user
        for user in User.objects.filter(email__in=emails, is_active=True)
        .select_related("territory")
        .prefetch_related("groups")
    }
    return [_login(people[email]) for email in emails if email in people]


def _login(user: User) -> Login:
    roles = [Role(group.name).label for group in user.groups.all()]
    return Login(
        email=user.email,
        name=user.name,
        role=", ".join(roles),
        territory=user.territory.name if user.territory else "",
    )


def has_changed_password(login: Login) -> bool:
    """Tell whether the person chose another password since."""
    return not User.objects.get(email=login.email).check_password(password())


def digest() -> str:
    """Return a hash over the demo firm's facts and truth, to compare two loads."""
    parts = []
    with connection.cursor() as cursor:
        for select in _DIGESTED:
            cursor.execute(
                "SELECT count(*), coalesce(md5(string_agg(row, '|' ORDER BY row)), '')"
                f" FROM ({select}) AS rows (row)"
            )
            parts.append(str(cursor.fetchone()))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


_DIGESTED = (
    """SELECT concat_ws(';', id, name, city, owner_id IS NULL, acquired_on, lost_on,
              last_contact_on, parent_id, referred_by_id) FROM crm_account""",
    "SELECT concat_ws(';', id, name, email, decision_role) FROM crm_contact",
    """SELECT concat_ws(';', order_id, account_id, ordered_on, product_id, quantity,
              revenue, cost) FROM crm_orderline""",
    "SELECT concat_ws(';', line_id, returned_on, refund) FROM crm_orderreturn",
    "SELECT concat_ws(';', account_id, kind, amount, incurred_on) FROM crm_ledgerentry",
    "SELECT concat_ws(';', account_id, occurred_at, channel, note) FROM crm_touchpoint",
    "SELECT concat_ws(';', account_id, title, due_on, status) FROM crm_task",
    "SELECT concat_ws(';', account_id, type_id, occurred_on) FROM crm_lifeevent",
    """SELECT concat_ws(';', account_id, product_id, acquired_on, ends_on, status,
              replaced_by_id) FROM crm_holding""",
    """SELECT concat_ws(';', account_id, product_id, acquired_on, ends_on)
         FROM crm_holding""",
    """SELECT concat_ws(';', account_id, category, amount, estimated_on)
         FROM crm_walletestimate""",
    """SELECT concat_ws(';', account_id, competitor_id, category, since, until)
         FROM crm_competitorpresence""",
    """SELECT concat_ws(';', account_id, words, amount, stated_on)
         FROM crm_statedvalue""",
    """SELECT concat_ws(';', account_id, title, stage_id, status, close_on, closed_on,
              competitor) FROM crm_deal""",
    "SELECT concat_ws(';', product_id, quantity, revenue, cost) FROM crm_dealline",
    """SELECT concat_ws(';', holding_id, metric, value) FROM crm_usagetarget""",
    """SELECT concat_ws(';', account_id, offered_id, state, decided_on)
         FROM clv_offerdecision""",
    """SELECT concat_ws(';', account_id, title, urgency, status, opened_at, resolved_at)
         FROM crm_case""",
    """SELECT concat_ws(';', account_id, is_alive, expected_margin_36_months)
         FROM clv_trueworth""",
)
