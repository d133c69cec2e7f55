"""The pages of plans: four classes side by side, one plan, its draft."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.models import (
    LibraryTouch,
    PlanAssignment,
    PlannedTouch,
    PlanVersion,
    TouchTemplate,
)
from campaigns.services import drafts, plans
from campaigns.services.planning import plan_touches
from common.clock import business_today
from common.templatetags.display import day

LIST = reverse("campaigns:plan_list")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def url(name, *args, key="current_key"):
    return reverse(f"campaigns:{name}", args=[key, *args])


def published(key="current_key"):
    return PlanVersion.objects.published().get(plan__worth_class=key)


@pytest.fixture
def draft(ready, marketer, client):
    client.force_login(marketer)
    return plans.start_draft(actor=marketer, plan=published().plan)


def touch_body(draft, **fields):
    body = {
        "title": "Birthday card",
        "channel": "post",
        "cadence": "year",
        "times": "1",
        "unit_cost": "2.50",
        "minutes": "0",
        "owner_role": "marketer",
        "head": "marketing",
        "care": "R",
        "content": "With a real signature",
        "seen": draft.version,
    }
    return body | fields


def titles():
    draft = PlanVersion.objects.drafts().get()
    return list(draft.touches.values_list("title", flat=True))


def test_four_classes_with_their_costs(client, ready, member, marketer):
    member("current_key")
    member("current_key")
    plan_touches(as_of=business_today())
    client.force_login(marketer)

    response = client.get(LIST)

    cards = response.context["plans"]
    assert [card.worth_class.value for card in cards] == [
        "current_key",
        "potential_key",
        "general",
        "never_profitable",
    ]
    assert [card.members for card in cards] == [2, 0, 0, 0]
    assert cards[0].published.cost.whole_class == Decimal("998.40")
    assert cards[0].touches_ahead == PlannedTouch.objects.count()
    assert "499.20" in response.text


def test_a_class_without_plan_warns(client, ready, marketer):
    plans.archive(actor=marketer, version=published("general"))
    client.force_login(marketer)

    assert "This class has no plan" in client.get(LIST).text
    page = client.get(url("plan_detail", key="general"))
    assert "This class has no plan" in page.text


def test_before_any_plan_the_page_offers_one(client, marketer):
    client.force_login(marketer)

    assert client.get(LIST).text.count("This class has no plan") == 4
    client.post(url("draft_start"))

    assert PlanVersion.objects.published().count() == 5


def test_a_plan_shows_its_versions(client, draft, marketer):
    drafts.load_template(actor=marketer, version=draft, key="magazine-and-visits")
    draft.refresh_from_db()
    plans.publish(actor=marketer, version=draft, note="Same again")

    page = client.get(url("plan_detail"))
    old = client.get(url("plan_detail"), {"version": "1"})

    assert [v.number for v in page.context["versions"]] == [2, 1]
    assert page.context["version"].version.number == 2
    assert old.context["version"].version.number == 1
    assert client.get(url("plan_detail"), {"version": "9"}).status_code == 404


def test_there_is_no_fifth_class(client, ready, marketer):
    client.force_login(marketer)
    assert client.get(f"{LIST}platinum/").status_code == 404


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_others_look_but_do_not_edit(client, ready, role, request):
    client.force_login(request.getfixturevalue(role))

    assert "Edit as a draft" not in client.get(LIST).text
    assert client.get(url("plan_detail")).status_code == 200
    assert client.post(url("draft_start")).status_code == 403
    assert client.get(url("plan_draft")).status_code == 403
    assert not PlanVersion.objects.drafts().exists()


def test_strangers_sign_in_first(client, ready):
    assert client.get(LIST).status_code == 302


def test_a_draft_is_opened_once(client, ready, marketer):
    client.force_login(marketer)

    client.post(url("draft_start"))
    answer = client.post(url("draft_start"), follow=True)

    assert answer.redirect_chain == [(url("plan_draft"), 302)]
    assert PlanVersion.objects.drafts().count() == 1
    assert "Same touches as published" in answer.text


def test_without_draft_there_is_no_editor(client, ready, marketer):
    client.force_login(marketer)
    assert client.get(url("plan_draft")).status_code == 404


def test_a_touch_is_added_and_its_cost_seen(client, draft):
    form = client.get(url("plan_draft"), {"edit": "new"}, headers=HTMX)
    assert 'name="title"' in form.text

    answer = client.post(url("draft_touch_add"), touch_body(draft), headers=HTMX)

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="draft"')
    assert titles() == ["Printed magazine", "Sales visit", "Birthday card"]
    assert "501.70" in answer.text
    [change] = answer.context["effect"].changes
    assert (change.kind, change.after) == ("Added", Decimal("2.50"))


def test_a_touch_is_changed_and_the_difference_named(client, draft):
    touch = draft.touches.get(title="Printed magazine")
    body = touch_body(
        draft,
        title=touch.title,
        cadence="quarter",
        unit_cost="5.20",
        care="R",
        subject=touch.subject,
        content=touch.content,
    )

    answer = client.post(url("draft_touch_edit", touch.pk), body, headers=HTMX)

    [change] = answer.context["effect"].changes
    assert (change.kind, change.words) == ("Changed", "unit cost 4.80 → 5.20")
    assert (change.before, change.after) == (Decimal("19.20"), Decimal("20.80"))


def test_a_touch_is_removed(client, draft):
    touch = draft.touches.get(title="Sales visit")

    answer = client.post(url("draft_touch_remove", touch.pk), headers=HTMX)

    assert titles() == ["Printed magazine"]
    assert [change.kind for change in answer.context["effect"].changes] == ["Dropped"]


def test_the_ready_plan_is_loaded(client, draft):
    TouchTemplate.objects.filter(version=draft).delete()

    answer = client.post(
        url("draft_template"), {"template": "magazine-and-visits"}, headers=HTMX
    )

    assert answer.status_code == 200
    assert titles() == ["Printed magazine", "Sales visit"]


def test_an_unknown_ready_plan_is_said(client, draft):
    answer = client.post(url("draft_template"), {"template": "x"}, follow=True)

    assert "There is no ready template of that name." in answer.text
    assert titles() == ["Printed magazine", "Sales visit"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"times": "0"},
        {"times": "32"},
        {"unit_cost": "-1"},
        {"cadence": "decade"},
        {"channel": "note"},
        {"minutes": "-5"},
    ],
)
def test_a_wrong_touch_is_refused_at_the_field(client, draft, wrong):
    answer = client.post(
        url("draft_touch_add"), touch_body(draft, **wrong), headers=HTMX
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert titles() == ["Printed magazine", "Sales visit"]


def test_an_edit_over_a_colleagues_is_refused(client, draft, marketer):
    drafts.remove_touch(
        actor=marketer, version=draft, touch=draft.touches.get(title="Sales visit")
    )

    answer = client.post(
        url("draft_touch_add"), touch_body(draft, seen=1), headers=HTMX
    )

    assert answer.status_code == 422
    assert "Somebody else changed" in answer.text
    assert titles() == ["Printed magazine"]


def test_a_touch_of_the_published_version_is_not_edited(client, draft):
    touch = published().touches.first()

    answer = client.post(
        url("draft_touch_edit", touch.pk), touch_body(draft), headers=HTMX
    )

    assert answer.status_code == 404


def test_publishing_replaces_the_plan(client, draft, member):
    member("current_key")
    client.post(url("draft_touch_add"), touch_body(draft, cadence="week"))
    draft.refresh_from_db()

    answer = client.post(
        url("draft_publish"),
        {"valid_from": business_today(), "note": "Cards", "seen": draft.version},
        follow=True,
    )

    assert answer.redirect_chain == [(url("plan_detail"), 302)]
    assert published().number == 2
    assert PlannedTouch.objects.filter(template__title="Birthday card").exists()


def test_without_unit_cost_publishing_is_refused_in_words(client, draft):
    client.post(url("draft_touch_add"), touch_body(draft, unit_cost=""))
    draft.refresh_from_db()

    answer = client.post(
        url("draft_publish"), {"valid_from": business_today(), "seen": draft.version}
    )

    assert answer.status_code == 422
    assert "The unit cost is missing for: Birthday card." in answer.text
    assert published().number == 1


def test_a_day_in_the_past_is_refused_at_the_field(client, draft):
    yesterday = business_today() - dt.timedelta(days=1)

    answer = client.post(
        url("draft_publish"), {"valid_from": yesterday, "seen": draft.version}
    )

    assert answer.status_code == 422
    assert answer.context["publish_form"].errors["valid_from"]


def test_a_draft_is_discarded(client, draft):
    client.post(url("draft_discard"))

    assert not PlanVersion.objects.drafts().exists()
    assert published().number == 1


def test_a_version_is_in_force_until_the_next_begins(client, ready, marketer):
    old = published()
    begins = business_today() + dt.timedelta(days=9)
    draft = plans.start_draft(actor=marketer, plan=old.plan)
    plans.publish(actor=marketer, version=draft, valid_from=begins)
    client.force_login(marketer)

    page = client.get(url("plan_detail")).text
    assert f"In force until {day(begins - dt.timedelta(days=1))}" in page
    assert f"Begins on {day(begins)}" in page
    assert "Archived" not in page
    client.post(url("plan_withdraw"))
    page = client.get(url("plan_detail")).text
    assert page.count("Archived") == 1


def test_who_follows_a_withdrawn_plan_goes_over_at_once(
    client, ready, member, marketer
):
    account = member("current_key", relationship_type="partner")
    refined = plans.create_plan(
        actor=marketer,
        name="Friends",
        audience=plans.Audience(
            worth_class="current_key", relationship_type=account.relationship_type
        ),
        copied_from=published(),
    )
    plans.publish(actor=marketer, version=refined)
    moved = member("current_key", relationship_type="partner")
    plan_touches(as_of=business_today())
    moved.stage = "former"
    moved.save()
    plan_touches(as_of=business_today())
    client.force_login(marketer)

    key = refined.plan.key
    said = client.post(reverse("campaigns:plan_withdraw", args=[key]), follow=True).text
    assert "1 account left it, and went over to another plan." in said
    following = PlanAssignment.objects.open().get(account=account)
    assert following.plan.worth_class == "current_key"
    assert following.plan != refined.plan
    said = client.post(url("plan_withdraw"), follow=True).text
    assert "1 account left it, and follows no plan now." in said
    assert not PlanAssignment.objects.open().exists()


def test_a_plan_is_withdrawn(client, ready, marketer):
    client.force_login(marketer)

    client.post(url("plan_withdraw"))
    assert not PlanVersion.objects.published().filter(plan__worth_class="current_key")
    assert client.post(url("plan_withdraw")).status_code == 404


def test_queries_do_not_grow_with_rows(client, draft, marketer, assert_flat_queries):
    def add_rows():
        for number in range(3):
            drafts.save_touch(
                actor=marketer,
                version=PlanVersion.objects.drafts().get(),
                title=f"Card {number}",
                channel="post",
                cadence="year",
                owner_role="rep",
                head="marketing",
            )

    assert_flat_queries(lambda: client.get(url("plan_draft")), add_rows)


def test_list_queries_do_not_grow_with_members(
    client, ready, member, marketer, assert_flat_queries
):
    member("general")
    plan_touches(as_of=business_today(), horizon_days=40)
    client.force_login(marketer)

    def add_rows():
        for _ in range(3):
            member("general")
        plan_touches(as_of=business_today(), horizon_days=40)

    assert_flat_queries(lambda: client.get(LIST), add_rows)


def test_looking_changes_nothing(client, draft, read_only):
    with read_only():
        for address in (LIST, url("plan_detail"), url("plan_draft")):
            assert client.get(address).status_code == 200


def test_a_message_of_a_plan_is_an_sms(client, db, marketer):
    client.force_login(marketer)
    address = reverse("campaigns:library_new")

    form = client.get(address).text

    assert '<option value="message">SMS</option>' in form
    LibraryTouch.objects.create(
        title="Parcel is coming", channel="message", cadence="month", owner_role="rep",
        head="retention", unit_cost="0.09",
    )  # fmt: skip
    page = client.get(reverse("campaigns:library_list")).text
    assert '<td data-label="Channel">SMS</td>' in page
