"""Pages of started campaigns: followed, read, measured, and seen from elsewhere."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.models import Campaign, Enrolment, PlannedTouch
from campaigns.queries.lists.account_columns import REGISTRY
from campaigns.services import campaigns, enrolling, starting
from campaigns.services.gate import Decision
from common.clock import business_today
from crm.models import AuditEvent, BulkEdit
from tests import make
from tests.campaigns.campaign_steps import fresh, names, touch, url

LIST = "campaigns:list_bulk"


@pytest.fixture
def draft(marketer):
    return make.campaign(owner=marketer, name="Spring", holdout_percent=0)


@pytest.fixture
def running(audience, marketer, draft):
    keys = [audience[name].pk for name in ("Rich", "Fair", "Unknown")]
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=keys)
    touch(draft, marketer)
    starting.start_campaign(actor=marketer, campaign=fresh(draft))
    return fresh(draft)


def test_a_running_campaign_shows_its_touches_and_whom_they_are_for(
    client, marketer, running
):
    client.force_login(marketer)
    page = client.get(url("campaign_detail", running.pk))
    assert "0 of 3 touches done" in page.text
    states = page.context["progress"].touches[0].states
    due = {name: (n, to) for name, n, to in states}
    assert due["Due"][0] == 3
    listed = client.get(due["Due"][1])
    assert all(name in listed.text for name in ("Rich", "Fair", "Unknown"))
    figures = {name: (n, to) for name, n, to in page.context["audience"].figures}
    assert [figures[name][0] for name in ("Reached", "Control group")] == [3, 0]
    assert client.get(figures["Reached"][1]).status_code == 200


def test_plan_of_an_account_tells_touches_of_campaigns_from_former_ones(
    client, audience, marketer, running
):
    client.force_login(marketer)
    text = client.get(url("account_plan", audience["Rich"].pk)).text
    assert "0 done, of a campaign" in text
    assert "from a former plan" not in text


def test_rep_reads_no_spend_of_the_whole_beside_their_own(client, rep, draft, running):
    Campaign.objects.update(budget=Decimal(1500))
    client.force_login(rep)
    text = client.get(url("campaign_detail", running.pk)).text
    assert "0.00 EUR spent on accounts of yours." in text


def test_ending_cancels_what_is_open(client, marketer, running):
    client.force_login(marketer)
    done = client.post(url("campaign_end", running.pk), follow=True)
    assert "“Spring” is over." in done.text
    statuses = PlannedTouch.objects.values_list("status", flat=True)
    assert set(statuses) == {"cancelled"}


def test_giving_up_a_draft_touches_nobody(client, marketer, draft):
    client.force_login(marketer)
    client.post(url("campaign_end", draft.pk))
    assert (fresh(draft).status, PlannedTouch.objects.count()) == ("cancelled", 0)


def test_account_page_says_its_campaigns_and_adds_it_to_another(
    client, member, rep, marketer, draft
):
    account = member(name="Mine", owner=rep)
    client.force_login(rep)
    page = client.get(url("account_campaign", account.pk))
    assert "Spring: 0 accounts" in page.text
    done = client.post(url("account_campaign", account.pk), {"into": draft.pk})
    assert done.url == reverse("crm:account_detail", args=[account.pk])
    assert names(draft) == ["Mine"]
    assert "Spring" in client.get(url("account_plan", account.pk)).text
    timeline = client.get(reverse("crm:account_timeline", args=[account.pk])).text
    assert "Campaign: Spring" in timeline


def test_timeline_names_the_campaign_at_its_touches(client, rep, marketer, running):
    campaigns.end_campaign(actor=marketer, campaign=running)
    account = Enrolment.objects.filter(campaign=running).first().account
    client.force_login(rep)
    text = client.get(reverse("crm:account_timeline", args=[account.pk])).text
    assert "Campaign touch: Cancelled" in text
    assert "Letter of “Spring”" in text


def test_account_list_narrows_to_a_campaign(client, member, marketer, draft):
    inside, _ = member(name="Inside"), member(name="Outside")
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=[inside.pk])
    client.force_login(marketer)
    page = client.get(url("account_list"), {"campaign": draft.pk}).text
    assert "Inside" in page
    assert "Outside" not in page


def test_account_list_says_in_which_running_campaign_each_is(
    client, member, marketer, draft
):
    older, over, unbegun = (
        make.campaign(owner=marketer, name=name, starts_on=dt.date(2026, 1, day))
        for name, day in (("Older", 2), ("Over", 3), ("Unbegun", 4))
    )
    for name, enrolled in (
        ("Both", [(draft, {}), (older, {})]),
        ("Left", [(draft, {"left_out": "gate"}), (over, {}), (unbegun, {})]),
        ("Spared", [(draft, {"is_control": True})]),
    ):
        account = member(name=name)
        for campaign, fields in enrolled:
            make.enrolment(campaign=campaign, account=account, **fields)
    for campaign, status in ((draft, "running"), (older, "running"), (over, "ended")):
        make.begun(campaign, status=status)
    client.force_login(marketer)

    page = client.get(url("account_list"), {"columns": "name,campaign"})

    cells = {
        row.record.name: REGISTRY.by_key["campaign"].cell(row)
        for row in page.context["page"].rows
    }
    told = {name: (one.text, one.under, one.value) for name, one in cells.items()}
    assert told == {
        "Both": ("Spring", "and 1 more", str(draft.pk)),
        "Left": ("–", "", ""),
        "Spared": ("Spring", "control group", str(draft.pk)),
    }
    assert "control group" in page.text
    export = client.post(url("account_export") + "?columns=name,campaign&sort=name")
    text = b"".join(export.streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [one["Campaign"] for one in lines] == ["Spring, Older", "", "Spring"]


def test_the_column_of_campaigns_asks_once_for_all_rows(
    client, member, marketer, draft, assert_flat_queries
):
    make.begun(draft)
    client.force_login(marketer)

    def add_rows():
        for _ in range(5):
            make.enrolment(campaign=draft, account=member())

    add_rows()
    page = {"columns": "name,campaign"}
    assert_flat_queries(lambda: client.get(url("account_list"), page), add_rows)


def test_audience_is_read_page_by_page(client, member, marketer, draft):
    keys = [member(name=f"No {number:02}").pk for number in range(53)]
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=keys)
    client.force_login(marketer)
    first = client.get(url("campaign_detail", draft.pk))
    assert (len(first.context["audience"].members), "No 52" in first.text) == (
        50,
        False,
    )
    cursor = first.context["audience"].page.next
    second = client.get(url("campaign_detail", draft.pk), {"cursor": cursor})
    shown = [one.enrolment.account.name for one in second.context["audience"].members]
    assert shown == ["No 50", "No 51", "No 52"]


def test_audience_as_a_file_says_what_each_gets_and_holds_a_reps_own(
    client, rep, marketer, draft
):
    told = (
        (
            "Touched",
            {"owner": rep},
            {"worth_class": "current_key", "clv": Decimal("1200.50")},
        ),
        ("=Spared", {}, {"is_control": True}),
        ("Out", {}, {"left_out": "consent", "left_out_because": "They said no."}),
    )
    keys = []
    for name, of_account, of_enrolment in told:
        account = make.account(name=name, **of_account)
        make.enrolment(campaign=draft, account=account, **of_enrolment)
        keys.append(account.pk)
    make.begun(draft)
    address = url("campaign_export", draft.pk)
    client.force_login(marketer)
    assert address in client.get(url("campaign_detail", draft.pk)).text
    lines = client.get(address).getvalue().decode("utf-8-sig").splitlines()
    own = f"{keys[0]},Touched,Current key,1200.50,The touches,"
    assert lines[1:] == [
        own,
        f"{keys[1]},'=Spared,,,Nothing: control group,",
        f"{keys[2]},Out,,,Nothing: left out,They said no.",
    ]
    assert AuditEvent.objects.get(action="campaign.exported").actor == marketer
    client.force_login(rep)
    lines = client.get(address).getvalue().decode("utf-8-sig").splitlines()
    assert lines[1:] == [own]


@pytest.mark.parametrize("name", ["campaign_detail", "campaign_list"])
def test_queries_do_not_grow_with_rows(
    client, member, marketer, draft, assert_flat_queries, name
):
    client.force_login(marketer)
    args = [draft.pk] if name == "campaign_detail" else []

    def add_rows():
        for _ in range(3):
            more = make.campaign(
                owner=marketer, name=f"More {Campaign.objects.count()}"
            )
            for campaign in (draft, more):
                enrolling.enrol(
                    actor=marketer, campaign=campaign, account_ids=[member().pk]
                )

    add_rows()
    assert_flat_queries(lambda: client.get(url(name, *args)), add_rows)


def test_undo_of_a_started_campaign_is_refused(client, member, marketer, draft):
    account = member()
    client.force_login(marketer)
    client.post(url("account_campaign", account.pk), {"into": draft.pk})
    edit = BulkEdit.objects.get()
    touch(draft, marketer)
    starting.start_campaign(
        actor=marketer, campaign=fresh(draft), decision=Decision(choice="drop")
    )
    refused = client.post(url("bulk_undo", edit.pk), follow=True)
    assert "The campaign is no draft any more" in refused.text
    assert Enrolment.objects.count() == 1


def test_draft_says_what_its_control_group_buys(client, member, marketer, draft):
    run = make.run()
    for number in range(100):
        account = member()
        make.valuation(
            run=run,
            account=account,
            realised=str(1000 + 10 * (number % 2)),
            expected_margin_year=Decimal(1000),
        )
        make.enrolment(campaign=draft, account=account)
    client.force_login(marketer)
    cost = url("campaign_cost", draft.pk)
    assert "Nobody is spared" in client.get(cost).text
    Campaign.objects.update(holdout_percent=10)
    assert "About 10 of 100 are spared: too few to tell." in client.get(cost).text

    Campaign.objects.update(holdout_percent=20)
    page = client.get(cost)

    # 1.96 times the spread of 5.03 over 121 of 365 days, by the root of a fifth times
    # four fifths of 100.
    assert page.context["holdout"].within == Decimal("1.42")
    assert (
        "About 20 of 100 are spared. That tells the effect to within 1.42" in page.text
    )


def test_results_name_who_was_won_and_reps_do_not_see_them(
    client, rep, marketer, draft
):
    today = business_today()
    for name, is_control in (("Won", False), ("Later", False), ("Spared", True)):
        account = make.account(
            name=name,
            owner=rep,
            acquired_on=None if name == "Later" else today,
        )
        make.enrolment(
            campaign=draft, account=account, is_control=is_control, stage="prospect"
        )
    make.begun(draft)
    client.force_login(marketer)
    page = client.get(url("campaign_detail", draft.pk))

    assert "2 with, 1 without: too few to tell." in page.text
    figures = {name: (n, to) for name, n, to in page.context["figures"]}
    assert [n for n, _ in figures.values()] == [1, 1]
    won = client.get(figures["Prospects won, reached"][1]).text
    assert ("Won</a>" in won, "Later</a>" in won, "Spared</a>" in won) == (
        True,
        False,
        False,
    )
    client.force_login(rep)
    assert "too few to tell" not in client.get(url("campaign_detail", draft.pk)).text


def test_targeting_sets_whom_a_campaign_won_against_all(client, marketer, draft):
    run, then = make.run(), business_today() - dt.timedelta(days=200)
    Campaign.objects.update(starts_on=then, ends_on=then + dt.timedelta(days=30))
    for number in range(10):
        poor = make.account(name=f"Poor {number}", acquired_on=then)
        make.enrolment(campaign=draft, account=poor, stage="prospect")
        rich = make.account(name=f"Rich {number}")
        for account, clv in ((poor, 100 + number), (rich, 9000 + number)):
            make.valuation(
                run=run,
                account=account,
                realised=str(clv),
                expected_margin="0",
                order_days=1,
                first_on=then,
            )
    client.force_login(marketer)
    piece = url("targeting_campaigns")
    assert "No campaign has won a customer yet" in client.get(piece).text
    make.begun(draft)

    table = client.get(piece).context["table"]

    (cohort,) = table.cohorts
    assert (cohort.label, cohort.customers, cohort.is_red) == ("Spring", 10, True)
    assert cohort.mean == Decimal("104.50")
    assert "Surely below the mean of 4 554: Spring." in table.sentence.replace(
        "\u202f", " "
    )
    names = client.get(cohort.url).text
    assert "Poor 0" in names
    assert "Rich 0" not in names
    assert url("targeting_campaigns") in client.get(reverse("segments:targeting")).text
