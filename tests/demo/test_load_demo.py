"""The demo firm: the same seed gives the same firm, and its sums hold."""

import datetime as dt
import re
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, Q, Sum

from campaigns.models import PlanVersion
from campaigns.services import demo_firm
from clv.models import DemoFirm, TrueWorth
from crm.choices import CostKind, HoldingStatus, Role, Stage, TaskStatus
from crm.errors import DemoRefusedError
from crm.models import (
    Account,
    Contact,
    Holding,
    LedgerEntry,
    LifeEvent,
    Order,
    OrderLine,
    OrderReturn,
    Product,
    Task,
    Touchpoint,
    Usage,
    User,
)
from crm.services.demo import load
from crm.services.touchpoints import find_last_contact
from tests import make
from tests.demo.conftest import ACCOUNTS, AS_OF

pytestmark = pytest.mark.django_db

POSTCODE = {
    "DE": re.compile(r"\d{5}"),
    "DK": re.compile(r"\d{4}"),
    "NL": re.compile(r"\d{4} [A-Z]{2}"),
    "PL": re.compile(r"\d{2}-\d{3}"),
}


def _digest_of(**firm):
    """Load a firm, take its digest, and take it back."""
    sid = transaction.savepoint()
    demo_firm.load_demo_firm(**{"accounts": 60, "seed": 7, "as_of": AS_OF} | firm)
    digest = demo_firm.digest()
    transaction.savepoint_rollback(sid)
    return digest


def test_the_same_seed_and_day_give_the_same_firm():
    first = _digest_of()
    assert _digest_of() == first
    assert _digest_of(seed=8) != first
    assert _digest_of(as_of=AS_OF - dt.timedelta(days=1)) != first


@pytest.mark.parametrize("in_the_way", ["user", "account", "product"])
def test_a_database_in_use_is_left_alone(in_the_way):
    getattr(make, in_the_way)()
    counts = [Account.objects.count(), User.objects.count(), Product.objects.count()]

    with pytest.raises(DemoRefusedError, match="only loaded into an empty one"):
        demo_firm.load_demo_firm(accounts=5, seed=1, as_of=AS_OF)

    after = [Account.objects.count(), User.objects.count(), Product.objects.count()]
    assert after == counts
    assert not DemoFirm.objects.exists()


def test_the_command_refuses_in_words_or_does_nothing_if_asked():
    make.user()
    with pytest.raises(CommandError, match="This database has users"):
        call_command("load_demo", accounts=5)
    out = StringIO()
    call_command("load_demo", "--if-empty", accounts=5, stdout=out)
    assert out.getvalue() == ""
    assert not Account.objects.exists()


@pytest.mark.parametrize(("accounts", "seed"), [(0, 1), (10_000_001, 1), (5, -1)])
def test_impossible_sizes_are_refused(accounts, seed):
    with pytest.raises(DemoRefusedError):
        demo_firm.load_demo_firm(accounts=accounts, seed=seed, as_of=AS_OF)
    assert not User.objects.exists()


def test_blocks_join_without_gaps(monkeypatch):
    monkeypatch.setattr(load, "BLOCK", 25)
    demo_firm.load_demo_firm(accounts=60, seed=7, as_of=AS_OF)
    assert Account.objects.count() == 60
    numbers = set(Account.objects.values_list("external_id", flat=True))
    assert len(numbers) == 60
    last = Order.objects.order_by("-pk").first()
    assert last.pk == Order.objects.count()
    # Sequences go on behind what was numbered.
    assert make.account().pk == 61
    assert make.order().pk == last.pk + 1


def test_the_firm_has_all_it_needs(firm):
    assert Account.objects.count() == ACCOUNTS == firm.accounts
    stages = dict(Account.objects.values_list("stage").annotate(Count("pk")))
    assert set(stages) == set(Stage)
    assert 0.05 < stages[Stage.PROSPECT] / ACCOUNTS < 0.16
    assert 55 <= Product.objects.count() <= 65
    assert Product.objects.filter(unit_cost=None).exists()
    assert Product.objects.exclude(upgrade_to=None).exists()
    assert Product.objects.exclude(complements=None).exists()
    assert OrderReturn.objects.exists()
    assert Holding.objects.filter(status=HoldingStatus.ACTIVE).exists()
    assert Usage.objects.exists()
    assert LifeEvent.objects.values("type").distinct().count() > 5
    assert Task.objects.filter(status=TaskStatus.OPEN).exists()
    assert Contact.objects.filter(do_not_contact=True).exists()
    assert Account.objects.exclude(parent=None).exists()
    assert Account.objects.exclude(referred_by=None).exists()
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert kinds == set(CostKind) - {CostKind.OTHER}
    assert PlanVersion.objects.exists()


def test_history_lies_inside_the_36_months(firm):
    days = Order.objects.aggregate(first=Min("ordered_on"), last=Max("ordered_on"))
    assert days["first"] > AS_OF - dt.timedelta(days=1097)
    assert days["last"] <= AS_OF
    weekend = Order.objects.filter(ordered_on__iso_week_day__gte=6)
    assert weekend.count() <= Order.objects.count() * 0.002  # the last day may be one
    assert not OrderReturn.objects.filter(returned_on__gt=AS_OF).exists()
    assert not LedgerEntry.objects.filter(incurred_on__gt=AS_OF).exists()
    assert not Touchpoint.objects.filter(occurred_at__date__gte=AS_OF).exists()
    early = OrderReturn.objects.filter(returned_on__lt=F("line__ordered_on"))
    assert not early.exists()


def test_an_account_begins_with_its_first_order(firm):
    with_first = Account.objects.annotate(first=Min("orders__ordered_on"))
    assert not with_first.exclude(acquired_on=F("first")).exclude(first=None).exists()
    prospects = Account.objects.filter(stage=Stage.PROSPECT)
    assert not prospects.exclude(orders=None).exists()
    assert not prospects.exclude(acquired_on=None).exists()


def test_nobody_is_called_lost_who_is_alive(firm):
    lost = Account.objects.exclude(lost_on=None)
    assert lost.exists()
    assert set(lost.values_list("stage", flat=True)) == {Stage.FORMER}
    truth = TrueWorth.objects.filter(account__in=lost)
    assert truth.count() == lost.count()
    assert not truth.filter(is_alive=True).exists()


def test_minutes_cost_what_the_rep_costs(firm):
    costs = LedgerEntry.objects.filter(kind=CostKind.ACCOUNT_MANAGEMENT)
    assert costs.exists()
    exact = F("touchpoint__minutes") * F("touchpoint__user__hourly_cost") / Decimal(60)
    wrong = costs.exclude(
        amount__gte=exact - Decimal("0.005"), amount__lte=exact + Decimal("0.005")
    )
    assert not wrong.exists()
    assert not costs.exclude(account=F("touchpoint__account")).exists()


def test_shared_costs_are_spread_to_the_cent(firm):
    fairs = LedgerEntry.objects.filter(document__startswith="FAIR", account=None)
    spread = [fair for fair in fairs if fair.parts.exists()]
    assert spread
    for fair in spread:
        assert fair.parts.aggregate(Sum("amount"))["amount__sum"] == fair.amount
    waiting = LedgerEntry.objects.get(document__startswith="RENT")
    assert waiting.account is None
    assert not waiting.parts.exists()


def test_returns_take_back_at_most_what_was_sold(firm):
    back = OrderLine.objects.exclude(returns=None).annotate(
        quantity_back=Sum("returns__quantity"), refund=Sum("returns__refund")
    )
    assert not back.filter(
        Q(quantity_back__gt=F("quantity")) | Q(refund__gt=F("revenue"))
    ).exists()


def test_each_rep_has_a_territory_and_accounts_of_it(firm):
    reps = User.objects.filter(groups__name=Role.REP)
    assert reps.count() == 6
    assert len({rep.territory_id for rep in reps}) == 6
    assert not Account.objects.exclude(territory=F("owner__territory")).exists()
    per_rep = Account.objects.values("owner").annotate(n=Count("pk"))
    assert len(per_rep) == 6
    by_reps = Touchpoint.objects.filter(user__in=reps)
    assert not by_reps.exclude(user=F("account__owner")).exists()
    by_others = Touchpoint.objects.exclude(user__in=reps)
    assert not by_others.exclude(note__startswith="Campaign “").exists()
    assert not Task.objects.exclude(owner=F("account__owner")).exists()


def test_names_are_names(firm):
    names = list(Account.objects.values_list("name", flat=True))
    assert len(set(names)) == len(names)
    assert not [name for name in names if any(c.isdigit() for c in name)]
    notes = Touchpoint.objects.values_list("note", flat=True)
    assert not [note for note in notes if "{" in note]
    assert not Contact.objects.exclude(email__endswith=".example").exists()
    nowhere = Q(city="") | Q(region="") | Q(street="") | Q(postcode="")
    assert not Account.objects.filter(nowhere).exists()


def test_letters_find_their_way(firm):
    known = Account.objects.values_list("country", "city", "street", "postcode")
    assert {row[0] for row in known} == set(POSTCODE)
    assert not [row for row in known if not POSTCODE[row[0]].fullmatch(row[3])]
    assert len(set(known)) > 0.9 * len(known)


def test_order_values_are_believable(firm):
    values = sorted(
        Order.objects.annotate(value=Sum("lines__revenue")).values_list(
            "value", flat=True
        )
    )
    low, high = values[len(values) // 20], values[-len(values) // 20]
    assert low > 40
    assert high < 6_000
    assert 150 < values[len(values) // 2] < 900


def test_logins_print_who_may_sign_in(firm, client):
    out = StringIO()
    call_command("demo_logins", stdout=out)
    text = out.getvalue()
    for user in User.objects.all():
        assert user.email in text
    password = demo_firm.password()
    assert password in text
    assert client.login(email="rita.rep@nordlicht.example", password=password)
    roles = {role for user in User.objects.all() for role in user.roles}
    assert roles == set(Role)


def test_the_password_follows_from_the_installation(settings):
    first = demo_firm.password()
    assert demo_firm.password() == first
    settings.SECRET_KEY = "another installation, another password, just as long"
    assert demo_firm.password() != first


def test_a_chosen_password_is_not_printed(firm):
    rita = User.objects.get(email="rita.rep@nordlicht.example")
    rita.set_password("her own choice")
    rita.save()
    out = StringIO()
    call_command("demo_logins", stdout=out)
    assert demo_firm.password() not in out.getvalue()


def test_another_firm_has_no_demo_logins():
    make.user()
    out = StringIO()
    call_command("demo_logins", stdout=out)
    assert out.getvalue() == ""


@pytest.mark.django_db(transaction=True)
def test_the_command_values_the_last_month_ends(monkeypatch):
    days = []
    monkeypatch.setattr(
        "config.management.commands.load_demo.call_command",
        lambda name, as_of, **_: days.append((name, as_of)),
    )
    out = StringIO()
    call_command("load_demo", accounts=20, as_of=AS_OF, history_nights=7, stdout=out)
    assert "20 accounts as of 2026-06-30" in out.getvalue()
    assert [name for name, _ in days] == ["nightly"] * 7
    assert days[0][1] == dt.date(2025, 11, 30)
    assert days[1][1] == dt.date(2025, 12, 31)
    assert days[-1][1] == dt.date(2026, 5, 31)


def test_a_big_firm_is_loaded_faster_and_is_the_same(monkeypatch):
    usual = _digest_of()
    indexes = _indexes()
    monkeypatch.setattr(load, "TRUSTED", 10)
    assert _digest_of() == usual
    demo_firm.load_demo_firm(accounts=60, seed=7, as_of=AS_OF)
    assert _indexes() == indexes
    assert not OrderLine.objects.filter(order=None).exists()


def _indexes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'crm%'")
        return sorted(row[0] for row in cursor.fetchall())


def test_the_last_contact_of_each_account_is_one_that_got_through(firm):
    told = dict(Account.objects.values_list("pk", "last_contact_on"))
    for account in Account.objects.all():
        find_last_contact(account)
    assert dict(Account.objects.values_list("pk", "last_contact_on")) == told
    assert None in told.values()
    assert len(set(told.values())) > 100
