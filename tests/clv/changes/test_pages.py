"""The pages and the API that say why a value changed."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from clv.models import Valuation, ValuationRun
from clv.services import valuing
from common.templatetags.display import day, signed_cents
from crm.models import Account
from segments.models import Membership
from segments.services import changes as rollups
from segments.services import classes
from tests import make
from tests.clv.changes.firm import EARLIER, TODAY, valued
from tests.clv.night.firm import build

FIRM = ["segments:value_why", "segments:class_why"]
API = "/api/v1/valuations/changes/"
PARTS = [
    "orders",
    "margin",
    "cost",
    "retention",
    "expansion",
    "assumptions",
    "model",
]


def url_of(name):
    return reverse(name, args=["general"] if name == "segments:class_why" else [])


@pytest.fixture(scope="module")
def nights(shared_rows):
    """The run of a day and that of the next, with classes and what changed."""
    with shared_rows(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(valuing, "INTERVAL_DRAWS", 10)
        build(25)
        runs = valued(EARLIER, current=False), valued(TODAY)
        for run in runs:
            classes.classify(run)
        rollups.write_rollup(runs[1])
        return [run.pk for run in runs]


@pytest.fixture
def classed(db, nights):
    return tuple(ValuationRun.objects.get(pk=pk) for pk in nights)


@pytest.fixture
def own(rep, classed):
    account = Account.objects.filter(name__startswith="Firm").first()
    account.owner = rep
    account.save()
    return account


def change_of(account, before, run):
    was, now = (Valuation.objects.of_run(r).get(account=account) for r in (before, run))
    return now.clv - was.clv


def test_an_account_says_why_it_changed(client, rep, own, classed, read_only):
    client.force_login(rep)
    with read_only():
        page = client.get(reverse("clv:account_change", args=[own.pk]))
    text = page.content.decode()
    total = signed_cents(change_of(own, *classed))
    assert f'<th scope="row">Change</th><td class="is-number">{total}</td>' in text
    assert text.count('<th scope="row">') == 8
    assert day(EARLIER) in text


def test_the_value_panel_fetches_it(client, rep, own):
    client.force_login(rep)
    panel = client.get(reverse("clv:account_value", args=[own.pk])).content.decode()
    assert f'hx-get="{reverse("clv:account_change", args=[own.pk])}"' in panel


def test_any_two_days_can_be_compared(client, rep, own, classed):
    first = valued(dt.date(2026, 3, 31), current=False)
    client.force_login(rep)
    url = reverse("clv:account_change", args=[own.pk])
    page = client.get(f"{url}?since=2026-05-01&as_of=2026-06-29").content.decode()
    assert signed_cents(change_of(own, first, classed[0])) in page
    assert '<option value="2026-03-31" selected>' in page
    early = client.get(f"{url}?since=2026-03-30").content.decode()
    assert "No earlier run" in early


def test_a_colleagues_account_is_not_found(client, colleague, own):
    url = reverse("clv:account_change", args=[own.pk])
    assert client.get(url).status_code == 302
    client.force_login(colleague)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("name", FIRM)
def test_the_firm_is_for_roles_of_the_whole_firm(client, rep, marketer, classed, name):
    url = url_of(name)
    assert client.get(url).status_code == 302
    client.force_login(rep)
    assert client.get(url).status_code == 403
    client.force_login(marketer)
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("name", FIRM)
def test_each_bar_opens_names_that_sum_to_it(client, manager, classed, name):
    client.force_login(manager)
    shown = client.get(url_of(name)).context
    opened = 0
    for bar, url in zip(shown["change"].bars, shown["chart"].urls, strict=False):
        assert bool(url) == bool(bar.amount)
        if not url:
            continue
        page = client.get(url)
        found = page.context["found"]
        assert found.total == bar.amount
        assert found.of_named + found.of_others == bar.amount
        assert signed_cents(bar.amount) in page.content.decode()
        listed = client.get(page.context["list_url"]).content.decode()
        assert found.named[0].account.name in listed
        opened += 1
    assert opened == sum(1 for bar in shown["change"].bars if bar.amount) > 0


def test_a_part_of_a_class_says_why(client, manager, rep, classed):
    held = Membership.objects.on(TODAY).filter(worth_class="general")[:3]
    ids = [one.account_id for one in held]
    Account.objects.filter(pk__in=ids).update(owner=rep)
    client.force_login(manager)

    given = {"owner": rep.pk, "from": EARLIER.isoformat()}
    change = client.get(url_of("segments:class_why"), given).context["change"]

    values = [
        Valuation.objects.of_run(run).filter(account__owner=rep) for run in classed
    ]
    was, now = (sum(one.clv for one in rows) for rows in values)
    assert (change.clv_before, change.clv_after) == (was, now)
    assert sum(bar.amount for bar in change.bars) == now - was


@pytest.mark.parametrize("name", FIRM)
def test_the_firm_and_its_classes_say_why(client, manager, classed, name, read_only):
    client.force_login(manager)
    with read_only():
        page = client.get(url_of(name)).content.decode()
    change = (
        rollups.change_of_class(
            worth_class=rollups.WorthClass.GENERAL, run=classed[1], before=classed[0]
        )
        if name == "segments:class_why"
        else rollups.changes.change_of_firm(run=classed[1], before=classed[0])
    )
    for bar in change.bars:
        label = f"{bar.label}</a>" if bar.amount else bar.label
        assert f'{label}</th><td class="is-number">{signed_cents(bar.amount)}' in page
    assert signed_cents(change.total) in page


def test_there_is_no_fifth_class(client, manager, classed):
    client.force_login(manager)
    assert (
        client.get(reverse("segments:class_why", args=["platinum"])).status_code == 404
    )


def test_pages_ask_no_more_for_more_accounts(client, manager, own, assert_flat_queries):
    client.force_login(manager)
    urls = [reverse("clv:account_change", args=[own.pk]), *map(url_of, FIRM)]

    def look():
        for url in urls:
            assert client.get(f"{url}?since=2026-05-01&as_of=2026-06-30")

    valued(dt.date(2026, 4, 30), current=False)

    def grow():
        for account in build(3, seed=5):
            for one in (EARLIER, TODAY):
                run = Valuation.objects.filter(run__as_of=one).first().run
                make.valuation(account=account, run=run)

    assert_flat_queries(look, grow)


# -- API ---------------------------------------------------------------------


def test_the_api_splits_an_account_and_the_firm(client, manager, own, classed):
    client.force_login(manager)
    one = client.get(f"{API}?account={own.pk}").json()
    assert (one["account"], one["from_day"]) == (own.pk, EARLIER.isoformat())
    assert [part["key"] for part in one["parts"]] == PARTS
    total = sum(Decimal(part["amount"]) for part in one["parts"])
    assert total == Decimal(one["change"]) == change_of(own, *classed)

    firm = client.get(f"{API}?from=2026-06-29&to=2026-06-30").json()
    assert firm["account"] is None
    assert Decimal(firm["clv_after"]) - Decimal(firm["clv_before"]) == Decimal(
        firm["change"]
    )


def test_a_rep_asks_for_accounts_of_their_own(client, rep, colleague, own):
    client.force_login(rep)
    assert client.get(f"{API}?account={own.pk}").status_code == 200
    assert list(client.get(API).json()) == ["account"]
    client.force_login(colleague)
    assert client.get(f"{API}?account={own.pk}").status_code == 404
    client.logout()
    assert client.get(API).status_code == 401


@pytest.mark.parametrize(
    "query", ["from=yesterday", "to=2026-13-01", "account=x", "since=2026-01-01"]
)
def test_the_api_refuses_what_it_does_not_know(client, manager, classed, query):
    client.force_login(manager)
    answer = client.get(f"{API}?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [query.partition("=")[0]]


def test_the_api_says_what_is_missing(client, manager, classed):
    client.force_login(manager)
    first = client.get(f"{API}?to=2026-06-29").json()
    assert (first["from_day"], first["parts"]) == (None, [])
    for query in ("to=2020-01-01", "from=2020-01-01", "to=2026-06-29&from=2020-01-01"):
        answer = client.get(f"{API}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_values_yet")
    classed[0].parameters = {}
    classed[0].save()
    account = Account.objects.first()
    answer = client.get(f"{API}?account={account.pk}")
    assert (answer.status_code, answer.json()["code"]) == (404, "cannot_be_split")


def test_pages_of_the_firm_fetch_it(client, manager, rep, classed):
    pages = {
        "segments:value_why": reverse("segments:value"),
        "segments:class_why": reverse("segments:class_detail", args=["general"]),
    }
    client.force_login(manager)
    for name, url in pages.items():
        assert f'hx-get="{url_of(name)}"' in client.get(url).content.decode()
    client.force_login(rep)
    seen = client.get(pages["segments:class_why"]).content.decode()
    assert "class-why" not in seen


def test_a_class_narrowed_further_names_whom_each_bar_moved(
    client, manager, rep, classed
):
    """As on the page of the class: the names and the others sum to the bar."""
    mine = Account.objects.filter(name__startswith="Firm").order_by("pk")[:20]
    Account.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(
        owner=rep
    )
    client.force_login(manager)
    asked = {"owner": rep.pk, "class": "general"}
    why = client.get(reverse("segments:value_why"), asked).context
    of_class = client.get(url_of("segments:class_why"), {"owner": rep.pk}).context
    assert why["change"] == of_class["change"]
    moved = [
        (bar, url)
        for bar, url in zip(why["change"].bars, why["chart"].urls, strict=False)
        if url
    ]
    assert moved
    for bar, url in moved:
        found = client.get(url).context["found"]
        assert found.total == bar.amount
        assert found.of_named + found.of_others == bar.amount
        assert {one.account.owner for one in found.named} <= {rep}
