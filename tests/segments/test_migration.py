"""Migration: rows and columns sum to the classes, whatever the histories are."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import escape

from clv.models import Valuation, ValuationRun
from common.lists.sets import account_set
from crm.models import Account
from segments.choices import WorthClass
from segments.models import ClassTotal, Membership
from segments.queries.flows import flow_of, movers
from segments.queries.migration import migration, whole_migration
from segments.queries.scope import Scope
from tests import make

FIRST = dt.date(2026, 9, 1)
URL = reverse("segments:migration")
KEYS = list(WorthClass)


@pytest.fixture
def policy(db):
    return make.class_policy()


def histories(chance, *, accounts=40, days=12):
    """Give each account intervals that touch, begin late or end early."""
    runs = {day: make.run(as_of=FIRST + dt.timedelta(days=day)) for day in (0, 5, days)}
    owner = make.user()
    for _ in range(accounts):
        account = make.account(owner=owner if chance.random() < 0.5 else None)
        cuts = sorted(chance.sample(range(days + 1), chance.randint(1, 5)))
        ends = [*cuts[1:], days + 9 if chance.random() < 0.8 else None]
        for start, end in zip(cuts, ends, strict=True):
            make.membership(
                account=account,
                worth_class=chance.choice(KEYS).value,
                since=FIRST + dt.timedelta(days=start),
                until=end and FIRST + dt.timedelta(days=end),
                run=runs[0],
            )
        for day, run in runs.items():
            if Membership.objects.on(run.as_of).filter(account=account).exists():
                realised = Decimal(chance.randrange(-100_000, 900_000)) / 100
                make.valuation(
                    account=account,
                    run=run,
                    realised=realised,
                    expected_margin=Decimal(day),
                )
    for run in runs.values():
        totals(run)
    return runs, owner


def totals(run):
    """Write what the night leaves: count and CLV of each class on the run's day."""
    values = dict(run_values(run).values_list("account_id", "clv"))
    for key in KEYS:
        held = Membership.objects.on(run.as_of).filter(worth_class=key)
        ids = list(held.values_list("account_id", flat=True))
        amount = sum((values[pk] for pk in ids), Decimal(0))
        zeros = dict.fromkeys(
            ("future_value", "customer_equity", "realised_profit"), Decimal(0)
        )
        ClassTotal.objects.create(
            run=run,
            worth_class=key,
            accounts=len(ids),
            customers=0,
            clv=amount,
            margin_year=0,
            cost_year=0,
            came=0,
            left=0,
            **zeros,
        )


def run_values(run):
    return Valuation.objects.filter(run=run)


@pytest.mark.parametrize("seed", range(4))
def test_rows_and_columns_sum_to_the_classes_on_both_days(policy, manager, seed):
    runs, owner = histories(random.Random(seed))  # noqa: S311
    for earlier, later in ((0, 5), (5, 12), (0, 12)):
        before, run = runs[earlier], runs[later]

        found = migration(before, run, scope=Scope.read({}, manager))

        by_definition = whole_migration(before, run)
        assert _as_set(found) == _as_set(by_definition)
        for key in KEYS:
            for day_run, total in (
                (before, found.total_before(key)),
                (run, found.total_after(key)),
            ):
                row = ClassTotal.objects.get(run=day_run, worth_class=key)
                assert total == (row.accounts, row.clv)
        for cell in found.cells:
            assert names_of(cell, before, run, manager) == cell.accounts
    own = migration(before, run, scope=Scope.read({}, owner))
    assert sum(cell.accounts for cell in own.cells) <= owner.accounts.count()


def _as_set(found):
    return {
        (c.was, c.becomes, c.accounts, c.clv_before, c.clv_after)
        for c in found.cells
        if c.accounts
    }


def names_of(cell, before, run, user):
    """Return how many names the list behind a cell has."""
    given = {
        "was": cell.was.value if cell.was else "new",
        "becomes": cell.becomes.value if cell.becomes else "gone",
        "earlier": before.as_of,
        "later": run.as_of,
    }
    ids = account_set("moved").accounts(user, given)
    return Account.objects.filter(pk__in=ids).count()


def test_history_written_after_the_night_is_counted_anew(policy, manager):
    runs, _ = histories(random.Random(9), accounts=10)  # noqa: S311
    ClassTotal.objects.filter(run=runs[5], worth_class="general").update(accounts=99)
    found = migration(runs[0], runs[5], scope=Scope.read({}, manager))
    assert _as_set(found) == _as_set(whole_migration(runs[0], runs[5]))


@pytest.fixture
def moved(policy, rep):
    before, run = make.run(as_of=FIRST), make.run(as_of=FIRST + dt.timedelta(days=1))
    account = make.account(name="Riser & Söhne", owner=rep)
    for day, worth_class in ((before, "general"), (run, "potential_key")):
        make.valuation(account=account, run=day, realised="50.00")
        make.membership(
            account=account,
            worth_class=worth_class,
            since=day.as_of,
            until=run.as_of if day == before else None,
            run=day,
        )
    for day in (before, run):
        totals(day)
    return account


def test_the_page_shows_matrix_flow_and_names(client, manager, moved, read_only):
    client.force_login(manager)
    with read_only():
        answer = client.get(URL)
    text = answer.content.decode()
    assert "1 rose and 0 fell; 0 came anew, 0 went." in text
    assert "Riser &amp; Söhne" in text
    assert "among=moved" in text
    (row,) = answer.context["chart"].linked_rows
    assert row == (
        answer.context["chart"].ribbons[0].url,
        ["General", "Potential key", "1", "950", "950", "0"],
    )
    assert f'<a href="{escape(row[0])}">General</a></th>' in text
    assert answer.context["chart"].payload["ribbons"] == [
        {
            "source": "General",
            "target": "→ Potential key",
            "value": 1,
            "url": answer.context["chart"].ribbons[0].url,
        }
    ]
    listed = client.get(answer.context["chart"].ribbons[0].url)
    assert "Riser &amp; Söhne" in listed.content.decode()


def test_a_rep_sees_own_moves_only(client, rep, colleague, moved):
    client.force_login(rep)
    assert client.get(URL).context["found"].moved == 1
    client.force_login(colleague)
    answer = client.get(URL)
    assert answer.context["found"].moved == 0
    assert "Riser" not in answer.content.decode()


def test_dates_before_the_first_night_say_so(client, manager, moved):
    client.force_login(manager)
    for query in ({"since": "2020-01-01"}, {"as_of": "2020-01-01"}):
        assert "Before the first night" in client.get(URL, query).content.decode()


def test_one_night_or_none_says_what_to_do(client, manager, db):
    client.force_login(manager)
    assert "Nobody is classed yet" in client.get(URL).content.decode()
    make.run(as_of=FIRST)
    assert "There is one night only" in client.get(URL).content.decode()


def test_the_matrix_leaves_as_csv(client, manager, moved):
    client.force_login(manager)
    text = client.get(reverse("segments:migration_export")).getvalue().decode()
    cell = "2026-09-01,2026-09-02,general,potential_key,1,950.00,950.00"
    assert f"\n{cell},2026-09-02,all accounts\r" in text
    refused = client.get(reverse("segments:migration_export"), {"owner": "0"})
    assert refused.status_code == 400


def test_a_class_names_who_came_with_their_money(moved, manager):
    before, run = ValuationRun.objects.order_by("as_of")
    flow = flow_of(before, run, WorthClass.POTENTIAL_KEY, scope=Scope.read({}, manager))
    assert (flow.came, flow.came_clv, flow.left) == (1, Decimal("950.00"), 0)
    assert [m.name for m in movers(before, run, scope=Scope.read({}, manager))] == [
        "Riser & Söhne"
    ]


@pytest.mark.parametrize("seed", range(2))
def test_a_filter_narrows_rows_columns_flows_and_lists_alike(policy, manager, seed):
    runs, owner = histories(random.Random(seed), accounts=20)  # noqa: S311
    before, run = runs[0], runs[12]
    scope = Scope.read({"owner": str(owner.pk)}, manager)
    mine = set(owner.accounts.values_list("pk", flat=True))

    found = migration(before, run, scope=scope)

    sides = [
        {
            m.account_id: m.worth_class
            for m in Membership.objects.on(day.as_of).filter(account__in=mine)
        }
        for day in (before, run)
    ]
    for cell in found.cells:
        pairs = [(sides[0].get(pk), sides[1].get(pk)) for pk in mine]
        assert pairs.count((cell.was, cell.becomes)) == cell.accounts
    assert sum(cell.accounts for cell in found.cells) == len({*sides[0], *sides[1]})
    for key in KEYS:
        flow = flow_of(before, run, key, scope=scope)
        assert len(movers(before, run, scope=scope, into=key)) == flow.came
        given = {"worth": key.value, "earlier": before.as_of, "later": run.as_of}
        for name, number in (("came", flow.came), ("left", flow.left)):
            ids = account_set(name).accounts(manager, given)
            assert Account.objects.filter(pk__in=ids, owner=owner).count() == number


def test_the_bar_narrows_the_page_and_its_lists(client, manager, rep, moved):
    client.force_login(manager)
    answer = client.get(URL, {"owner": rep.pk, "from": FIRST.isoformat()})
    assert answer.context["found"].moved == 1
    assert f"owner={rep.pk}" in answer.context["chart"].ribbons[0].url
    nobody = client.get(URL, {"owner": manager.pk}).content.decode()
    assert "No account matches" in nobody
    assert "Riser" not in nobody
    wrong = client.get(URL, {"class": "general"})
    assert wrong.status_code == 400
    assert "cannot be narrowed by class" in wrong.content.decode()


def test_the_api_narrows_the_matrix_too(client, manager, rep, moved):
    client.force_login(manager)
    url = reverse("api:migration-list")
    (found,) = client.get(url, {"owner": rep.pk}).json()
    assert [cell["accounts"] for cell in found["cells"]] == [1]
    (found,) = client.get(url, {"owner": manager.pk}).json()
    assert found["cells"] == []
    assert client.get(url, {"class": "general"}).status_code == 400
