"""Cases over the API: opened, taken in, answered, settled, handed on; who may."""

import pytest

from crm.models import Case, LedgerEntry
from tests import make

URL = "/api/v1/cases/"


def test_a_case_goes_its_way(api, rep, manager, own):
    client = api(rep)
    made = client.post(URL, {"account": own.pk, "title": "Toner leaks"})
    assert made.status_code == 201
    case = made.json()
    assert (case["number"], case["owner"], case["status"]) == (
        f"C-{case['id']}",
        rep.email,
        "open",
    )
    assert case["clock"]["state"] == "running"
    assert case["clock"]["weight"] == 4
    url = f"{URL}{case['id']}/"

    def act(name, **data):
        return client.post(f"{url}{name}/", data)

    said = act("answer", text="A new one comes", minutes=6, waits=True).json()
    assert (said["status"], said["clock"]["answer_left_seconds"]) == ("waiting", None)
    assert LedgerEntry.objects.get().kind == "service"
    assert act("reply", text="Thank you").json()["status"] == "open"
    assert act("escalate", reason="They leave").json()["escalated_to"] == manager.email
    assert act("resolve", resolution="Sent").json()["status"] == "resolved"
    again = act("resolve", resolution="Sent")
    assert again.status_code in {400, 409, 422}
    assert "resolved" in again.json()["detail"]
    assert act("close").json()["status"] == "closed"
    assert act("reopen", reason="Leaks again").json()["status"] == "open"
    entries = client.get(f"/api/v1/case-entries/?case={case['id']}").json()["results"]
    assert [one["kind"] for one in reversed(entries)] == [
        "opened",
        "answer",
        "waiting",
        "customer",
        "escalated",
        "resolved",
        "closed",
        "reopened",
    ]
    (answer,) = [one for one in entries if one["kind"] == "answer"]
    fixed = client.post(f"/api/v1/case-entries/{answer['id']}/minutes/", {"minutes": 3})
    assert fixed.json()["minutes"] == 3
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 3


def test_a_message_becomes_a_case_once_with_class_and_account(api, manager, own):
    person = make.contact(account=own, socials={"chirper": "anna_berg"})
    make.membership(account=own, worth_class="current_key")
    message = {
        "sender": "@Anna_Berg",
        "text": "Your toner leaks!",
        "channel": "social",
        "source": "chirper",
        "external_id": "114321",
    }
    first, again = (api(manager).post(f"{URL}inbound/", message) for _ in range(2))
    assert first.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    case = first.json()
    assert (case["account"], case["contact"]) == (own.pk, person.pk)
    assert (case["worth_class"], case["title"]) == ("current_key", "Your toner leaks!")
    unknown = api(manager).post(
        f"{URL}inbound/", message | {"sender": "@who", "external_id": "2"}
    )
    assert unknown.json()["account"] is None


def test_a_rep_reaches_no_account_of_a_colleague_by_a_message(api, rep, foreign):
    make.contact(account=foreign, email="a@foreign.example")
    made = api(rep).post(
        f"{URL}inbound/", {"sender": "a@foreign.example", "text": "Hi"}
    )
    assert made.json()["account"] is None


def test_changes_need_the_version_and_colleagues_find_nothing(api, rep, colleague, own):
    case = make.case(account=own)
    url = f"{URL}{case.pk}/"
    assert api(colleague).get(url).status_code == 404
    assert api(colleague).post(f"{url}answer/", {"text": "Hi"}).status_code == 404
    assert api(colleague).get(URL).json()["results"] == []
    client = api(rep)
    assert client.patch(url, {"urgency": "high"}).status_code == 428
    tag = client.get(url)["ETag"]
    changed = client.patch(url, {"urgency": "high"}, headers={"If-Match": tag})
    assert changed.json()["urgency"] == "high"
    late = client.patch(url, {"urgency": "low"}, headers={"If-Match": tag})
    assert late.status_code == 412
    case.refresh_from_db()
    assert case.urgency == "high"


def test_a_repeated_call_opens_one_case(api, rep, own):
    client = api(rep)
    for _ in range(2):
        client.post(
            URL,
            {"account": own.pk, "title": "Toner"},
            headers={"Idempotency-Key": "k1"},
        )
    assert Case.objects.count() == 1


def test_levels_are_published_whole(api, manager, rep):
    url = "/api/v1/service-levels/"
    client = api(manager)
    current = client.get(url).json()["results"][0]
    body = {
        "levels": current["levels"],
        "reason": "Faster",
        "based_on": current["id"],
    }
    assert api(rep).post(url, body).status_code == 403
    assert client.post(url, body | {"levels": []}).status_code == 400
    made = client.post(url, body)
    assert made.status_code == 201
    assert made.json()["author"] == manager.email
    assert client.post(url, body).json()["code"] == "stale"
    assert len(client.get(url).json()["results"]) == 2


@pytest.mark.parametrize("minutes", [-1, 1441, "x"])
def test_impossible_minutes_are_refused(api, rep, own, minutes):
    case = make.case(account=own)
    answer = api(rep).post(
        f"{URL}{case.pk}/answer/", {"text": "Hi", "minutes": minutes}
    )
    assert answer.status_code == 400
    assert not case.entries.exists()
