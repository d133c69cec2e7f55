"""What nights find of lost margin equals what lines and costs say, to the cent."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.urls import reverse

from common.lists.sets import read_set
from crm.models import OrderReturn, Territory
from segments.models import LeverFinding
from segments.queries import findings, opportunities, profit_sets
from segments.queries.scope import Scope
from segments.services.findings import write_findings
from tests import make

DAY = dt.date(2026, 6, 30)
CLASSES = ("current_key", "general", "general")
SCOPES = (
    "",
    "class relationship",
    "territory",
    "owner class",
    "owner industry",
)


@pytest.fixture
def firm(rep, colleague, monkeypatch):
    """Return a night of a firm whose trade is drawn by lot."""
    monkeypatch.setattr(opportunities, "MOST_LEVERS", 99)
    draw = random.Random(5)  # noqa: S311
    run = make.run(as_of=DAY)
    areas = [Territory.objects.create(name=name) for name in ("North", "South")]
    goods = [make.product() for _ in range(2)]
    accounts = [_account(draw, areas, (rep, colleague)) for _ in range(26)]
    accounts.append(make.account(merged_into=accounts[0]))
    for account in accounts:
        for _ in range(3):
            _order(draw, account, goods)
        for kind in ("service", "delivery", "acquisition"):
            amount = f"{draw.randint(1, 60)}.{draw.randint(10, 99)}"
            make.cost(account=account, kind=kind, amount=amount, on=_day(draw))
    return run


def _account(draw, areas, people):
    account = make.account(
        owner=draw.choice((*people, None)),
        territory=draw.choice((*areas, None)),
        industry=draw.choice(("Steel", "Paper", "")),
        relationship_type=draw.choice(("contract", "transactional", "")),
    )
    make.membership(account=account, worth_class=draw.choice(CLASSES))
    return account


def _day(draw):
    return DAY - dt.timedelta(days=draw.randint(0, 700))


def _order(draw, account, goods):
    price = Decimal(draw.randint(4000, 4200)) / 100
    day = _day(draw)
    rise = Decimal("0.09") if (DAY - day).days < 365 else 0
    shares = (Decimal("0.61"), Decimal("0.83"))
    cost = draw.choice((None, *(price * (share + rise) for share in shares)))
    quantity = draw.randint(1, 4)
    made = make.order(
        account=account,
        on=day,
        lines=[(quantity, str(price), cost and f"{cost:.2f}")],
    )
    discount = Decimal(draw.choice((0, 0, 137, 512))) / 100
    made.lines.update(product=draw.choice(goods), discount=discount)
    if draw.random() < 0.25:
        OrderReturn.objects.create(
            line=made.lines.get(),
            account=account,
            returned_on=DAY,
            quantity=1,
            refund=price / 3,
        )


def said(user, given):
    found = opportunities.opportunities(Scope.read(given, user))
    rows = [*found.levers, *found.unknown]
    return found.more_count, found.total, sorted(rows, key=lambda one: one.url)


def values_of(words, rep):
    given = {
        "class": "general",
        "relationship": "contract",
        "owner": rep.pk,
        "territory": Territory.objects.get(name="North").pk,
        "industry": "Steel",
    }
    return {word: str(given[word]) for word in words.split()}


def names_behind(rows, user):
    found = []
    for one in rows:
        given = dict(part.split("=") for part in one.url.partition("?")[2].split("&"))
        accounts = read_set(given, user).accounts(user)
        found.append(sorted(account for one in accounts for account in one.values()))
    return found


def test_the_night_says_what_lines_and_costs_say(firm, manager, rep, monkeypatch):
    written = write_findings(firm)
    assert written == LeverFinding.objects.filter(run=firm).count() > 0
    given = [values_of(words, rep) for words in SCOPES]
    for one in given:
        assert findings.night_rows(Scope.read(one, manager)) is not None
    night = [said(manager, one) for one in given]
    behind = names_behind(night[0][-1], manager)
    monkeypatch.setattr(opportunities, "night_rows", lambda _scope: None)
    monkeypatch.setattr(profit_sets, "hits_of_night", lambda *_: None)
    assert [said(manager, one) for one in given] == night
    assert names_behind(night[0][-1], manager) == behind
    causes = {one.cause for one in night[0][-1]}
    assert len(causes) == len(opportunities.LeverCause), causes


def test_a_figure_of_one_owner_counts_the_names_behind_it(firm, manager, rep, client):
    _, _, rows = said(manager, {"owner": str(rep.pk)})
    client.force_login(manager)
    for one in rows:
        page = client.get(one.url).context["page"]
        assert len(page.rows) == one.accounts, one.sentence


def test_another_period_and_newer_rows_are_summed_from_the_lines(firm, manager):
    write_findings(firm)
    since = {"from": "2026-01-01", "to": "2026-06-30"}
    assert findings.night_rows(Scope.read(since, manager)) is None
    assert findings.night_rows(Scope.read({}, manager)) is not None
    make.cost(amount="1.00")
    assert findings.night_rows(Scope.read({}, manager)) is None


def test_again_the_same_and_only_of_the_current_run(firm, manager):
    first = write_findings(firm)
    before = said(manager, {})
    assert (write_findings(firm), said(manager, {})) == (first, before)
    newer = make.run(as_of=DAY + dt.timedelta(days=1))
    firm.refresh_from_db()
    assert write_findings(firm) == 0
    write_findings(newer)
    assert set(LeverFinding.objects.values_list("run", flat=True)) == {newer.pk}


def test_the_page_reads_few_rows(firm, manager, client):
    write_findings(firm)
    client.force_login(manager)
    page = client.get(reverse("segments:opportunity_list"))
    assert page.status_code == 200
    assert "The dearest places" in page.content.decode()
