"""Stages, stays and benefits over the API."""

from crm.models import LifecycleStage, LifecycleStay

ROOT = "/api/v1/"


def test_a_stage_is_set_with_a_reason_by_who_may(api, rep, marketer, own, foreign):
    url, body = f"{ROOT}stays/", {"account": own.pk, "stage": "growing"}
    assert api(rep).post(url, body).status_code == 400
    body["reason"] = "New site"
    assert api(marketer).post(url, body).status_code == 403
    assert api(rep).post(url, body | {"account": foreign.pk}).status_code == 400
    assert api(rep).post(url, body).json()["stage"] == "growing"
    assert LifecycleStay.objects.get().set_by == rep
    seen = api(rep).get(f"{url}?account={own.pk}").json()["results"]
    assert [row["reason"] for row in seen] == ["New site"]


def test_rules_and_benefits_are_the_managers(api, rep, manager):
    for name, change in (
        ("lifecycle-stages", {"customer_days_to": 30}),
        ("relationships", {"for_us": "Much"}),
    ):
        first = api(rep).get(f"{ROOT}{name}/").json()["results"][0]
        url = f"{ROOT}{name}/{first['id']}/"
        head = {"If-Match": api(rep).get(url)["ETag"]}
        assert api(rep).patch(url, change, headers=head).status_code == 403
        changed = api(manager).patch(url, change, headers=head)
        assert change.items() <= changed.json().items()
        assert api(manager).patch(url, change, headers=head).status_code == 412
    assert LifecycleStage.objects.filter(customer_days_to=30).count() == 1
