"""Goals and journal over the API."""

from crm.models import ClientGoal, Hypothesis
from tests import make

ROOT = "/api/v1/"


def test_a_goal_is_noted_changed_and_shown_with_its_evidence(api, rep, own, foreign):
    url = f"{ROOT}goals/"
    made = api(rep).post(url, {"account": own.pk, "title": "Less paper"})
    assert made.status_code == 201, made.content
    hidden = api(rep).post(url, {"account": foreign.pk, "title": "Spy"})
    assert hidden.status_code == 400
    one = f"{url}{made.json()['id']}/"
    head = {"If-Match": made["ETag"]}
    changed = api(rep).patch(one, {"status": "on_track"}, headers=head)
    assert changed.json()["status"] == "on_track"
    assert api(rep).patch(one, {"status": "open"}, headers=head).status_code == 412
    seen = api(rep).post(f"{one}evidence/", {"text": "Half", "amount": "90.00"})
    assert [e["amount"] for e in seen.json()["evidence"]] == ["90.00"]
    assert ClientGoal.objects.get().status == "on_track"


def test_a_hypothesis_is_concluded_once(api, rep, own, foreign):
    url = f"{ROOT}hypotheses/"
    made = api(rep).post(url, {"account": own.pk, "statement": "They grow"})
    assert made.status_code == 201, made.content
    one = f"{url}{made.json()['id']}/"
    proof = {"is_for": True, "text": "Hires"}
    assert len(api(rep).post(f"{one}evidence/", proof).json()["evidence"]) == 1
    end = {"status": "confirmed", "conclusion": "Offer more"}
    assert api(rep).post(f"{one}conclusion/", end).json()["status"] == "confirmed"
    assert api(rep).post(f"{one}conclusion/", end).status_code in {400, 409, 422}
    theirs = make.hypothesis(foreign)
    assert api(rep).get(f"{url}{theirs.pk}/").status_code == 404
    assert Hypothesis.objects.filter(status="confirmed").count() == 1
