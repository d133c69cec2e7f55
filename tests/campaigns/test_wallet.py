"""The wallet: equal to the ledger, equal in SQL and Python, and on what it rests."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from campaigns.models import PlanAssignment, RetentionPlan, Standing
from campaigns.queries.wallet import CARE_KINDS, Responses, wallet_of, wallets
from campaigns.services.standings import write_standings
from common.clock import business_today
from common.templatetags.display import exact_share
from crm.choices import CostKind
from crm.models import LedgerEntry
from tests import make


def firm(seed):
    """Make a firm of random values, classes, plans, merges and costs."""
    chance, today = random.Random(seed), business_today()  # noqa: S311  no secret
    run = make.run()
    accounts = [make.account() for _ in range(12)]
    plan = RetentionPlan.objects.first()
    for place, account in enumerate(accounts):
        year = Decimal(chance.randrange(-50_000, 90_000_000)) / 100
        whole = (year * Decimal(str(chance.choice([0.01, 0.7, 2.4])))).quantize(
            Decimal("0.01")
        )
        low = min(whole, 0) * 2
        make.valuation(
            run=run,
            account=account,
            expected_margin_year=year,
            expected_margin=whole,
            future_low=low,
            future_high=10_000_000,
        )
        make.membership(
            account=account, worth_class=("general", "current_key")[place % 2]
        )
        if place % 3 == 0:
            PlanAssignment.objects.create(account=account, plan=plan, since=today)
    gone = make.account(merged_into=accounts[0])
    further = make.account(merged_into=gone)
    for _ in range(60):
        make.cost(
            account=chance.choice([*accounts, gone, further]),
            amount=Decimal(chance.randrange(-2_000, 90_000)) / 100,
            kind=chance.choice(CostKind.values),
            on=today - dt.timedelta(days=chance.choice([0, 1, 364, 365, 500])),
        )
    merged = {accounts[0].pk: {accounts[0].pk, gone.pk, further.pk}}
    return run, accounts, merged


def in_sql(run):
    responses = Responses(run.assumptions)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT v.account_id, {responses.justified_column()}"
            f" FROM clv_valuation v {responses.joins()} WHERE v.run_id = %s",
            [run.pk],
        )
        return dict(cursor.fetchall())


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_the_ledger_and_the_same_in_the_database(ready, seed):
    run, accounts, merged = firm(seed)
    make.effect(worth_class="current_key", effect="0.3100", high="0.4000")
    make.effect(plan=RetentionPlan.objects.first(), effect="0.1234")
    since = business_today() - dt.timedelta(days=365)
    rows = list(LedgerEntry.objects.filter(kind__in=CARE_KINDS, incurred_on__gt=since))

    found = wallets([one.pk for one in accounts])

    for account in accounts:
        members = merged.get(account.pk, {account.pk})
        used = sum(one.amount for one in rows if one.account_id in members)
        assert found[account.pk].spend.used == used
    limits = {key: one.spend.limit for key, one in found.items()}
    assert in_sql(run) == limits
    write_standings(run)
    written = dict(Standing.objects.values_list("account_id", "care_left"))
    assert written == {
        key: one.spend.limit - one.spend.used for key, one in found.items()
    }


def test_what_was_measured_goes_before_what_is_assumed(ready, member, rep):
    account = member("general", owner=rep)
    make.valuation(account=account, expected_margin_year="4000.00")
    assumed = wallet_of(account).response.said
    assert assumed == f"assumed: care can secure at most {exact_share(Decimal('0.15'))}"
    make.effect(effect="0.2000")
    of_class = wallet_of(account)
    assert of_class.is_measured
    said = f"measured for class General: care secures {exact_share(Decimal('0.2'))}"
    assert of_class.response.said.startswith(said)
    # 0.05 x 4,000 x ln 4
    assert of_class.spend.limit == Decimal("277.26")
    plan = RetentionPlan.objects.first()
    make.effect(plan=plan, effect="-0.0100", low="-0.0200", high="0.0100")
    PlanAssignment.objects.create(account=account, plan=plan, since=business_today())
    assert wallet_of(account).spend.limit == 0
    make.effect(channel="post", effect="0.5000", high="0.6000")
    assert wallet_of(account).spend.limit == 0
    assert Responses().of(channel="post").effect == Decimal("0.5000")


def test_before_the_first_value_there_is_no_wallet(db, client, rep):
    account = make.account(owner=rep)
    assert wallet_of(account) is None
    client.force_login(rep)
    found = client.get(reverse("api:wallet-detail", args=[account.pk])).json()
    assert found.pop("account") == account.pk
    assert set(found.values()) == {None}


@pytest.mark.parametrize("is_kept", [False, True])
def test_the_list_shows_and_sorts_what_is_left(ready, member, client, rep, is_kept):
    run = make.run()
    names = {}
    for name, year, spent in (("A", 4000, 300), ("B", 8000, -5), ("C", 4000, 20)):
        account = member("general", owner=rep, name=name)
        make.valuation(run=run, account=account, expected_margin_year=Decimal(year))
        make.cost(account=account, amount=spent, kind="service", on=business_today())
        names[account.pk] = name
    make.account(owner=rep, name="D")
    if is_kept:
        write_standings(run)
    client.force_login(rep)
    address = reverse("campaigns:account_list")

    page = client.get(address, {"columns": "name,left", "sort": "-left"})

    shown = page.context["rows"] if "rows" in page.context else page.context["page"]
    assert "".join(row.record.name for row in shown) == "BCAD"
    assert "444" in page.text
    assert "−80" in page.text
    assert "20.00 of 219.72 used, assumed" in page.text


def test_wallets_are_read_at_once(ready, member, rep, django_assert_num_queries):
    run = make.run()
    keys = []
    for _ in range(4):
        account = member("general", owner=rep)
        make.valuation(run=run, account=account)
        keys.append(account.pk)
    with django_assert_num_queries(4):
        assert len(wallets(keys)) == 4


def test_a_colleagues_wallet_is_not_found(db, client, rep):
    account = make.account(owner=make.user())
    client.force_login(rep)
    assert (
        client.get(reverse("api:wallet-detail", args=[account.pk])).status_code == 404
    )


def test_a_discount_counts_against_what_is_left(ready, member, client, rep):
    account = member("general", owner=rep)
    make.valuation(account=account, expected_margin_year="4000.00")
    deal, small = (
        make.deal(account=account, owner=rep, lines=[(1, "900", "500")])
        for _ in range(2)
    )
    deal.lines.update(discount=250)
    small.lines.update(discount=100)
    client.force_login(rep)

    page = client.get(reverse("campaigns:deal_detail", args=[deal.pk])).text

    assert "<strong>−30.28</strong> would be left" in page
    page = client.get(reverse("campaigns:deal_edit", args=[small.pk])).text
    assert "119.72 would be left" in page
    page = client.get(reverse("campaigns:deal_board")).text
    assert "left to spend after it" in page
    added = client.get(reverse("campaigns:deal_create"), {"account": account.pk}).text
    assert "Up to 219.72 more may be spent here this year" in added


def test_a_discount_is_weighed_while_it_is_typed(ready, member, client, rep):
    account = member("general", owner=rep)
    make.valuation(account=account, expected_margin_year="4000.00")
    foreign = member("general", owner=make.user())
    client.force_login(rep)
    typed = {"line-0-discount": "200", "line-1-discount": "50", "line-2-discount": "x"}

    def ask(one):
        address = reverse("campaigns:account_discount", args=[one.pk])
        return client.get(address, typed)

    assert ask(foreign).status_code == 404
    page = ask(account).text
    assert page.lstrip().startswith('<div id="deal-discount"')
    assert "The discount of 250.00 counts against" in page
    assert "<strong>−30.28</strong> would be left" in page
    assert "As typed, not saved." in page
    # Refused, the form still says it of what was typed.
    address = f"{reverse('campaigns:deal_create')}?account={account.pk}"
    again = client.post(address, {**typed, "line-TOTAL_FORMS": "3"})
    assert again.status_code == 422
    assert "The discount of 250.00 counts against" in again.text


def test_before_a_plan_is_given_the_page_says_what_pays(ready, member, client, rep):
    account = member("general", owner=rep)
    make.valuation(account=account, expected_margin_year="1000.00")
    client.force_login(rep)
    address = reverse("campaigns:account_assignment", args=[account.pk])

    page = client.get(address)

    gains = {one.plan.worth_class: one for one in page.context["gains"]}
    # 499.20 on 1,000 secure 15 %, less a trifle: 350 less than they cost.
    assert gains["current_key"].cost == Decimal("499.20")
    assert gains["current_key"].gain == Decimal("-349.21")
    assert "More than justified" not in page.text
    assert "Up to <strong>55</strong> more is justified" in page.text
    make.effect(plan=gains["current_key"].plan, effect="0.9000", high="0.9500")
    again = client.get(address).context["gains"]
    assert again[0].plan == gains["current_key"].plan
    assert again[0].is_measured
    assert again[0].gain > 0
