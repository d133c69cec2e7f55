"""Plans over the API: what the pages do, with the same roles."""

import pytest

from campaigns.models import PlanVersion, TouchTemplate
from campaigns.services import plans
from crm.models import Territory

ROOT = "/api/v1/"
CALL = {
    "title": "Call",
    "channel": "phone",
    "cadence": "weeks",
    "every": 4,
    "unit_cost": "0.20",
    "minutes": 12,
    "owner_role": "rep",
    "head": "account_management",
}


@pytest.fixture
def ready(db):
    plans.ensure_plans()


def test_a_plan_is_built_compared_and_published(api, ready, rep, marketer):
    Territory.objects.create(name="North")
    body = {
        "name": "North",
        "worth_class": "general",
        "territory": "North",
        "template": "digital-only",
    }
    assert api(rep).post(f"{ROOT}plans/", body).status_code == 403
    made = api(marketer).post(f"{ROOT}plans/", body).json()
    (version,) = made["versions"]
    assert (made["audience"], version["status"]) == ("General: North", "draft")
    draft = f"{ROOT}plan-versions/{version['id']}/"

    touch = {"draft": version["id"], **CALL}
    added = api(marketer).post(f"{ROOT}plan-touches/", touch)
    assert (added.status_code, added.json()["cost_per_year"]) == (201, "158.60")
    one = f"{ROOT}plan-touches/{added.json()['id']}/"
    head = {"If-Match": added["ETag"]}
    assert api(marketer).patch(one, {"minutes": 6}).status_code == 428
    changed = api(marketer).patch(one, {"minutes": 6}, headers=head)
    assert changed.json()["cost_per_year"] == "80.60"
    assert api(marketer).patch(one, {"minutes": 7}, headers=head).status_code == 412

    effect = api(rep).get(f"{draft}effect/").json()
    assert (effect["before"], effect["cost_per_customer_year"]) == (None, "93.50")
    other = PlanVersion.objects.published().get(plan__worth_class="general")
    effect = api(rep).get(f"{draft}effect/", {"with": other.pk}).json()
    assert effect["more_per_customer_year"] == "44.10"
    assert api(rep).post(f"{draft}publish/", {}).status_code == 403
    seen = {"HTTP_IF_MATCH": '"1"'}
    assert api(marketer).post(f"{draft}publish/", {}, **seen).status_code == 412
    assert not PlanVersion.objects.published().filter(pk=version["id"]).exists()
    done = api(marketer).post(f"{draft}publish/", {"note": "Go"}).json()
    assert (done["status"], done["note"]) == ("published", "Go")
    refused = api(marketer).post(f"{draft}publish/", {})
    assert refused.json()["code"] == "not_a_draft"
    gone = api(marketer).post(f"{draft}archive/", {}).json()
    assert gone["status"] == "archived"


def test_the_library_over_the_api(api, ready, rep, marketer):
    root = f"{ROOT}touch-library/"
    assert api(rep).post(root, CALL).status_code == 403
    made = api(marketer).post(root, CALL)
    assert (made.status_code, made.json()["often"]) == (201, "every 4 weeks")
    kept = f"{root}{made.json()['id']}/"
    plan = api(marketer).get(f"{ROOT}plans/", {"worth_class": "general"}).json()
    start = f"{ROOT}plans/{plan['results'][0]['id']}/draft/"
    draft = api(marketer).post(start, {}).json()
    put = f"{ROOT}plan-versions/{draft['id']}/from-library/"
    filled = api(marketer).post(put, {"touch": made.json()["id"]}).json()
    assert [touch["title"] for touch in filled["touches"]][-1] == "Call"

    head = {"If-Match": made["ETag"]}
    retired = api(marketer).patch(kept, {"is_active": False}, headers=head)
    assert retired.json()["is_active"] is False
    refused = api(marketer).post(put, {"touch": made.json()["id"]})
    assert refused.json()["code"] == "cannot_save_touch"
    assert TouchTemplate.objects.filter(title="Call").count() == 1


def test_what_does_not_fit_is_refused_with_words(api, ready, marketer):
    plan = api(marketer).get(f"{ROOT}plans/", {"worth_class": "general"}).json()
    one = plan["results"][0]
    again = api(marketer).post(
        f"{ROOT}plans/", {"name": "Again", "worth_class": "general"}
    )
    assert again.json()["code"] == "cannot_save_plan"
    draft = api(marketer).post(f"{ROOT}plans/{one['id']}/draft/", {})
    address = f"{ROOT}plan-versions/{draft.json()['id']}/"
    head = {"If-Match": draft["ETag"]}
    long = api(marketer).patch(address, {"runs_days": 30}, headers=head)
    assert long.json()["code"] == "cadence_too_long"
    assert api(marketer).delete(address).status_code == 204
    assert not PlanVersion.objects.drafts().exists()
