"""The pages of automations: write, try, switch, read the log."""

import pytest
from django.urls import reverse

from campaigns.models import Automation, AutomationVersion, Firing
from common.clock import business_today
from crm.models import Task
from tests import make
from tests.campaigns.automations.conftest import run

NEW = "/automations/new/"
WRITTEN = {
    "name": "Call after the first order",
    "trigger-kind": "order_placed",
    "trigger-which": "first",
    "trigger-over": "",
    "conditions-0-kind": "class",
    "conditions-0-op": "is_not",
    "conditions-0-wanted": ["never_profitable"],
    "actions-0-kind": "task",
    "actions-0-title": "Call {{ account }}",
    "actions-0-who": "owner",
    "actions-0-days": "2",
    "actions-0-task_kind": "call",
    "actions-0-priority": "normal",
    "rest_days": "0",
    "limit_an_hour": "50",
}
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def desk(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def account(rep):
    return make.account(name="Berg", owner=rep)


def test_an_automation_is_written_and_is_off(desk):
    answer = desk.post(NEW, WRITTEN)

    made = Automation.objects.get()
    assert answer.url == f"/automations/{made.pk}/"
    assert made.is_on is False
    version = made.versions.get()
    assert version.trigger == {"kind": "order_placed", "which": "first", "over": ""}
    assert version.conditions[0]["wanted"] == ["never_profitable"]
    shown = desk.get(answer.url).content.decode()
    assert (
        "When the first order comes, and class is not Never profitable:"
        " make the task “Call {{ account }}”, due in 2 days." in shown
    )


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ({"name": ""}, "name", "Give it a name."),
        ({"trigger-kind": ""}, "trigger-kind", "Choose one."),
        ({"actions-0-days": "soon"}, "actions-0-days", "Enter a whole number."),
        ({"actions-0-title": "{{ nam }}"}, "actions-0-title", "There is no field"),
        ({"conditions-0-wanted": []}, "conditions-0-wanted", "Choose at least one."),
        ({"limit_an_hour": "0"}, "limit_an_hour", "From 1 to 100,000."),
    ],
)
def test_what_does_not_fit_is_said_at_its_place(desk, change, place, said):
    answer = desk.post(NEW, WRITTEN | change)

    shown = answer.content.decode()
    assert answer.status_code == 422
    at = shown.index(f'id="id_{place}_error"')
    assert said in shown[at : at + 200]
    assert not Automation.objects.exists()


def test_rows_are_added_and_removed_without_keeping_anything(desk):
    url = "/automations/form/"
    added = desk.post(f"{url}?step=add-actions", WRITTEN, **HTMX).content.decode()
    assert 'name="actions-1-kind"' in added
    assert "<html" not in added
    gone = desk.post(f"{url}?step=remove-conditions-0", WRITTEN).content.decode()
    assert 'name="conditions-0-kind"' not in gone
    assert "<html" in gone
    other = WRITTEN | {"trigger-kind": "silent"}
    assert 'name="trigger-days"' in desk.post(url, other, **HTMX).content.decode()
    assert not Automation.objects.exists()


@pytest.mark.parametrize("key", ["case-of-a-key", "no-order", "class-fell"])
def test_an_example_fills_the_editor_and_is_kept_as_it_is(desk, key):
    shown = desk.get(NEW, {"example": key})
    assert shown.status_code == 200
    listed = desk.get("/automations/").content.decode()
    assert f"{NEW}?example={key}" in listed


def test_a_trial_says_what_would_happen_and_changes_nothing(desk, account):
    make.order(account=account, on=business_today())
    answer = desk.post("/automations/try/", WRITTEN | {"try": "berg"}, **HTMX)

    shown = answer.content.decode()
    assert "It would fire." in shown
    assert "Task “Call Berg” for Rita Rep" in shown
    assert not Task.objects.exists()
    assert not Firing.objects.exists()


def test_a_trial_says_why_it_would_not_fire(desk, account):
    make.membership(account=account, worth_class="never_profitable")
    make.order(account=account, on=business_today())
    shown = desk.post("/automations/try/", WRITTEN | {"try": str(account.pk)}, **HTMX)
    shown = shown.content.decode()
    assert "It would not fire: a condition does not hold." in shown
    assert "(it is Never profitable)" in shown

    none = desk.post(
        "/automations/try/", WRITTEN | {"trigger-kind": "first_contact", "try": "berg"}
    ).content.decode()
    assert "its trigger has not happened here" in none
    assert "<html" in none


def test_a_trial_asks_which_of_several(desk, account):
    make.account(name="Berg and Sons")
    make.account(name="Berg Brothers")
    shown = desk.post("/automations/try/", WRITTEN | {"try": "ber"}, **HTMX)

    assert "Which one?" in shown.content.decode()


def test_a_trial_of_what_is_not_sound_says_what_to_mend(desk, account):
    wrong = WRITTEN | {"actions-0-days": "", "try": "berg"}
    shown = desk.post("/automations/try/", wrong, **HTMX).content.decode()

    assert "Mend it first, action 1: Enter a number." in shown


def test_switched_on_off_and_removed(desk, make_rule, marketer):
    rule = make_rule(is_on=False)
    url = f"/automations/{rule.pk}/switch/"
    desk.post(url, {"what": "on", "version": rule.version})
    rule.refresh_from_db()
    assert (rule.is_on, rule.acts_as) == (True, marketer)

    desk.post(url, {"what": "off", "version": 1})  # somebody else's view of it
    rule.refresh_from_db()
    assert rule.is_on is True

    desk.post(url, {"what": "remove", "version": rule.version})
    assert desk.get(f"/automations/{rule.pk}/").status_code == 404


def test_saving_makes_a_version_and_a_stale_one_none(desk, make_rule):
    rule = make_rule(is_on=False)
    url = f"/automations/{rule.pk}/edit/"
    desk.post(url, WRITTEN | {"version": rule.version})
    assert AutomationVersion.objects.filter(automation=rule).count() == 2

    answer = desk.post(url, WRITTEN | {"version": "1", "rest_days": "9"})
    assert answer.status_code == 409
    assert "Somebody else changed" in answer.content.decode()
    assert AutomationVersion.objects.filter(automation=rule).count() == 2


def test_the_log_narrows_and_a_rep_sees_own_accounts_only(
    client, make_rule, account, rep, colleague
):
    rule = make_rule()
    make.order(account=account, on=business_today())
    other = make.account(name="Foreign", owner=colleague)
    make.order(account=other, on=business_today())
    run(rule)
    client.force_login(rep)

    shown = client.get("/automations/log/").content.decode()
    assert "Berg" in shown
    assert "Foreign" not in shown
    none = client.get("/automations/log/", {"status": "not_met"}).content.decode()
    assert "Berg" not in none
    assert client.get("/automations/").status_code == 403


def test_the_timeline_tells_of_a_firing(client, make_rule, account, rep):
    rule = make_rule()
    make.order(account=account, on=business_today())
    run(rule)
    client.force_login(rep)

    url = reverse("crm:account_detail", args=[account.pk])
    shown = client.get(url, {"tab": "timeline"}).content.decode()
    assert "Automation: A rule" in shown


def test_a_manager_reads_and_does_not_change(client, make_rule, manager):
    rule = make_rule()
    client.force_login(manager)
    shown = client.get(f"/automations/{rule.pk}/").content.decode()

    assert "When an order comes" in shown
    assert "automation-editor" not in shown
    assert 'name="what"' not in shown


def test_the_list_asks_no_more_for_more_rules(desk, make_rule, assert_flat_queries):
    make_rule(name="First")

    def grow():
        for number in range(3):
            make_rule(name=f"More {number}")

    assert_flat_queries(lambda: desk.get("/automations/"), grow)
