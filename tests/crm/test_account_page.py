"""The account page: every tab works, for those who may, at a flat number of queries."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from common.clock import business_today
from crm.models import Account, Consent, EventType, Holding, LifeEvent, Task, Usage
from crm.services.touchpoints import log_touchpoint
from tests import make

TABS = ["overview", "timeline", "people", "products", "use", "events"]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord", city="Kiel", phone="+49 431 1")


def url(account, tab="overview"):
    return f"{reverse('crm:account_detail', args=[account.pk])}?tab={tab}"


def body(response):
    return response.content.decode()


def fill(account):
    person = make.contact(account=account, email="a@example.test", phone="123")
    Consent.objects.create(contact=person, channel="email", is_granted=True)
    make.touchpoint(account=account, contact=person, minutes=5, note="Talked")
    product = make.product()
    product.complements.add(make.product())
    order = make.order(account=account)
    order.lines.update(product=product)
    holding = Holding.objects.create(
        account=account,
        product=product,
        quantity=1,
        acquired_on=dt.date(2026, 1, 1),
    )
    for month in (1, 2):
        Usage.objects.create(
            holding=holding, metric="Pages", month=dt.date(2026, month, 1), value=9
        )
    LifeEvent.objects.create(
        account=account,
        contact=person,
        type=EventType.objects.get(key="moved"),
        occurred_on=dt.date(2026, 1, 3),
    )
    Task.objects.create(
        account=account,
        owner=account.owner,
        title="Ring",
        due_on=business_today(),
    )
    Task.objects.create(
        account=account,
        owner=account.owner,
        title="Rang",
        due_on=business_today(),
        status="done",
        done_at=timezone.now(),
    )


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_empty_and_full_as_page_and_as_fragment(
    client, rep, account, read_only, tab
):
    client.force_login(rep)
    with read_only():
        empty = client.get(url(account, tab))
    assert empty.status_code == 200
    fill(account)
    with read_only():
        page = client.get(url(account, tab))
        fragment = client.get(url(account, tab), headers=HTMX)
    assert "<html" in body(page)
    assert "Kontor Nord" in body(page)
    assert "<html" not in body(fragment)
    assert body(fragment).lstrip().startswith('<div id="account-body"')


@pytest.mark.parametrize("tab", TABS)
def test_queries_do_not_grow_with_rows(client, rep, account, assert_flat_queries, tab):
    client.force_login(rep)
    fill(account)

    def grow():
        for _ in range(3):
            fill(account)

    assert_flat_queries(lambda: client.get(url(account, tab)), grow)


def test_strangers_sign_in_and_colleagues_find_nothing(
    client, colleague, manager, account
):
    assert client.get(url(account)).status_code == 302
    client.force_login(colleague)
    for name in ("account_detail", "account_header", "account_timeline"):
        path = reverse(f"crm:{name}", args=[account.pk])
        assert client.get(path).status_code == 404
    client.force_login(manager)
    assert client.get(url(account)).status_code == 200


def test_a_marketer_reads_but_does_not_edit(client, marketer, account):
    client.force_login(marketer)
    page = body(client.get(url(account)))
    edit = reverse("crm:account_edit", args=[account.pk])
    assert edit not in page
    assert client.get(edit).status_code == 403


def test_the_head_says_who_this_is(client, rep, account):
    client.force_login(rep)
    Account.objects.filter(pk=account.pk).update(
        acquired_on=business_today() - dt.timedelta(days=731)
    )
    head = body(client.get(reverse("crm:account_header", args=[account.pk])))
    for words in ("Kiel", "2.0 years with us", "Yours", "Never contacted"):
        assert words in head
    assert 'href="tel:+49 431 1"' in head


@pytest.mark.parametrize(
    ("country", "says"), [("JP", True), ("DE", False), ("US", False), ("", False)]
)
def test_the_head_tells_the_time_of_a_country_whose_clocks_are_others(
    client, rep, account, country, says
):
    client.force_login(rep)
    Account.objects.filter(pk=account.pk).update(country=country)
    head = body(client.get(reverse("crm:account_header", args=[account.pk])))
    brief = client.get(reverse("campaigns:account_brief", args=[account.pk])).text
    for page in (head, brief):
        assert bool(re.search(r"\b\d\d:\d\d there\b", page)) is says


# -- Timeline --------------------------------------------------------------------------


def test_the_timeline_mixes_kinds_newest_first_and_hides_what_was_undone(
    client, rep, account
):
    client.force_login(rep)
    make.order(account=account, on=dt.date(2026, 3, 1), lines=[(2, "10", "1")] * 2)
    make.order(account=account, on=dt.date(2026, 1, 1), status="cancelled")
    LifeEvent.objects.create(
        account=account,
        type=EventType.objects.get(key="moved"),
        occurred_on=dt.date(2026, 2, 1),
        note="To Kiel",
    )
    at = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
    make.touchpoint(account=account, occurred_at=at, note="Pricing")
    make.touchpoint(account=account, occurred_at=at, note="Gone", voided_at=at)
    make.touchpoint(note="Of others")

    page = body(client.get(url(account, "timeline")))

    words = ["Pricing", "40.00", "To Kiel", "Order, cancelled"]
    positions = [page.index(word) for word in words]
    assert positions == sorted(positions)
    assert "Gone" not in page
    assert "Of others" not in page


def test_the_timeline_keeps_one_kind(client, rep, account):
    client.force_login(rep)
    fill(account)
    page = body(client.get(url(account, "timeline") + "&kind=task"))
    assert "Rang" in page
    assert "Talked" not in page


def test_older_parts_hold_each_happening_once(client, rep, account):
    client.force_login(rep)
    same = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
    for n in range(30):
        make.touchpoint(account=account, occurred_at=same, note=f"note-{n:02}.")
        make.order(account=account, on=same.date(), external_id=f"order-{n:02}.")
    seen, path = [], url(account, "timeline")
    for _ in range(5):
        page = client.get(path)
        seen += [
            f"{row.item.key}{row.item.pk}" for row in page.context["timeline"].rows
        ]
        older = page.context["timeline"].older
        if not older:
            break
        path = f"{reverse('crm:account_timeline', args=[account.pk])}?before={older}"
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize("before", ["rubbish", "e30", "WzEsMiwzXQ", "%00", "é"])
def test_an_unreadable_cursor_begins_anew(client, rep, account, before):
    client.force_login(rep)
    page = client.get(url(account, "timeline"), {"tab": "timeline", "before": before})
    assert page.status_code == 200
    assert page.context["timeline"].is_first


def test_undo_stands_at_ones_own_fresh_contacts_only(client, rep, manager, account):
    log_touchpoint(
        actor=rep, account=account, channel="phone", occurred_at=timezone.now()
    )
    log_touchpoint(
        actor=manager, account=account, channel="phone", occurred_at=timezone.now()
    )
    for user, count in ((rep, 1), (manager, 2)):
        client.force_login(user)
        rows = client.get(url(account, "timeline")).context["timeline"].rows
        assert [row.can_undo for row in rows].count(True) == count


# -- People ----------------------------------------------------------------------------


def test_people_show_role_reach_wishes_and_silence(client, rep, account):
    client.force_login(rep)
    buyer = make.contact(
        account=account, name="Bea Buyer", decision_role="economic_buyer", influence=5
    )
    make.contact(account=account, name="Don Dont", do_not_contact=True, phone="55")
    make.contact(account=account, name="Leo Left", left_on=dt.date(2026, 1, 1))
    Consent.objects.create(contact=buyer, channel="email", is_granted=True)
    Consent.objects.create(contact=buyer, channel="email", is_granted=False)
    long_ago = timezone.now() - dt.timedelta(days=92)  # 91 days on any clock change
    make.touchpoint(account=account, contact=buyer, occurred_at=long_ago)

    page = body(client.get(url(account, "people")))

    assert "Nobody spoke to the economic buyer for 90 days: Bea Buyer." in page
    assert "Do not contact" in page
    assert "55" in page
    assert "tel:55" not in page  # who wants no call is no link
    assert "E-mail: no" in page
    assert "E-mail: yes" not in page
    rows = page[page.index("<h2>Everybody") :]
    assert rows.index("Bea Buyer") < rows.index("Don Dont") < rows.index("Leo Left")

    make.touchpoint(account=account, contact=buyer, occurred_at=timezone.now())
    assert "Nobody spoke" not in body(client.get(url(account, "people")))


# -- Products and use ------------------------------------------------------------------


def test_products_show_margin_returns_and_unknown_costs(client, rep, account):
    client.force_login(rep)
    paper, toner = make.product(name="Paper"), make.product(name="Toner")
    paper.complements.add(toner)
    binder = make.product(name="Binder")
    known = make.order(account=account, lines=[(10, "10.00", "6.00")])
    known.lines.update(product=paper)
    line = known.lines.get()
    line.returns.create(
        account=account,
        returned_on=business_today(),
        quantity=2,
        refund=Decimal("20.00"),
        cost_recovered=Decimal("5.00"),
    )
    unknown = make.order(account=account, lines=[(1, "9.00", None)])
    unknown.lines.update(product=binder)
    cancelled = make.order(account=account, status="cancelled")
    cancelled.lines.update(product=paper)
    Holding.objects.create(
        account=account,
        product=paper,
        quantity=1,
        acquired_on=business_today() - dt.timedelta(days=2000),
    )

    page = client.get(url(account, "products"))

    bought = page.context["bought"]
    assert [(r.name, r.quantity, r.revenue, r.margin) for r in bought.rows] == [
        ("Paper", 8, Decimal("80.00"), Decimal("25.00")),
        ("Binder", 1, Decimal("9.00"), None),
    ]
    assert [row.returned for row in bought.rows] == [2, 0]
    assert [row.flag for row in page.context["on_hand"].now] == ["Aged"]
    assert "cost not known" in body(page)


def test_products_are_paged_and_sorted_and_know_their_pace(client, rep, account):
    client.force_login(rep)
    today = business_today()
    for n in range(17):
        product = make.product(name=f"Product {n}")
        days = (90, 60, 30) if n == 0 else (n,)
        for day in days:
            order = make.order(
                account=account,
                on=today - dt.timedelta(days=day),
                lines=[(1, str(100 - n), "1")],
            )
            order.lines.update(product=product)
    make.order(account=account)  # names no product

    first = client.get(url(account, "products")).context["bought"]
    assert len(first.rows) == 16
    assert (first.rows[0].name, first.rows[-1].name) == (
        "Product 0",
        "Orders without a product",
    )
    assert first.rows[0].repeat.days == 30
    assert not first.rows[0].repeat.is_late
    assert first.rows[1].repeat is None
    second = client.get(url(account, "products") + f"&cursor={first.next}")
    assert [row.name for row in second.context["bought"].rows] == [
        "Product 15",
        "Product 16",
    ]
    latest = client.get(url(account, "products") + "&sort=last").context["bought"]
    assert latest.rows[0].name == "Product 1"


def test_the_part_that_a_filter_morphs_carries_no_address_of_its_own(
    client, rep, account
):
    """Morphing another address into it would drop what is typed meanwhile."""
    client.force_login(rep)
    page = body(client.get(url(account, "timeline"), headers=HTMX))
    whole, live = (
        page[page.index(f'<div id="{name}"') :].split(">", 1)[0]
        for name in ("account-body", "account-live")
    )
    assert "hx-" not in whole
    assert f'hx-get="{url(account, "timeline")}"' in live
    assert 'hx-target="#account-body"' in live
