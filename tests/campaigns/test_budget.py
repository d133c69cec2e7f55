"""The budget: spent as in the ledger, planned as plans cost, justified by value."""

import datetime as dt
from decimal import Decimal

from django.urls import reverse

from campaigns.engine.justified import justified_share
from campaigns.models import PlanAssignment, PlannedTouch, PlanVersion
from campaigns.queries.budget import ASKED, budget
from campaigns.queries.costs import version_cost
from campaigns.services import plans
from clv.models import Assumptions
from common.clock import business_today
from crm.models import LedgerEntry
from segments.queries.scope import Scope
from tests import make


def test_heads_and_what_is_outside_are_all_that_accounts_bear(db):
    today = business_today()
    key, gone = make.account(), make.account()
    gone.merged_into = key
    gone.save()
    make.membership(account=key, worth_class="current_key")
    plans.ensure_plans()
    template = (
        PlanVersion.objects.published()
        .get(plan__worth_class="current_key")
        .touches.first()
    )
    template.head = "retention"
    template.save()
    contact = make.touchpoint(account=key)
    for period in ("1", "2"):  # one contact may fulfil two touches
        PlannedTouch.objects.create(
            account=key,
            template=template,
            lineage=template.lineage,
            period=period,
            due_on=today,
            owner_role="rep",
            status="done",
            closed_at=dt.datetime.now(dt.UTC),
            touchpoint=contact,
        )
    cost = {"on": today, "account": key}
    make.cost(
        amount="9.00", kind="marketing", source="plan", touchpoint=contact, **cost
    )
    make.cost(amount="5.00", kind="marketing", **cost)
    make.cost(amount="3.00", kind="service", **cost | {"account": gone})
    make.cost(amount="7.00", kind="delivery", **cost)
    make.cost(amount="99.00", kind="service", **cost | {"on": dt.date(2020, 1, 1)})
    make.cost(amount="4.00", kind="service", **cost | {"account": make.account()})
    found = budget()
    row = found.rows[0]
    assert {one.head: one.spent for one in row.cells} == {
        "marketing": 5,
        "retention": 9,
        "account_management": 0,
        "service": 3,
    }
    assert (row.outside, found.unclassed) == (7, 4)
    borne = LedgerEntry.objects.filter(incurred_on=today)
    assert found.borne == sum(one.amount for one in borne)


def test_planned_is_the_plan_and_justified_what_care_secures(db):
    account, loser = make.account(), make.account()
    for one, margin in ((account, "900.00"), (loser, "-300.00")):
        make.membership(account=one, worth_class="general")
        low = min(Decimal(margin), 0) * 2
        make.valuation(
            account=one, expected_margin=margin, future_low=low, future_high=1000
        )
    plans.ensure_plans()
    row = next(one for one in budget().rows if one.worth_class == "general")
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    assert row.planned == version_cost(version).whole_class
    assumed = Assumptions.objects.current()
    share = justified_share(
        effect_share=assumed.retention_effect, scale_share=assumed.response_scale
    )
    assert row.justified == (share * 300).quantize(Decimal("0.01"))
    parts = sum(one.justified for one in row.cells)
    assert abs(parts - row.justified) <= Decimal("0.02")


def test_the_page_and_its_empty_state(client, manager, rep):
    client.force_login(manager)
    address = reverse("campaigns:budget")
    assert "Nothing spent, nothing planned" in client.get(address).content.decode()
    account = make.account()
    make.membership(account=account)
    make.cost(account=account, on=business_today())
    text = client.get(address).content.decode()
    assert "no plan" in text
    assert "25.00" in text
    lines = b"".join(
        client.get(reverse("campaigns:budget_export")).streaming_content
    ).decode()
    assert len(lines.splitlines()) == 17
    client.force_login(rep)
    assert client.get(address).status_code == 403


def test_the_bar_narrows_spent_planned_justified_names_and_file(client, manager, rep):
    today = business_today()
    mine, other = make.account(name="Mine", owner=rep), make.account(name="Other")
    gone = make.account(name="Gone", merged_into=mine)
    for one in (mine, other):
        make.membership(account=one, worth_class="general")
        make.valuation(
            account=one, expected_margin="900.00", future_low=0, future_high=1000
        )
    plans.ensure_plans()
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    PlanAssignment.objects.create(account=mine, plan=version.plan, since=today)
    make.cost(account=mine, amount="5.00", kind="service", on=today)
    make.cost(account=gone, amount="2.00", kind="service", on=today)
    make.cost(account=other, amount="8.00", kind="service", on=today)
    long_ago = dt.date(2020, 1, 1)
    make.cost(account=mine, amount="99.00", kind="marketing", on=long_ago)
    whole, part = (
        budget(Scope.read(asked, manager, only=ASKED))
        for asked in ({}, {"owner": str(rep.pk), "class": "general"})
    )
    [row] = part.rows
    assert (row.members, row.spent, part.borne) == (1, 7, 7)
    assert row.planned == version_cost(version).per_customer
    [general] = [one for one in whole.rows if one.worth_class == "general"]
    assert general.spent == 15
    assert row.justified == general.justified / 2
    client.force_login(manager)
    address, asked = reverse("campaigns:budget"), {"owner": rep.pk, "class": "general"}
    page = client.get(address, asked)
    [service] = [
        one for one in page.context["found"].rows[0].cells if one.head == "service"
    ]
    names = client.get(service.url).content.decode()
    assert "Mine" in names
    assert "Other" not in names
    file = client.get(reverse("campaigns:budget_export"), asked)
    lines = b"".join(file.streaming_content).decode().splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == [
        "0.00",
        "0.00",
        "0.00",
        "7.00",
    ]
    days = {"from": "2020-01-01", "to": "2020-01-31"}
    [early] = [
        one
        for one in budget(Scope.read(days, manager, only=ASKED)).rows
        if one.worth_class == "general"
    ]
    assert early.spent == 99


def test_the_page_says_what_it_cannot_be_narrowed_by(client, manager):
    client.force_login(manager)
    page = client.get(reverse("campaigns:budget"), {"as_of": "2026-01-31"})
    assert page.status_code == 422
    assert "This page cannot be narrowed by day." in page.content.decode()
