"""Pages of campaigns: begun, filled from lists, started past the gate, and followed."""

import datetime as dt

import pytest

from campaigns.models import Campaign, GateDecision, PlannedTouch
from campaigns.services import enrolling, starting
from common.clock import business_today
from crm.models import BulkEdit
from tests import make
from tests.campaigns.campaign_steps import fresh, names, touch, url

LIST = "campaigns:list_bulk"


@pytest.fixture
def draft(marketer):
    return make.campaign(owner=marketer, name="Spring", holdout_percent=0)


def test_empty_list_says_what_to_do_to_who_may_and_to_who_may_not(
    client, marketer, rep
):
    client.force_login(marketer)
    assert url("campaign_new") in client.get(url("campaign_list")).text
    client.force_login(rep)
    page = client.get(url("campaign_list")).text
    assert "Marketing and managers begin campaigns" in page
    assert client.get(url("campaign_new")).status_code == 403


def test_a_campaign_is_begun_and_said_anew(client, marketer):
    client.force_login(marketer)
    today = business_today()
    given = {
        "name": "Autumn",
        "kind": "win",
        "goal": "Twenty new customers",
        "starts_on": today.isoformat(),
        "ends_on": (today + dt.timedelta(days=30)).isoformat(),
        "budget": "900",
        "holdout_percent": "15",
    }

    made = client.post(url("campaign_new"), given)
    campaign = Campaign.objects.get()
    assert made.url == url("campaign_detail", campaign.pk)
    refused = client.post(url("campaign_new"), given | {"name": "AUTUMN"})
    client.post(
        url("campaign_edit", campaign.pk),
        given | {"budget": "", "seen": campaign.version},
    )
    stale = client.post(
        url("campaign_edit", campaign.pk),
        given | {"goal": "Late", "seen": campaign.version},
    )

    assert refused.status_code == 422
    assert "Another campaign has this name" in refused.text
    assert stale.status_code == 422
    campaign.refresh_from_db()
    assert (campaign.budget, campaign.goal) == (None, "Twenty new customers")
    assert Campaign.objects.count() == 1


def test_three_clicks_add_rows_to_a_campaign_and_one_takes_them_out(
    client, member, marketer, draft
):
    accounts = [member(name=name) for name in ("Adler", "Brandt", "Cord")]
    client.force_login(marketer)
    assert "Add to campaign…" in client.get(url("account_list")).text
    chosen = {"action": "add_campaign", "chosen": [a.pk for a in accounts]}

    asked = client.post(url("list_bulk", "accounts"), chosen)
    assert (asked.status_code, names(draft)) == (200, [])
    assert "3 accounts" in asked.text
    assert "Spring: 0 accounts" in asked.text
    done = client.post(
        url("list_bulk", "accounts"),
        chosen | {"count": 3, "into": draft.pk},
        follow=True,
    )

    assert names(draft) == ["Adler", "Brandt", "Cord"]
    undo = url("bulk_undo", BulkEdit.objects.get().pk)
    assert undo in done.text
    undone = client.post(undo, follow=True)
    assert "Undone for 3 of 3" in undone.text
    assert names(draft) == []


def test_all_that_match_are_added_and_another_count_is_refused(
    client, member, marketer, draft
):
    member("current_key", name="Key")
    for number in range(3):
        member("general", name=f"General {number}")
    client.force_login(marketer)
    where = url("list_bulk", "accounts") + "?class=general"
    given = {"action": "add_campaign", "scope": "all", "into": draft.pk}

    refused = client.post(where, given | {"count": 2}, follow=True)
    assert "3 rows match by now, not 2" in refused.text
    assert names(draft) == []
    client.post(where, given | {"count": 3})
    assert names(draft) == ["General 0", "General 1", "General 2"]


def test_undo_leaves_who_was_in_it_before(client, member, marketer, draft):
    old, new = member(name="Old"), member(name="New")
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=[old.pk])
    client.force_login(marketer)
    given = {"action": "add_campaign", "chosen": [old.pk, new.pk], "into": draft.pk}

    done = client.post(url("list_bulk", "accounts"), given | {"count": 2}, follow=True)
    assert "Added to “Spring”: 1. 1 account stood in it already." in done.text
    client.post(url("bulk_undo", BulkEdit.objects.get().pk))
    assert names(draft) == ["Old"]


def test_who_cannot_be_added_is_named_with_the_reason(client, member, marketer, draft):
    here, gone = member(name="Here"), member(name="Gone GmbH", stage="former")
    client.force_login(marketer)
    given = {"action": "add_campaign", "chosen": [here.pk, gone.pk], "into": draft.pk}

    done = client.post(url("list_bulk", "accounts"), given | {"count": 2}, follow=True)

    assert f"Not added: Gone GmbH. {enrolling.FORMER}" in done.text
    assert names(draft) == ["Here"]


def test_a_new_campaign_begins_with_the_chosen_rows(client, member, marketer):
    account = member(name="Adler")
    client.force_login(marketer)
    given = {"action": "add_campaign", "chosen": [account.pk], "count": 1}
    where = url("list_bulk", "accounts")

    nameless = client.post(where, given | {"into": "new", "name": " "})
    assert nameless.status_code == 422
    assert Campaign.objects.exists() is False
    made = client.post(where, given | {"into": "new", "name": "Fresh", "kind": "grow"})

    campaign = Campaign.objects.get()
    assert made.url == url("campaign_detail", campaign.pk)
    assert (campaign.name, campaign.kind, names(campaign)) == (
        "Fresh",
        "grow",
        ["Adler"],
    )


def test_a_taken_name_begins_no_campaign_and_adds_nobody(
    client, member, marketer, draft
):
    account = member()
    client.force_login(marketer)
    refused = client.post(
        url("list_bulk", "accounts"),
        {
            "action": "add_campaign",
            "chosen": [account.pk],
            "count": 1,
            "into": "new",
            "name": "spring",
        },
    )
    assert refused.status_code == 422
    assert "Another campaign has this name" in refused.text
    assert (Campaign.objects.count(), names(draft)) == (1, [])


def test_rep_adds_own_accounts_to_drafts_only(
    client, member, rep, colleague, marketer, draft
):
    mine, foreign = member(name="Mine", owner=rep), member(owner=colleague)
    client.force_login(rep)
    where = url("list_bulk", "accounts")
    given = {"action": "add_campaign", "count": 1, "into": draft.pk}

    asked = client.post(where, {"action": "add_campaign", "chosen": [mine.pk]})
    assert "A new campaign" not in asked.text
    client.post(where, given | {"chosen": [foreign.pk]})
    assert names(draft) == []
    client.post(where, given | {"chosen": [mine.pk]})
    assert names(draft) == ["Mine"]
    assert client.get(url("account_campaign", foreign.pk)).status_code == 404
    made = client.post(
        where, given | {"chosen": [mine.pk], "into": "new", "name": "Own"}
    )
    assert made.status_code == 422
    assert Campaign.objects.count() == 1


def test_colleague_sees_neither_the_others_rows_nor_a_started_campaign_of_them(
    client, member, rep, colleague, marketer, draft
):
    account = member(name="Mine KG", owner=rep)
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=[account.pk])
    client.force_login(colleague)
    assert "Mine KG" not in client.get(url("campaign_detail", draft.pk)).text
    taken = client.post(url("campaign_take_out", draft.pk, account.pk))
    assert taken.status_code == 404
    assert names(draft) == ["Mine KG"]
    touch(draft, marketer)
    starting.start_campaign(actor=marketer, campaign=fresh(draft))

    assert client.get(url("campaign_detail", draft.pk)).status_code == 404
    assert "Spring" not in client.get(url("campaign_list")).text
    client.force_login(rep)
    assert "Mine KG" in client.get(url("campaign_detail", draft.pk)).text


def test_touches_of_a_draft_are_written_changed_and_taken_out(client, marketer, draft):
    client.force_login(marketer)
    given = {
        "title": "Call",
        "channel": "phone",
        "offset_days": "3",
        "unit_cost": "0",
        "minutes": "20",
        "owner_role": "rep",
        "head": "marketing",
        "seen": fresh(draft).version,
    }

    assert (
        "Save the touch"
        in client.get(url("campaign_detail", draft.pk) + "?edit=new").text
    )
    client.post(url("campaign_touch_add", draft.pk), given)
    made = draft.touches.get()
    assert (made.title, made.offset_days, made.cadence) == ("Call", 3, "once")
    late = given | {"offset_days": "400", "seen": fresh(draft).version}
    refused = client.post(url("campaign_touch_edit", draft.pk, made.pk), late)
    assert refused.status_code == 422
    made.refresh_from_db()
    assert made.offset_days == 3
    stale = client.post(
        url("campaign_touch_edit", draft.pk, made.pk), given | {"title": "Late"}
    )
    assert stale.status_code == 422
    client.post(url("campaign_touch_remove", draft.pk, made.pk))
    assert draft.touches.exists() is False


def test_the_gate_asks_before_the_start_and_one_click_leaves_them_out(
    client, audience, marketer, draft
):
    keys = [one.pk for one in audience.values()]
    enrolling.enrol(actor=marketer, campaign=draft, account_ids=keys)
    touch(draft, marketer)
    client.force_login(marketer)
    said = "3 of 6 are not worth 4.80 each"

    assert said in client.get(url("campaign_cost", draft.pk)).text
    start = {"seen": fresh(draft).version}
    asked = client.post(url("campaign_start", draft.pk), start)
    assert said in asked.text
    assert (fresh(draft).status, PlannedTouch.objects.count()) == ("draft", 0)
    done = client.post(
        url("campaign_start", draft.pk),
        start | {"gate_choice": "drop", "gate_below": "3"},
        follow=True,
    )

    assert "“Spring” is running: 3 accounts will hear of it." in done.text
    assert fresh(draft).status == "running"
    assert PlannedTouch.objects.count() == 3
    assert GateDecision.objects.get().accounts == 6
    assert "Left out: Not worth 4.80" in done.text


def test_a_draft_that_is_not_ready_does_not_start(client, marketer, draft):
    client.force_login(marketer)
    done = client.post(url("campaign_start", draft.pk), follow=True)
    assert "It has no touch yet" in done.text
    assert fresh(draft).status == "draft"
