import pytest

from crm.models import Account, AuditEvent
from tests import make

URL = "/api/v1/accounts/"


def test_a_rep_sees_exactly_their_own(api, rep, own, foreign):
    body = api(rep).get(URL).json()
    assert [row["id"] for row in body["results"]] == [own.pk]


def test_managers_see_all_newest_first(api, manager, own, foreign):
    body = api(manager).get(URL).json()
    assert [row["id"] for row in body["results"]] == [foreign.pk, own.pk]


def test_a_foreign_account_is_not_found(api, rep, foreign):
    missing = api(rep).get(f"{URL}999999/")
    denied = api(rep).get(f"{URL}{foreign.pk}/")
    assert (denied.status_code, denied.json()) == (404, missing.json())


def test_created_accounts_belong_to_the_rep(api, rep):
    answer = api(rep).post(URL, {"name": "New GmbH", "city": "Kiel"})
    assert answer.status_code == 201
    assert answer["ETag"] == f'"{answer.json()["id"]}-1"'
    assert Account.objects.get(name="New GmbH").owner == rep


@pytest.mark.parametrize(
    "field",
    ["id", "version", "created_at", "clv", "worth_class", "search", "merged_into"],
)
def test_fields_that_cannot_be_written_are_named(api, rep, field):
    answer = api(rep).post(URL, {"name": "New GmbH", field: 1})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert Account.objects.count() == 0


def test_a_rep_cannot_give_an_account_away(api, rep, colleague, own):
    answer = api(rep).patch(
        f"{URL}{own.pk}/", {"owner": colleague.email}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 400
    assert list(answer.json()) == ["code", "owner"]
    own.refresh_from_db()
    assert own.owner == rep


def test_a_foreign_parent_is_unknown(api, rep, foreign):
    answer = api(rep).post(URL, {"name": "New GmbH", "parent": foreign.pk})
    assert (answer.status_code, answer.json()) == (400, {"parent": ["unknown parent"]})
    assert Account.objects.filter(name="New GmbH").exists() is False


def test_a_change_needs_the_version_that_was_read(api, rep, own):
    client, url = api(rep), f"{URL}{own.pk}/"
    tag = client.get(url)["ETag"]
    assert client.patch(url, {"city": "Kiel"}).status_code == 428

    first = client.patch(url, {"city": "Kiel"}, headers={"If-Match": tag})
    assert (first.status_code, first["ETag"]) == (200, f'"{own.pk}-2"')

    second = client.patch(url, {"city": "Bonn"}, headers={"If-Match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "stale")
    own.refresh_from_db()
    assert own.city == "Kiel"


def test_a_foreign_account_cannot_be_changed_even_with_its_etag(api, rep, foreign):
    answer = api(rep).patch(
        f"{URL}{foreign.pk}/",
        {"name": "Mine"},
        headers={"If-Match": f'"{foreign.pk}-1"'},
    )
    foreign.refresh_from_db()
    assert (answer.status_code, foreign.name) == (404, "Foreign GmbH")


def test_marketers_read_and_do_not_write(api, marketer, own):
    client = api(marketer)
    assert client.get(f"{URL}{own.pk}/").status_code == 200
    assert client.post(URL, {"name": "New"}).status_code == 403
    assert client.patch(f"{URL}{own.pk}/", {"name": "New"}).status_code == 403
    assert AuditEvent.objects.exists() is False


@pytest.mark.parametrize("method", ["put", "delete"])
def test_accounts_are_not_replaced_or_deleted(api, administrator, own, method):
    answer = getattr(api(administrator), method)(f"{URL}{own.pk}/")
    assert answer.status_code == 405


def test_a_taken_external_id_is_refused(api, manager, own):
    client = api(manager)
    assert client.post(URL, {"name": "A", "external_id": "K-1"}).status_code == 201
    answer = client.post(URL, {"name": "B", "external_id": "K-1"})
    assert answer.status_code == 400
    assert "external_id" in answer.json()
    assert Account.objects.filter(name="B").exists() is False


def test_search_and_filters(api, manager, own, foreign, rep):
    client = api(manager)

    def ids(query):
        return [row["id"] for row in client.get(f"{URL}?{query}").json()["results"]]

    assert ids("search=own") == [own.pk]
    assert ids(f"owner={rep.email}") == [own.pk]
    assert ids("stage=prospect") == []
    assert ids("search=") == [foreign.pk, own.pk]


def test_another_reps_rows_cannot_be_asked_for(api, rep, colleague, foreign):
    body = api(rep).get(f"{URL}?owner={colleague.email}").json()
    assert body["results"] == []


def test_pages_follow_the_cursor(api, manager):
    made = [make.account().pk for _ in range(5)]
    client = api(manager)
    page = client.get(f"{URL}?page_size=2").json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert seen == made[::-1]


def test_lists_ask_no_more_for_more_rows(api, manager, rep, assert_flat_queries):
    make.account(owner=rep)
    client = api(manager)

    def add_rows():
        for _ in range(3):
            make.account(owner=rep)

    assert_flat_queries(lambda: client.get(URL), add_rows)
