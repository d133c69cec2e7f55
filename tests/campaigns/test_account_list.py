"""The list of accounts: order, filters, paging, export, and who sees what."""

import csv
import datetime as dt
import io
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from campaigns.queries.lists import accounts as queries
from campaigns.queries.lists import base
from campaigns.services import standings
from campaigns.services.planning import plan_touches
from clv.models import Valuation
from common.clock import business_today
from crm.models import Competitor, CompetitorPresence
from crm.models.lifecycle import LifecycleStage, LifecycleStay
from tests import make

URL = reverse("campaigns:account_list")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def firm(db, rep, colleague):
    """Five accounts of two reps, valued twice; one has no value yet."""
    before = make.run(as_of=dt.date(2026, 11, 19), current=False)
    run = make.run(as_of=dt.date(2026, 11, 20))
    facts = [
        ("Alder", "Bonn", rep, "900.00", "current_key"),
        ("Birch", "Ulm", rep, "300.00", "general"),
        ("Cedar", "Bonn", rep, "300.00", "general"),
        ("Dogwood", "Jena", colleague, "-50.00", "never_profitable"),
    ]
    made = {}
    for name, city, owner, clv, key in facts:
        account = make.account(name=name, city=city, owner=owner)
        make.valuation(account=account, run=run, realised=clv, expected_margin="0.00")
        make.valuation(
            account=account, run=before, realised="200.00", expected_margin="0.00"
        )
        make.membership(account=account, worth_class=key)
        made[name] = account
    made["Elm"] = make.account(name="Elm", city="Aachen", owner=rep)
    return made


def names(response):
    return [row.account.name for row in response.context["page"]]


def listed(client, user, **query):
    client.force_login(user)
    return client.get(URL, query)


def test_most_valuable_first(client, firm, manager):
    response = listed(client, manager)

    # Ties by key, downwards as well; who has no value yet comes last.
    assert names(response) == ["Alder", "Cedar", "Birch", "Dogwood", "Elm"]
    first = response.context["page"].rows[0]
    assert (first.clv, first.trend) == (Decimal("900.00"), Decimal("700.00"))
    assert first.worth_class.label == "Current key"
    assert "1 account is newer" in response.text


def leave(account):
    """Let an account be a former customer, for whom nothing is planned."""
    type(account).objects.filter(pk=account.pk).update(stage="former")


def test_who_has_no_value_yet_can_be_shown(client, firm, manager):
    assert names(listed(client, manager, new="on", sort="name")) == ["Elm"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", "ABCDE"),
        ("-name", "EDCBA"),
        ("clv", "DBCAE"),
        ("-future", "DCBAE"),
        ("-trend", "ACBDE"),
        ("trend", "DBCAE"),
        ("profit", "DBCAE"),
        ("class", "ACBDE"),
        ("-class", "DBCAE"),
        ("city", "EACDB"),
        ("owner", "DABCE"),
        ("stage", "ABCDE"),
        ("last_contact", "BADCE"),
        ("-last_contact", "DABEC"),
        ("-alive", "DCABE"),
        ("break_even", "BADCE"),
        ("nonsense", "ACBDE"),
    ],
)
def test_every_column_sorts(client, firm, manager, sort, order):
    Valuation.objects.update(break_even_on=None, paid_back_on=None)
    for name, day in (("Birch", 1), ("Alder", 5), ("Dogwood", 9)):
        account = firm[name]
        Valuation.objects.filter(account=account).update(
            probability_alive=day / 10,
            **{"break_even_on" if day == 9 else "paid_back_on": dt.date(2026, 11, day)},
        )
        type(account).objects.filter(pk=account.pk).update(
            last_contact_on=dt.date(2026, 11, day)
        )
    found = names(listed(client, manager, sort=sort))
    # Accounts without the field come last, by key.
    assert [name[0] for name in found] == list(order)


def test_the_next_touch_sorts_and_shows(client, firm, ready, manager):
    leave(firm["Elm"])
    plan_touches(as_of=business_today(), horizon_days=40)

    response = listed(client, manager, sort="next_touch")

    shown = [row.next_touch for row in response.context["page"]]
    days = [touch.due_on for touch in shown if touch]
    assert days == sorted(days)
    assert shown[-1] is None
    assert names(response)[-1] == "Elm"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "ced"}, ["Cedar"]),
        ({"search": "bonn"}, ["Alder", "Cedar"]),
        ({"class": "general"}, ["Cedar", "Birch"]),
        ({"class": "no such class"}, ["Alder", "Cedar", "Birch", "Dogwood", "Elm"]),
        ({"stage": "prospect"}, []),
        ({"owner": "colleague"}, ["Dogwood"]),
        ({"class": "general", "search": "ulm"}, ["Birch"]),
    ],
)
def test_filters(client, firm, manager, colleague, query, found):
    if "owner" in query:
        query = {"owner": colleague.pk}
    assert names(listed(client, manager, **query)) == found


@pytest.fixture
def customers(firm):
    """Birch and Cedar ordered once; 40 and 70 more are expected of them."""
    run = queries.ValuationRun.objects.current()
    queries.Valuation.objects.of_run(run).update(first_on=None)
    for name, more in (("Birch", "40.00"), ("Cedar", "70.00")):
        made = queries.Valuation.objects.of_run(run).filter(account=firm[name])
        made.update(
            first_on=dt.date(2026, 1, 5),
            expected_margin=Decimal(more),
            future_value=Decimal(more),
            clv=Decimal("300.00") + Decimal(more),
        )


@pytest.mark.parametrize("counted_up_to", [10_000, 1])
def test_who_ever_ordered_by_what_is_expected(
    client, customers, manager, monkeypatch, counted_up_to
):
    """Customer equity opens this list, however long."""
    monkeypatch.setattr(base, "COUNTED_UP_TO", counted_up_to)

    response = listed(client, manager, customers="1", sort="-future")

    assert names(response) == ["Cedar", "Birch"]
    assert [row.future_value for row in response.context["page"]] == [70, 40]
    assert names(listed(client, manager, customers="1", sort="name")) == [
        "Birch",
        "Cedar",
    ]


def test_the_sum_of_what_is_expected_is_customer_equity(client, customers, manager):
    response = listed(client, manager, customers="1")

    assert response.context["totals"].sums["future_value"] == 110
    assert 'name="customers"' in response.text


def test_a_rep_sees_their_own_and_no_owner_filter(client, firm, rep):
    response = listed(client, rep)

    assert names(response) == ["Alder", "Cedar", "Birch", "Elm"]
    assert response.context["totals"].count == 4
    assert 'name="owner"' not in response.text
    assert 'data-label="Owner"' not in response.text


def test_totals_sum_what_is_listed(client, firm, manager):
    totals = listed(client, manager, **{"class": "general"}).context["totals"]

    assert (totals.count, totals.is_more) == (2, False)
    assert totals.sums["clv"] == Decimal("600.00")


def test_a_long_list_says_10_000_and_more(client, firm, manager, monkeypatch):
    monkeypatch.setattr(base, "COUNTED_UP_TO", 3)

    totals = listed(client, manager).context["totals"]

    assert (totals.count, totals.is_more) == (3, True)


@pytest.mark.parametrize(
    "sort",
    [
        "-clv",
        "clv",
        "-future",
        "name",
        "-class",
        "-trend",
        "last_contact",
        "-next_touch",
        "-alive",
        "break_even",
    ],
)
@pytest.mark.parametrize("found_by", ["keys", "values", "standings"])
def test_pages_follow_each_other_and_back(  # noqa: PLR0917
    client, firm, ready, manager, monkeypatch, sort, found_by
):
    """However the rows are found: few by key, many from values or standings."""
    leave(firm["Elm"])  # who is new has touches, and stands in no night's figures yet
    plan_touches(as_of=business_today(), horizon_days=40)
    for name, chance in (("Birch", 0.9), ("Dogwood", 0.2)):
        valued = Valuation.objects.filter(account=firm[name])
        valued.update(probability_alive=chance, paid_back_on=dt.date(2026, 11, 9))
    whole = names(listed(client, manager, sort=sort))
    run = queries.ValuationRun.objects.current()
    if found_by != "keys":
        monkeypatch.setattr(base, "COUNTED_UP_TO", 1)
    monkeypatch.setattr(queries, "SORTED_DIRECTLY", 0)
    if found_by != "values":
        assert standings.write_standings(run) == 4
    shown = queries.AccountList(user=manager, given={"sort": sort}, run=run)

    pages = [shown.page(size=2)]
    while pages[-1].next:
        pages.append(shown.page(pages[-1].next, size=2))

    assert [row.account.name for page in pages for row in page] == whole
    back = shown.page(pages[-1].previous, size=2)
    assert [r.account.pk for r in back] == [r.account.pk for r in pages[-2]]


def test_the_past_shows_that_days_values_and_classes(client, firm, manager):
    move = firm["Alder"]
    stands = queries.Membership.objects.open().get(account=move)
    stands.until = dt.date(2026, 11, 20)
    stands.save()
    make.membership(account=move, worth_class="general", since=dt.date(2026, 11, 20))

    response = listed(client, manager, as_of="2026-11-19", sort="name")

    row = response.context["page"].rows[0]
    assert (row.account, row.clv) == (move, Decimal("200.00"))
    assert row.worth_class.value == "current_key"
    assert row.trend is None


def test_before_the_first_run_the_list_is_sorted_by_name(client, manager):
    make.account(name="Beech")
    make.account(name="Ash")

    response = listed(client, manager)

    assert names(response) == ["Ash", "Beech"]
    assert "Nothing is valued yet" in response.text


def test_an_empty_firm_says_what_to_do(client, manager):
    assert "No accounts yet" in listed(client, manager).text


def test_a_filter_without_match_offers_the_way_back(client, firm, manager):
    assert "No account matches" in listed(client, manager, search="zzz").text


def test_htmx_gets_the_fragment_and_history_the_page(client, firm, manager):
    client.force_login(manager)

    fragment = client.get(URL, headers=HTMX)
    restored = client.get(URL, headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert fragment.text.lstrip().startswith('<section id="account-list"')
    assert "<html" not in fragment.text
    assert "<html" in restored.text
    assert "HX-Request" in fragment.headers["Vary"]


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get(URL).status_code == 302
    assert client.post(reverse("campaigns:account_export")).status_code == 302


def test_queries_do_not_grow_with_rows(
    client, firm, ready, manager, rep, assert_flat_queries
):
    plan_touches(as_of=business_today(), horizon_days=40)
    client.force_login(manager)

    def add_rows():
        for _ in range(5):
            account = make.account(owner=rep)
            make.valuation(account=account)
            make.membership(account=account)
        plan_touches(as_of=business_today(), horizon_days=40)

    assert_flat_queries(lambda: client.get(URL), add_rows)


def exported(client, user, **query):
    client.force_login(user)
    address = reverse("campaigns:account_export")
    response = client.post(f"{address}?{urlencode(query)}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export_is_what_the_list_shows(client, firm, manager):
    rows = exported(client, manager, sort="-clv", **{"class": "general"})

    assert [row["Name"] for row in rows] == ["Cedar", "Birch"]
    assert rows[0]["CLV"] == "300.00"
    assert rows[0]["Class"] == "General"


def test_the_export_of_a_rep_holds_their_own_only(client, firm, rep, monkeypatch):
    monkeypatch.setattr(base, "EXPORT_CHUNK", 2)

    rows = exported(client, rep, sort="name")

    assert [row["Name"] for row in rows] == ["Alder", "Birch", "Cedar", "Elm"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("+49 40", "'+49 40"),
        ("-1+1", "'-1+1"),
        ("@sum", "'@sum"),
        (" =1", "' =1"),
        ("\t=1", "' =1"),
        ("A\x07B", "A B"),
        ("Plain, with comma", "Plain, with comma"),
    ],
)
def test_the_export_runs_no_formula(client, manager, name, cell):
    make.account(name=name)
    assert exported(client, manager)[0]["Name"] == cell


def test_negative_worth_stays_a_number(client, firm, colleague):
    assert exported(client, colleague)[0]["CLV"] == "-50.00"


def test_stage_of_life_and_competitors_show_and_filter(client, firm, manager):
    stage, other = LifecycleStage.objects.order_by("position")[:2]
    rival = Competitor.objects.create(name="Rival & Sons")
    for name, where in (("Alder", stage), ("Birch", other)):
        LifecycleStay.objects.create(
            account=firm[name], stage=where, since=dt.date(2026, 1, 1)
        )
    for category in ("Paper", "Ink"):
        CompetitorPresence.objects.create(
            account=firm["Cedar"], competitor=rival, category=category
        )
    CompetitorPresence.objects.create(
        account=firm["Birch"], competitor=rival, until=dt.date(2026, 2, 1)
    )
    columns = {"columns": "name,lifecycle,competitors"}

    page = listed(client, manager, lifecycle=stage.pk, **columns)
    assert names(page) == ["Alder"]
    assert stage.name in page.text
    page = listed(client, manager, competitor=rival.pk, **columns)
    assert names(page) == ["Cedar"]
    assert "Rival &amp; Sons</td>" in page.text
    file = exported(client, manager, sort="name", **columns)
    assert [line["Competitors"] for line in file] == ["", "", "Rival & Sons", "", ""]
    assert [line["Lifecycle"] for line in file][:2] == [stage.name, other.name]
