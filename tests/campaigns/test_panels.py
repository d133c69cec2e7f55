"""Care on the account page and on the class page."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.models import (
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    RetentionPlan,
)
from campaigns.services import assignments, plans, touches
from campaigns.services.deliveries import enqueue
from campaigns.services.planning import plan_touches
from common.clock import business_today
from segments.choices import WorthClass
from tests import make


def panel(client, user, account, name="account_plan"):
    client.force_login(user)
    return client.get(reverse(f"campaigns:{name}", args=[account.pk]))


@pytest.fixture
def account(ready, member, rep):
    account = member("current_key", owner=rep)
    make.valuation(
        account=account,
        expected_margin_year=Decimal("4000.00"),
        expected_margin="9500.00",
    )
    return account


def spend(account, amount, kind="service", *, days_ago=10):
    day = business_today() - dt.timedelta(days=days_ago)
    make.cost(account=account, amount=amount, on=day, kind=kind)


def test_what_is_justified_counts_a_years_care(client, account, rep):
    spend(account, "100.00", "marketing")
    spend(account, "30.00", "account_management", days_ago=364)
    spend(account, "500.00", "service", days_ago=365)
    spend(account, "700.00", "delivery")
    spend(account, "900.00", "acquisition")

    response = panel(client, rep, account)

    result = response.context["wallet"].spend
    assert (result.limit, result.used, result.left) == (
        Decimal("219.72"),
        Decimal("130.00"),
        Decimal("89.72"),
    )
    assert "Up to <strong>90</strong> more is justified this year; 130 of 220 used" in (
        response.text
    )
    assert "assumed: care can secure at most 15" in response.text


def test_the_header_says_it_in_a_chip(client, account, rep):
    spend(account, "269.72")

    response = panel(client, rep, account, "account_justified")

    assert "50 over" in response.text
    assert "270 used" in response.text


def test_without_value_nothing_is_claimed(client, ready, member, rep):
    account = member("general", owner=rep)

    assert panel(client, rep, account).context["wallet"] is None
    assert panel(client, rep, account, "account_justified").status_code == 200


def test_the_strip_shows_done_skipped_late_and_due(client, account, rep):
    plan_touches(as_of=business_today(), horizon_days=92)
    visit, *_ = PlannedTouch.objects.filter(template__title="Sales visit")
    touches.complete(actor=rep, touch=visit)
    magazine, *_ = PlannedTouch.objects.filter(
        template__title="Printed magazine"
    ).order_by("due_on")
    magazine.due_on = max(
        business_today() - dt.timedelta(days=2), dt.date(business_today().year, 1, 1)
    )
    magazine.save()

    care = panel(client, rep, account).context["care"]

    strips = {strip.title: strip for strip in care.strips}
    assert strips["Sales visit"].done == 1
    assert strips["Sales visit"].asked == 4
    assert strips["Sales visit"].marks[0].kind == "done"
    assert strips["Printed magazine"].marks[0].kind == "late"
    assert care.following[0] == magazine


def test_a_class_without_plan_is_said(client, account, rep, marketer):
    version = PlanVersion.objects.published().get(plan__worth_class="current_key")
    plans.archive(actor=marketer, version=version)

    assert "has no plan" in panel(client, rep, account).text


def test_before_the_first_class_it_is_said(client, rep):
    account = make.account(owner=rep)
    assert "No plan yet" in panel(client, rep, account).text


@pytest.mark.parametrize("name", ["account_plan", "account_justified"])
def test_a_colleagues_account_is_not_there(client, account, colleague, name):
    assert panel(client, colleague, account, name).status_code == 404


@pytest.mark.parametrize("name", ["account_plan", "account_justified"])
def test_strangers_sign_in_first(client, account, name):
    assert (
        client.get(reverse(f"campaigns:{name}", args=[account.pk])).status_code == 302
    )


def test_the_class_page_shows_the_plan(client, account, manager):
    client.force_login(manager)

    page = client.get(reverse("campaigns:class_plan", args=["current_key"]))

    assert "Magazine and visits" in page.text
    assert "499.20" in page.text
    missing = client.get(reverse("campaigns:class_plan", args=["platinum"]))
    assert missing.status_code == 404


def test_queries_do_not_grow_with_touches(client, account, rep, assert_flat_queries):
    plan_touches(as_of=business_today(), horizon_days=30)
    client.force_login(rep)
    url = reverse("campaigns:account_plan", args=[account.pk])
    shown = [len(client.get(url).context["care"].following)]

    def add_rows():
        plan_touches(as_of=business_today(), horizon_days=400)
        shown.append(len(client.get(url).context["care"].following))

    assert_flat_queries(lambda: client.get(url), add_rows)
    assert 0 < shown[0] < shown[1]  # each row that is shown could ask for itself


def test_a_touch_whose_mail_is_under_way_is_not_sent_again(client, account, rep):
    plan_touches(as_of=business_today(), horizon_days=400)
    mailed, other, *_ = panel(client, rep, account).context["care"].following
    url = reverse("campaigns:account_plan", args=[account.pk])
    skips = [reverse("campaigns:touch_skip", args=[one.pk]) for one in (mailed, other)]
    assert all(skip in client.get(url).text for skip in skips)

    enqueue(
        actor=rep,
        account=account,
        contact=make.contact(account=account, email="anna@example.test"),
        occasion=f"touch:{mailed.pk}",
        subject="News",
        body="Text",
        touch=mailed,
    )

    text = client.get(url).text
    assert text.count("mail under way") == 1
    assert [skip in text for skip in skips] == [False, True]


def test_looking_changes_nothing(client, account, rep, read_only):
    client.force_login(rep)
    with read_only():
        url = reverse("campaigns:account_plan", args=[account.pk])
        assert client.get(url).status_code == 200


# -- Whom a plan is followed by, and what it costs


def test_the_strip_says_since_when_and_why(client, account, rep, manager):
    plan = RetentionPlan.objects.create(
        worth_class="", name="Key-account programme", is_automatic=False
    )
    assignments.follow_classes(as_of=business_today())
    by_class = panel(client, rep, account)
    assert by_class.context["care"].version.plan.worth_class == "current_key"
    assert "On this plan since" in by_class.text

    PlanAssignment.objects.filter(account=account).delete()
    PlanAssignment.objects.create(
        account=account,
        plan=plan,
        since=dt.date(2026, 3, 1),
        is_by_hand=True,
        assigned_by=manager,
        reason="Merger ahead",
        ends_on=dt.date(2027, 3, 1),
    )
    text = panel(client, rep, account).text
    assert "On this plan by hand since 1 Mar 2026, by Mia Manager, until 1 Mar" in text
    assert "Merger ahead" in text
    assert "“Key-account programme” has no published version" in text


def test_the_plans_cost_stands_against_what_is_justified(client, account, rep):
    assignments.follow_classes(as_of=business_today())
    plan_touches(as_of=business_today(), horizon_days=92)
    visit = PlannedTouch.objects.filter(template__title="Sales visit").first()
    touches.complete(actor=rep, touch=visit)

    response = panel(client, rep, account)

    care = response.context["care"]
    assert care.cost.per_customer == Decimal("499.20")
    assert response.context["is_dear"]  # 219.72 is justified
    assert care.spent == Decimal("120.00")  # 30 and 90 minutes at 60
    assert (care.fell_due, care.done) == (0, 0)


def test_who_follows_no_plan_is_told_when_it_will(client, account, rep):
    PlanAssignment.objects.all().delete()
    assert "the next night puts it on" in panel(client, rep, account).text


def test_a_class_page_sets_cost_against_justified_and_names_late_cases(
    client, account, manager
):
    assignments.follow_classes(as_of=business_today())
    make.case(account=account, hours=24 * 60)
    make.case(hours=24 * 60)
    client.force_login(manager)
    page = client.get(reverse("campaigns:class_plan", args=["current_key"]))
    care = page.context["class_care"]
    assert (care.planned, care.followers) == (Decimal("499.20"), 1)
    assert care.justified == Decimal("219.72")
    assert care.is_over
    assert care.breached == 1
    listed = client.get(care.breached_url).text
    assert account.name in listed


@pytest.mark.parametrize("name", ["value_plans", "today"])
def test_a_class_without_plan_is_told_on_dashboards(
    client, ready, manager, marketer, rep, name
):
    url = reverse(f"campaigns:{name}")
    make.account(owner=rep)
    client.force_login(manager)
    assert "No published plan" not in client.get(url).text
    version = PlanVersion.objects.published().get(plan__worth_class="general")
    plans.archive(actor=marketer, version=version)
    text = client.get(url).text
    assert "No published plan for “General” (0 accounts)" in text
    client.force_login(rep)
    assert "No published plan" not in client.get(url).text


@pytest.mark.parametrize("name", ["value_plans", "today"])
def test_before_the_first_account_no_class_lacks_a_plan(client, manager, rep, name):
    url = reverse(f"campaigns:{name}")
    client.force_login(manager)
    assert "No published plan" not in client.get(url).text

    make.account(owner=rep)

    text = client.get(url).text
    assert text.count("(0 accounts)") == len(WorthClass)
    assert "No published plan for" in text
