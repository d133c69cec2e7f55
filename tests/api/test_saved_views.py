"""Saved views over the API: one's own and shared ones, changed by their owner."""

import pytest

from crm.models import SavedView
from crm.services import saved_views

URL = "/api/v1/saved-views/"


@pytest.fixture
def shared(manager):
    return saved_views.create_view(
        actor=manager,
        list_key="accounts",
        name="Care",
        query="industry=Care",
        is_shared=True,
    )


def send(client, method, url, data=None, **headers):
    return getattr(client, method)(
        url, data or {}, content_type="application/json", headers=headers
    )


def test_a_view_is_kept_changed_and_deleted(client, rep):
    client.force_login(rep)
    made = send(
        client, "post", URL, {"list_key": "tasks", "name": "Late", "query": "due=late"}
    )
    assert made.status_code == 201
    address = f"{URL}{made.json()['id']}/"

    changed = send(client, "patch", address, {"name": "Overdue"}, if_match=made["ETag"])

    assert changed.json()["name"] == "Overdue"
    assert client.delete(address).status_code == 204
    assert not SavedView.objects.exists()


def test_a_shared_view_is_read_by_all_and_changed_by_its_owner(client, rep, shared):
    client.force_login(rep)
    found = client.get(URL, {"list_key": "accounts"}).json()["results"]
    assert [one["name"] for one in found] == ["Care"]

    address = f"{URL}{shared.pk}/"
    tag = client.get(address)["ETag"]
    refused = send(client, "patch", address, {"name": "Mine"}, if_match=tag)

    assert refused.json()["code"] == "cannot_save_view"
    shared.refresh_from_db()
    assert shared.name == "Care"


def test_a_rep_shares_nothing(client, rep):
    client.force_login(rep)
    body = {"list_key": "tasks", "name": "Late", "is_shared": True}
    assert send(client, "post", URL, body).status_code == 400
    assert not SavedView.objects.exists()
