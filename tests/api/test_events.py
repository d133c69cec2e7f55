"""Correcting, removing and restoring events, and their catalogue, over the API."""

from crm.models import EventType, LifeEvent

ROOT = "/api/v1/"


def test_an_event_is_corrected_removed_and_restored(api, rep, own):
    body = {"account": own.pk, "type": "moved", "occurred_on": "2026-01-02"}
    made = api(rep).post(f"{ROOT}events/", body)
    url = f"{ROOT}events/{made.json()['id']}/"
    changed = api(rep).patch(
        url, {"note": "To Kiel"}, headers={"If-Match": made["ETag"]}
    )
    assert (changed.status_code, changed.json()["note"]) == (200, "To Kiel")
    assert api(rep).post(f"{url}removal/", {}).status_code == 200
    assert api(rep).get(url).status_code == 404
    assert api(rep).get(f"{ROOT}events/").json()["results"] == []
    assert api(rep).post(f"{url}restoration/", {}).status_code == 200
    assert api(rep).get(url).json()["note"] == "To Kiel"


def test_the_catalogue_is_the_managers(api, rep, manager, own):
    url, body = f"{ROOT}event-types/", {"name": "Fair", "tone": "good"}
    assert api(rep).post(url, body).status_code == 403
    made = api(manager).post(url, body)
    assert (made.status_code, made.json()["key"]) == (201, "fair")
    one = f"{url}{made.json()['id']}/"
    head = {"If-Match": made["ETag"]}
    retired = api(manager).patch(one, {"is_active": False}, headers=head)
    assert retired.json()["is_active"] is False
    event = {"account": own.pk, "type": "fair", "occurred_on": "2026-01-02"}
    assert api(rep).post(f"{ROOT}events/", event).status_code in {400, 409, 422}
    assert not LifeEvent.objects.exists()
    assert EventType.objects.get(key="fair").is_active is False
