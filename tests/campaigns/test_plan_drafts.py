"""What may stand in a draft, what it must earn, and where it is edited."""

from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.choices import Cadence
from campaigns.errors import (
    CadenceTooLongError,
    CannotPublishError,
    CannotSaveTouchError,
)
from campaigns.models import (
    LibraryTouch,
    PlannedTouch,
    PlanVersion,
    RepCapacity,
    RetentionPlan,
)
from campaigns.queries import plan_effect
from campaigns.queries.costs import hourly_costs, plan_cost
from campaigns.services import drafts, library, plans
from campaigns.services.plans import Audience
from crm.models import EventType
from tests import make

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


CALL = {
    "title": "Call",
    "channel": "phone",
    "cadence": "month",
    "unit_cost": Decimal("0.20"),
    "minutes": 12,
    "owner_role": "rep",
    "head": "account_management",
}


def url(name, *args, key="general"):
    return reverse(f"campaigns:{name}", args=[key, *args])


def plan_of(worth_class):
    return RetentionPlan.objects.get(
        worth_class=worth_class, is_automatic=True, relationship_type=""
    )


@pytest.fixture
def draft(ready, marketer):
    return plans.start_draft(actor=marketer, plan=plan_of("general"))


@pytest.fixture
def partners(ready, marketer):
    """A draft of a plan for the partners of the class general."""
    return plans.create_plan(
        actor=marketer,
        name="Partners",
        audience=Audience(worth_class="general", relationship_type="partner"),
        template="digital-only",
    )


# -- Terms ---------------------------------------------------------------------------


def test_terms_keep_only_what_belongs_to_their_cadence(draft, marketer):
    kind = EventType.objects.create(key="move", name="Move")
    touch = drafts.save_touch(
        actor=marketer,
        version=draft,
        **CALL | {"cadence": "anniversary", "offset_days": -7, "times": 3},
        every=6,
        event_type=kind,
    )
    assert (touch.times, touch.every, touch.offset_days) == (1, 1, -7)
    assert touch.often == "7 days before the anniversary of “Move”"
    lineage = touch.lineage

    drafts.save_touch(
        actor=marketer, version=draft, touch=touch, cadence="weeks", every=6
    )
    assert (touch.event_type, touch.offset_days) == (None, 0)
    assert (touch.often, touch.lineage != lineage) == ("every 6 weeks", True)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"cadence": "onboarding", "offset_days": -1}, "offset_days"),
        ({"cadence": "anniversary", "offset_days": 181}, "offset_days"),
        ({"content": "Dear {{ frist_name }}"}, "content"),
        ({"subject": "{{ first_name"}, "subject"),
    ],
)
def test_impossible_terms_are_refused_at_the_field(draft, marketer, terms, field):
    with pytest.raises(CannotSaveTouchError) as refused:
        drafts.save_touch(actor=marketer, version=draft, **CALL | terms)
    assert refused.value.field == field
    assert draft.touches.count() == 2


def test_a_cadence_longer_than_the_plan_is_refused(draft, marketer):
    with pytest.raises(CadenceTooLongError, match=r"Phone follow-up.*92 days"):
        drafts.set_run(actor=marketer, version=draft, runs_days=60)
    draft.refresh_from_db()
    assert draft.runs_days is None

    touch = draft.touches.get(title="Phone follow-up")
    drafts.remove_touch(actor=marketer, version=draft, touch=touch)
    drafts.set_run(actor=marketer, version=draft, runs_days=60)
    with pytest.raises(CadenceTooLongError):
        drafts.save_touch(actor=marketer, version=draft, **CALL | {"cadence": "year"})
    assert draft.touches.count() == 1


def test_a_plan_of_73_days_costs_a_fifth_of_the_year(draft, marketer):
    draft.touches.get(title="Phone follow-up").delete()
    drafts.set_run(actor=marketer, version=draft, runs_days=73)
    cost = plan_cost(draft.touches.all(), hourly=hourly_costs(), runs_days=73)
    assert cost.per_customer == Decimal("0.12")  # 12 x 0.05 / 5


# -- The library ---------------------------------------------------------------------


def test_an_empty_library_is_filled_once(ready, marketer):
    count = LibraryTouch.objects.count()
    assert count == 19
    assert library.ensure_library(actor=marketer) == 0
    assert LibraryTouch.objects.count() == count


def test_a_library_touch_goes_into_any_draft_with_its_lineage(draft, marketer, client):
    client.force_login(marketer)
    kept = LibraryTouch.objects.get(title="Card for years together")
    answer = client.post(url("draft_library", kept.pk), headers=HTMX)

    assert answer.status_code == 200
    touch = draft.touches.get(title=kept.title)
    assert (touch.often, touch.unit_cost) == (kept.often, kept.unit_cost)
    other = plans.start_draft(actor=marketer, plan=plan_of("current_key"))
    there = drafts.put_library_touch(actor=marketer, version=other, kept=kept)
    again = drafts.put_library_touch(actor=marketer, version=other, kept=kept)
    assert touch.lineage == there.lineage != again.lineage


def test_a_retired_touch_is_offered_to_nobody(draft, marketer, client):
    client.force_login(marketer)
    kept = LibraryTouch.objects.get(title="Card for years together")
    client.post(reverse("campaigns:library_switch", args=[kept.pk]), {"to": "retired"})

    assert kept.title not in client.get(url("plan_draft")).text
    answer = client.post(url("draft_library", kept.pk), headers=HTMX)
    assert (answer.status_code, "is retired" in answer.text) == (422, True)
    assert draft.touches.count() == 2


def test_a_touch_of_a_draft_is_kept_under_a_title_of_its_own(draft, marketer):
    touch = drafts.save_touch(actor=marketer, version=draft, **CALL)
    kept = library.keep_touch(actor=marketer, touch=touch)
    assert (kept.cadence, kept.minutes) == (Cadence.MONTH, 12)
    with pytest.raises(CannotSaveTouchError, match="of this title"):
        library.keep_touch(actor=marketer, touch=touch)
    library.save_library_touch(actor=marketer, kept=kept, minutes=20)
    touch.refresh_from_db()
    assert touch.minutes == 12


# -- What a draft must earn ------------------------------------------------------------


def test_the_effect_of_a_draft(draft, marketer, rep, member):
    """Two members of 1,000 and 3,000 a year; a call a month: 12 x (0.20 + 12)."""
    RepCapacity.objects.create(user=rep, hours_a_week=Decimal("0.0"))
    run = make.run()
    for margin in ("1000.00", "3000.00"):
        make.valuation(
            run=run, account=member("general"), expected_margin_year=Decimal(margin)
        )
    draft.touches.all().delete()
    drafts.save_touch(actor=marketer, version=draft, **CALL)
    published = PlanVersion.objects.published().get(plan=draft.plan)
    found = plan_effect.effect(draft, published, plan_effect.ground(draft.plan))

    assert found.after.cost.per_customer == Decimal("146.40")
    assert found.even.uplift == Decimal("146.40")
    assert found.even.share == Decimal("0.0732")
    assert found.more == Decimal("97.00")
    assert found.hours.plan_a_year == Decimal("4.8")
    assert (found.hours.people, found.hours.is_too_much) == (1, True)
    assert [(line.label, line.after) for line in found.heads] == [
        ("Marketing", 0),
        ("Retention", 0),
        ("Account management", Decimal("146.40")),
        ("Service", 0),
    ]


def test_nobody_valued_means_no_share(draft, member):
    member("general")
    found = plan_effect.effect(draft, None, plan_effect.ground(draft.plan))
    assert (found.even.share, found.following.expected_margin_year) == (None, None)


def test_typing_shows_the_cost_and_stores_nothing(draft, marketer, client, read_only):
    client.force_login(marketer)
    page = client.get(url("plan_draft"), {"edit": "new"})
    body = {name: str(value) for name, value in CALL.items()} | {
        "title": "",
        "times": "2",
        "seen": draft.version,
        "ground": page.context["ground"],
    }
    with read_only():
        typed = client.get(url("draft_cost"), body, headers=HTMX)
        unpriced = client.get(url("draft_cost"), body | {"unit_cost": ""})
        wrong = client.get(url("draft_cost"), body | {"minutes": "many"})
        late = client.get(url("draft_cost"), body | {"seen": draft.version - 1})

    assert typed.context["effect"].after.cost.per_customer == Decimal("342.20")
    assert "unit cost is missing for New touch" in unpriced.text
    assert "look at: Minutes" in wrong.text
    assert late.context["effect"].changes == []
    assert draft.touches.count() == 2


def test_the_preview_differs_where_needs_differ(draft, marketer, client, member):
    for number in range(6):
        needs = ("warm offices", "quiet offices", "")[number % 3]
        make.contact(account=member("general"), name=f"Ada {number}", needs=needs)
    client.force_login(marketer)
    texts = {"subject": "For {{ first_name }}", "content": "{{ needs|your plans }}"}
    shown = client.get(url("draft_preview"), texts, headers=HTMX).context["previews"]
    assert [one.content for one in shown[:2]] == ["warm offices", "quiet offices"]
    assert (len(shown), shown[-1].content) == (5, "your plans")
    wrong = client.get(url("draft_preview"), {"content": "{{ neds }}"}, headers=HTMX)
    assert "neds" in wrong.text


def test_an_unpriced_draft_is_not_published(partners, marketer):
    drafts.save_touch(actor=marketer, version=partners, **CALL | {"unit_cost": None})
    with pytest.raises(CannotPublishError, match="missing for: Call"):
        plans.publish(actor=marketer, version=partners)


# -- Pages -----------------------------------------------------------------------------


def test_a_plan_is_made_on_a_page_and_stands_in_the_list(ready, marketer, client):
    client.force_login(marketer)
    body = {
        "name": "Contracts",
        "worth_class": "newcomers",
        "follows": "automatic",
        "relationship_type": "contract",
        "begin": "onboarding",
    }
    answer = client.post(reverse("campaigns:plan_new"), body)
    plan = RetentionPlan.objects.get(name="Contracts")
    assert answer.url == url("plan_draft", key=plan.key)
    assert "Newcomers: Framework contract" in client.get(answer.url).text
    listed = client.get(reverse("campaigns:plan_list"))
    assert "Contracts" in listed.text
    again = client.post(reverse("campaigns:plan_new"), body)
    assert again.status_code == 422
    assert "There is a plan already for" in again.text


def test_any_two_versions_are_compared(partners, marketer, client):
    client.force_login(marketer)
    general = PlanVersion.objects.published().get(plan=plan_of("general"))
    page = client.get(
        url("plan_compare", key=partners.plan.key),
        {"from": general.pk, "to": partners.pk},
    )
    kinds = [(one.kind, one.title) for one in page.context["effect"].changes]
    assert kinds == [
        ("Added", "Note on a business network"),
        ("Added", "Online survey"),
        ("Dropped", "Phone follow-up"),
    ]
    assert "−36.50" in page.text


def test_list_queries_do_not_grow_with_plans(
    client, partners, marketer, assert_flat_queries
):
    client.force_login(marketer)

    def add_rows():
        for kind in ("reseller", "contract"):
            plans.create_plan(
                actor=marketer,
                name=f"For {kind} {RetentionPlan.objects.count()}",
                audience=Audience("general", is_automatic=False),
                copied_from=partners,
            )

    assert_flat_queries(lambda: client.get(reverse("campaigns:plan_list")), add_rows)


def test_a_withdrawn_refined_plan_cancels_its_touches(partners, marketer, member):
    member("general", relationship_type="partner")
    plans.publish(actor=marketer, version=partners)
    assert {
        one.template.version.plan
        for one in PlannedTouch.objects.due().select_related("template__version__plan")
    } <= {partners.plan}
    plans.archive(actor=marketer, version=partners)
    assert not PlannedTouch.objects.due().filter(template__version=partners).exists()
