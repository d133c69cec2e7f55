"""Consent, judgements and departures over the API."""

import pytest

from common.clock import business_today
from crm.models import Consent, Contact, ContactAssessment
from tests import make

ROOT = "/api/v1/"
KINDS = {
    "consents": {"channel": "email", "is_granted": True, "proof": "form 3"},
    "assessments": {"attitude": "supporter", "influence": 4, "source": "visit"},
}


@pytest.mark.parametrize(("name", "facts"), KINDS.items())
def test_rows_are_added_and_read_by_who_sees_the_account(
    api, everybody, own, foreign, name, facts
):
    rep, colleague, manager = (
        everybody[role] for role in ("rep", "colleague", "manager")
    )
    mine, theirs = make.contact(account=own), make.contact(account=foreign)
    url = f"{ROOT}{name}/"
    made = api(rep).post(url, facts | {"contact": mine.pk})
    assert made.status_code == 201, made.content
    assert facts.items() <= made.json().items()
    assert api(rep).post(url, facts | {"contact": theirs.pk}).status_code == 400
    assert api(manager).post(url, facts | {"contact": theirs.pk}).status_code == 201
    seen = {
        user: [row["contact"] for row in api(user).get(url).json()["results"]]
        for user in (rep, colleague, manager)
    }
    assert seen == {
        rep: [mine.pk], colleague: [theirs.pk], manager: [theirs.pk, mine.pk],
    }  # fmt: skip
    kept = api(manager).get(f"{url}?contact={mine.pk}").json()["results"]
    assert [row["contact"] for row in kept] == [mine.pk]


def test_a_judgement_changes_the_person_and_a_wrong_one_nothing(api, rep, own):
    anna = make.contact(account=own)
    url, body = f"{ROOT}assessments/", {"contact": anna.pk, "attitude": "critic"}
    wrong = api(rep).post(url, body | {"influence": 9})
    assert wrong.status_code in {400, 422}
    assert Contact.objects.get().attitude == ""
    assert api(rep).post(url, body).status_code == 201
    assert Contact.objects.get().attitude == "critic"
    assert ContactAssessment.objects.count() == 1
    assert not Consent.objects.exists()


def test_a_marketer_records_wishes_but_judges_nobody(api, everybody, own):
    anna, send = make.contact(account=own), api(everybody["marketer"]).post
    made = send(f"{ROOT}consents/", KINDS["consents"] | {"contact": anna.pk})
    assert made.status_code == 201, made.content
    judged = send(f"{ROOT}assessments/", KINDS["assessments"] | {"contact": anna.pk})
    assert judged.status_code == 403
    assert Consent.objects.get().recorded_by == everybody["marketer"]
    assert not ContactAssessment.objects.exists()


def test_who_leaves_arrives_elsewhere(api, rep, own, foreign):
    anna, other = make.contact(account=own), make.account(owner=rep)
    url = f"{ROOT}contacts/{anna.pk}/departure/"
    today = business_today().isoformat()
    hidden = api(rep).post(url, {"left_on": today, "moved_to": foreign.pk})
    assert hidden.status_code == 400
    made = api(rep).post(url, {"left_on": today, "moved_to": other.pk})
    assert (made.status_code, made.json()["left_on"]) == (200, today)
    assert Contact.objects.get(account=other).moved_from == anna
