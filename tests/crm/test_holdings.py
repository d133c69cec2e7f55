"""What customers have: begun, changed, ended, replaced, renewed, and by whom."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from clv.models import ContractValuation
from clv.queries.contracts import stage_contracts
from common.clock import business_today, months_later
from common.errors import StaleRecordError
from crm.errors import CannotSaveHoldingError
from crm.models import AuditEvent, Holding
from crm.queries.holdings import on_hand
from crm.services import holdings
from tests import make

TODAY = business_today()
LONG_AGO = TODAY - dt.timedelta(days=400)


@pytest.fixture
def account(rep):
    return make.account(owner=rep)


def hold(account, actor=None, **fields):
    fields = {"quantity": Decimal(1), "acquired_on": LONG_AGO} | fields
    fields.setdefault("product", None)
    fields["product"] = fields["product"] or make.product()
    return holdings.add_holding(actor=actor, account=account, **fields)


def service():
    return make.product(name="Full service", term_months=12)


def unchanged(act):
    """Run `act`, which is refused, and tell whether it left everything as it was."""
    rows = "SELECT md5(coalesce(string_agg(h::text, '' ORDER BY id), '')) FROM"

    def state():
        with connection.cursor() as cursor:
            cursor.execute(f"{rows} crm_holding h")
            return cursor.fetchone()[0], AuditEvent.objects.count()

    before = state()
    with pytest.raises(CannotSaveHoldingError) as caught:
        act()
    assert state() == before
    return caught.value


# -- Adding ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"quantity": Decimal(0)}, "quantity"),
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"acquired_on": TODAY + dt.timedelta(days=1)}, "acquired_on"),
        ({"acquired_on": dt.date(1066, 1, 1)}, "acquired_on"),
        ({"ends_on": LONG_AGO - dt.timedelta(days=1)}, "ends_on"),
        ({"ends_on": TODAY + dt.timedelta(days=40 * 365)}, "ends_on"),
    ],
)
def test_what_cannot_be_is_refused_under_its_field(account, fields, field):
    assert unchanged(lambda: hold(account, **fields)).field == field


def test_the_same_thing_is_there_once(account):
    copier = make.product()
    hold(account, product=copier, serial_number="S-1")
    hold(account, product=copier, serial_number="S-2")
    again = unchanged(lambda: hold(make.account(), product=copier, serial_number="s-1"))
    assert again.field == "serial_number"
    hold(account, product=copier)
    unchanged(lambda: hold(account, product=copier))


def test_two_contracts_for_one_product_do_not_run_at_once(account):
    plan = service()
    end = months_later(LONG_AGO, 24)
    hold(account, product=plan, ends_on=end)
    twice = unchanged(
        lambda: hold(account, product=plan, acquired_on=TODAY, ends_on=None)
    )
    assert "Renew or replace it" in twice.message
    before = months_later(LONG_AGO, -12)
    hold(account, product=plan, acquired_on=before, ends_on=LONG_AGO)
    hold(make.account(), product=plan)


def test_a_merged_account_has_nothing(account):
    gone = make.account(merged_into=account)
    assert unchanged(lambda: hold(gone)).field == "account"


# -- From an order -----------------------------------------------------------------


def line_of(account, product, quantity="3", **fields):
    order = make.order(
        account=account, on=LONG_AGO, lines=[(quantity, "10", "6")], **fields
    )
    order.lines.update(product=product)
    return order.lines.select_related("account", "product").get()


def test_a_line_becomes_a_holding_once_less_what_came_back(rep, account):
    line = line_of(account, make.product())
    line.returns.create(
        account=account, returned_on=TODAY, quantity=1, refund=Decimal(10)
    )
    made = holdings.hold_from_line(actor=rep, line=line)
    assert (made.quantity, made.acquired_on, made.ends_on) == (2, LONG_AGO, None)
    assert made.order_line == line
    unchanged(lambda: holdings.hold_from_line(actor=rep, line=line))


def test_a_line_of_a_contract_ends_with_its_term(rep, account):
    made = holdings.hold_from_line(actor=rep, line=line_of(account, service()))
    assert made.ends_on == months_later(LONG_AGO, 12)


@pytest.mark.parametrize("case", ["no product", "cancelled", "all came back"])
def test_lines_that_left_nothing(rep, account, case):
    fields = {"status": "cancelled"} if case == "cancelled" else {}
    product = None if case == "no product" else make.product()
    line = line_of(account, product, **fields)
    if case == "all came back":
        line.returns.create(
            account=account, returned_on=TODAY, quantity=3, refund=Decimal(30)
        )
    unchanged(lambda: holdings.hold_from_line(actor=rep, line=line))


# -- Changing ------------------------------------------------------------------------


def test_a_change_keeps_the_product_and_needs_the_version_seen(rep, account):
    held = hold(account)
    seen = held.version
    holdings.change_holding(actor=rep, holding=held, quantity=Decimal("2.5"))
    assert (held.quantity, held.version) == (Decimal("2.5"), seen + 1)
    with pytest.raises(StaleRecordError):
        holdings.change_holding(
            actor=rep, holding=held, expected_version=seen, quantity=Decimal(9)
        )
    unchanged(
        lambda: holdings.change_holding(actor=rep, holding=held, product=make.product())
    )
    held.refresh_from_db()
    assert held.quantity == Decimal("2.5")


def test_ending_says_when_and_what_became_of_it(rep, account):
    held = hold(account, note="In the hall")
    for bad in (LONG_AGO - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)):
        error = unchanged(
            lambda day=bad: holdings.end_holding(actor=rep, holding=held, ended_on=day)
        )
        assert error.field == "ended_on"
    holdings.end_holding(
        actor=rep, holding=held, ended_on=TODAY, status="returned", note="Broken"
    )
    assert (held.status, held.ends_on) == ("returned", TODAY)
    assert held.note == "In the hall\nBroken"
    unchanged(lambda: holdings.end_holding(actor=rep, holding=held, ended_on=TODAY))


def test_what_replaces_and_what_is_replaced_name_each_other(rep, account):
    old, better = hold(account), make.product()
    new = holdings.replace_holding(
        actor=rep,
        holding=old,
        product=better,
        quantity=Decimal(2),
        acquired_on=TODAY,
    )
    assert (old.status, old.replaced_by, old.ends_on) == ("replaced", new, TODAY)
    assert list(new.replaces.all()) == [old]
    error = unchanged(
        lambda: holdings.replace_holding(
            actor=rep,
            holding=new,
            product=better,
            quantity=Decimal(1),
            acquired_on=LONG_AGO,
        )
    )
    assert error.field == "acquired_on"


def test_a_renewal_begins_where_the_term_ends(rep, account):
    end = TODAY + dt.timedelta(days=30)
    old = hold(account, product=service(), ends_on=end, quantity=Decimal(2))
    new = holdings.renew_holding(actor=rep, holding=old)
    assert (new.acquired_on, new.ends_on) == (end, months_later(end, 12))
    assert (new.quantity, old.status, old.replaced_by) == (2, "replaced", new)
    unchanged(lambda: holdings.renew_holding(actor=rep, holding=old))
    sold_once = hold(account)
    unchanged(lambda: holdings.renew_holding(actor=rep, holding=sold_once))


def test_without_an_end_a_contract_renews_on_its_next_anniversary(account):
    held = hold(account, product=service())
    assert held.term_ends_on(TODAY) == months_later(LONG_AGO, 24)


def test_only_what_has_no_history_is_removed(rep, account):
    old = hold(account)
    new = holdings.replace_holding(
        actor=rep,
        holding=old,
        product=old.product,
        quantity=Decimal(1),
        acquired_on=TODAY,
    )
    unchanged(lambda: holdings.remove_holding(actor=rep, holding=new))
    mistake = hold(account)
    holdings.remove_holding(actor=rep, holding=mistake)
    assert not Holding.objects.filter(account=account, product=mistake.product).exists()
    assert AuditEvent.objects.filter(action="holding.removed").count() == 1


# -- What is shown -------------------------------------------------------------------


def test_flags_say_why(account):
    worn = make.product(name="Lamp", life_months=12)
    hold(account, product=worn)
    hold(account, ends_on=TODAY - dt.timedelta(days=2))
    hold(account, ends_on=TODAY + dt.timedelta(days=20))
    hold(account, product=service(), ends_on=TODAY + dt.timedelta(days=20))
    hold(account, acquired_on=TODAY)
    seen = {row.flag: row.why for row in on_hand(account).now}
    assert sorted(seen) == ["", "Aged", "Ends soon", "Past its end", "Renew soon"]
    assert "Lamp usually lasts 12 months" in seen["Aged"]


def test_a_life_is_learnt_from_what_customers_stopped_using(account):
    copier = make.product()
    for months in (6, 8, 10, 12, 14):
        Holding.objects.create(
            account=make.account(),
            product=copier,
            quantity=1,
            acquired_on=LONG_AGO,
            ends_on=months_later(LONG_AGO, months),
            status="ended",
        )
    hold(account, product=copier)
    (row,) = on_hand(account).now
    assert row.flag == "Aged"
    assert "5 customers kept it 10 months, half of them less" in row.why


def test_a_term_is_worth_what_was_billed_else_the_list_price(account):
    plan = make.product(term_months=12, list_price=Decimal(540))
    hold(account, product=plan, quantity=Decimal(2))
    (row,) = on_hand(account).now
    assert (row.term.value, row.term.source) == (1080, "by the list price")
    paid = make.order(account=account, on=TODAY, lines=[(2, "500", "300")])
    paid.lines.update(product=plan)
    (row,) = on_hand(account).now
    assert row.term.value == 1000
    assert row.term.renews_on == months_later(LONG_AGO, 24)


def test_what_is_typed_is_valued_as_a_contract_the_next_night(client, rep, account):
    client.force_login(rep)
    plan = service()
    answer = client.post(
        reverse("crm:holding_create", args=[account.pk]),
        {
            "product": plan.pk,
            "quantity": "2",
            "acquired_on": LONG_AGO.isoformat(),
            "ends_on": months_later(LONG_AGO, 24).isoformat(),
        },
    )
    assert answer.status_code == 302
    tomorrow = TODAY + dt.timedelta(days=1)
    run = make.run(as_of=tomorrow)
    known = (
        f"(SELECT {account.pk}::bigint AS account_id, 1 AS order_days, "
        f"DATE '{LONG_AGO}' AS last_on)"
    )
    stage_contracts(
        run_id=run.pk, inputs=known, as_of=tomorrow, margin_rate=Decimal("0.3")
    )
    stored = ContractValuation.objects.get(run=run)
    assert (stored.account, stored.product) == (account, plan)
    assert (stored.started_on, stored.ends_on) == (
        LONG_AGO,
        months_later(LONG_AGO, 24),
    )
    assert not stored.has_ended


# -- Pages -----------------------------------------------------------------------------


def test_pages_of_a_colleagues_holding_are_not_found(client, colleague, account):
    held, line = hold(account), line_of(account, make.product())
    client.force_login(colleague)
    for name in ("edit", "replace", "renew", "end"):
        path = reverse(f"crm:holding_{name}", args=[held.pk])
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    assert client.post(reverse("crm:line_hold", args=[line.pk])).status_code == 404
    held.refresh_from_db()
    assert held.status == "active"


def test_a_form_is_refused_in_words_and_changes_nothing(client, rep, account):
    client.force_login(rep)
    path = reverse("crm:holding_create", args=[account.pk])
    page = client.post(
        path, {"product": make.product().pk, "quantity": "-2", "acquired_on": LONG_AGO}
    )
    assert page.status_code == 422
    assert "above 0" in page.content.decode()
    assert not Holding.objects.exists()


def test_an_edit_of_what_changed_meanwhile_shows_both(client, rep, account):
    client.force_login(rep)
    held = hold(account)
    seen = held.version
    holdings.change_holding(actor=rep, holding=held, quantity=Decimal(7))
    path = reverse("crm:holding_edit", args=[held.pk])
    fields = {"quantity": "2", "acquired_on": LONG_AGO, "version": seen}
    page = client.post(path, fields)
    assert page.status_code == 409
    assert "Quantity: now “7" in page.content.decode()
    held.refresh_from_db()
    assert held.quantity == 7
    assert client.post(path, fields | {"version": held.version}).status_code == 302
    held.refresh_from_db()
    assert held.quantity == 2


def test_one_click_from_the_orders_behind_a_product(client, rep, account):
    client.force_login(rep)
    product = make.product()
    line = line_of(account, product)
    path = reverse("crm:bought_lines", args=[account.pk, product.pk])
    fragment = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith(f'<div id="bought-{product.pk}"')
    assert "They have it" in fragment
    assert "<html" in client.get(path).content.decode()
    client.post(reverse("crm:line_hold", args=[line.pk]))
    assert Holding.objects.get().order_line == line
    assert "Among what they have" in client.get(path).content.decode()


def test_orders_behind_a_product_are_asked_for_once(
    client, rep, account, assert_flat_queries
):
    client.force_login(rep)
    product = make.product()
    path = reverse("crm:bought_lines", args=[account.pk, product.pk])

    def grow():
        for _ in range(3):
            line_of(account, product)

    grow()
    assert_flat_queries(lambda: client.get(path), grow)
