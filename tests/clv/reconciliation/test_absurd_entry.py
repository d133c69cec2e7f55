"""One absurd cost: said on the run's page, kept from everybody else's numbers."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from clv.models import Valuation
from crm.models import Account, LedgerEntry
from crm.services import ledger
from segments.models import Membership
from segments.services.policy import ensure_policy
from tests import make
from tests.clv.night import firm

ABSURD = Decimal("999999999.99")
YESTERDAY = firm.TODAY - dt.timedelta(days=1)


def others(run, but):
    rows = Valuation.objects.of_run(run).exclude(account=but).order_by("account_id")
    return {row.account_id: row for row in rows}


def classes():
    rows = Membership.objects.open().exclude(account__name="Firm 7")
    return dict(rows.values_list("account_id", "worth_class"))


def test_it_moves_nobody_else(run_night):
    firm.build(150, prospects=3)
    spoilt = Account.objects.get(name="Firm 7")
    before = others(run_night(firm.TODAY), spoilt)
    stand = classes()

    for kind in ("delivery", "service", "other", "acquisition"):  # nobody has "other"
        ledger.post_entry(
            actor=None,
            account=spoilt,
            kind=kind,
            amount=ABSURD,
            incurred_on=YESTERDAY,
        )
    run = run_night(firm.TODAY)

    after = others(run, spoilt)
    moved = [
        abs(after[pk].expected_cost / was.expected_cost - 1)
        for pk, was in before.items()
        if was.expected_cost
    ]
    assert max(moved) < Decimal("0.01")
    assert classes() == stand
    own = Valuation.objects.of_run(run).get(account=spoilt)
    assert own.realised_profit < -3_999_999_000
    highest = max(value.expected_cost for value in after.values())
    assert abs(own.expected_cost) < 10 * highest


def test_nor_does_an_absurd_order(run_night, client, manager):
    """Also not the accounts that never ordered, whose worth follows from all others."""
    firm.build(150, prospects=6)
    Account.objects.filter(name="Firm 7").update(industry="Food", source="referral")
    Account.objects.filter(name="Firm 152").update(industry="Food", source="referral")
    spoilt = Account.objects.get(name="Firm 7")
    before = others(run_night(firm.TODAY), spoilt)
    stand = classes()

    make.order(account=spoilt, on=YESTERDAY, lines=[(1, ABSURD, None)])
    run = run_night(firm.TODAY)

    after = others(run, spoilt)
    assert after.keys() == before.keys()
    for pk, was in before.items():
        size = abs(was.expected_margin) + abs(was.expected_cost)
        assert abs(after[pk].clv - was.clv) < Decimal("0.05") * size + 1
    threshold = ensure_policy(run).expected_threshold
    for pk, worth_class in classes().items():  # only who stands on the threshold moves
        on_it = abs(before[pk].future_value - threshold) < Decimal("0.05") * threshold
        assert worth_class == stand[pk] or on_it
    own = Valuation.objects.of_run(run).get(account=spoilt)
    assert own.revenue > ABSURD
    client.force_login(manager)
    for url in (
        reverse("clv:run_detail", args=[run.pk]),
        reverse("segments:quality"),
    ):
        page = client.get(url).content.decode()
        assert "Entries to check" in page
        assert f"{reverse('clv:account_profit_and_loss', args=[spoilt.pk])}?" in page


def test_the_run_names_it_until_it_is_reversed(run_night, client, manager):
    firm.build(40, prospects=0)
    spoilt = Account.objects.get(name="Firm 7")
    entry = ledger.post_entry(
        actor=None, account=spoilt, kind="service", amount=ABSURD, incurred_on=YESTERDAY
    )
    run = run_night(firm.TODAY)
    client.force_login(manager)

    page = client.get(reverse("clv:run_detail", args=[run.pk]))

    (odd,) = page.context["report"].oddities.listed
    assert (odd.account, odd.entry) == (spoilt, entry)
    usual = Valuation.objects.of_run(run).exclude(account=spoilt)
    assert odd.times > 1_000_000
    assert odd.amount == Valuation.objects.of_run(run).get(account=spoilt).cost_service
    assert usual.filter(cost_service__gt=1000).count() == 0
    text = page.content.decode()
    assert "Entries to check" in text
    rows = f"{reverse('clv:account_profit_and_loss', args=[spoilt.pk])}?figure=service"
    link = f"{rows}&amp;entry={entry.pk}"
    assert f'href="{link}"' in text
    shown = client.get(link.replace("&amp;", "&")).context["page"]
    assert list(shown) == [entry]
    # Runs of before kept it with another step.
    named = run.steps.get(name="value").detail
    run.steps.filter(name="value").update(detail={})
    run.steps.filter(name="fit").update(detail=named)
    page = client.get(reverse("clv:run_detail", args=[run.pk]))
    assert page.context["report"].oddities.listed == [odd]

    ledger.reverse_entry(actor=manager, entry=entry, reason="typed twice")
    healed = run_night(firm.TODAY)

    page = client.get(reverse("clv:run_detail", args=[healed.pk]))
    assert "Entries to check" not in page.content.decode()
    assert LedgerEntry.objects.filter(account=spoilt, kind="service").count() == 3


@pytest.mark.parametrize("entry", ["x", "1" * 19, "-1"])
def test_an_unreadable_entry_is_not_found(client, manager, entry):
    account = Account.objects.create(name="A")
    LedgerEntry.objects.create(
        account=account, kind="service", amount=5, incurred_on=YESTERDAY
    )
    client.force_login(manager)
    url = reverse("clv:account_profit_and_loss", args=[account.pk])
    assert client.get(f"{url}?figure=service&entry={entry}").status_code == 404
