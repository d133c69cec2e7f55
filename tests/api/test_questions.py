"""Questions over the API, with the roles of the pages."""

from campaigns.models import AlertRule, SavedQuestion
from tests import make

ROOT = "/api/v1/"


def test_what_can_be_asked_and_its_answer(client, manager):
    client.force_login(manager)
    listed = client.get(f"{ROOT}questions/").json()
    asked = next(one for one in listed if one["key"] == "bought")
    assert asked["parameters"] == ["product", "since", "until"]
    product = make.product(name="Alpha")
    account = make.account(name="Ann")
    make.order(account=account).lines.update(product=product)
    found = client.get(f"{ROOT}questions/bought/", {"since": "2026-01-01"}).json()
    assert found["row_count"] == 1
    assert found["rows"][0]["account_id"] == account.pk
    assert found["rows"][0]["revenue"] in ("100.00", 100.0)
    assert found["sentence"].startswith("1 customer bought Alpha")
    wrong = client.get(f"{ROOT}questions/bought/", {"since": "soon"})
    assert (wrong.status_code, "since" in str(wrong.json())) == (400, True)
    unknown = client.get(f"{ROOT}questions/bought/", {"colour": "red"})
    assert unknown.status_code == 400
    assert client.get(f"{ROOT}questions/no-such/").status_code == 404


def test_questions_are_kept_and_mailed(client, rep, colleague):
    client.force_login(rep)
    made = client.post(
        f"{ROOT}saved-questions/",
        {"question": "retention", "name": "Kept", "query": "by=type"},
        content_type="application/json",
    )
    assert made.status_code == 201
    saved = SavedQuestion.objects.get()
    order = {"saved": saved.pk, "rhythm": "weekly"}
    ordered = client.post(
        f"{ROOT}answer-mailings/", order, content_type="application/json"
    )
    assert ordered.json()["recipient"] == rep.email
    client.force_login(colleague)
    refused = client.post(
        f"{ROOT}answer-mailings/", order, content_type="application/json"
    )
    assert refused.status_code == 400
    assert client.get(f"{ROOT}saved-questions/{saved.pk}/").status_code == 404


def test_rules_are_switched_by_managers(client, manager, rep):
    rule = AlertRule.objects.create(
        name="Return", outlook="loss", first="return", window_days=90, made_by=manager
    )
    rule.refresh_from_db()
    client.force_login(manager)
    tag = client.get(f"{ROOT}alert-rules/{rule.pk}/")["ETag"]
    answer = client.patch(
        f"{ROOT}alert-rules/{rule.pk}/",
        {"is_on": False},
        content_type="application/json",
        headers={"If-Match": tag},
    )
    assert answer.json()["is_on"] is False
    client.force_login(rep)
    assert client.get(f"{ROOT}alert-rules/").status_code == 200
    assert (
        client.patch(
            f"{ROOT}alert-rules/{rule.pk}/",
            {"is_on": True},
            content_type="application/json",
            headers={"If-Match": tag},
        ).status_code
        == 403
    )
