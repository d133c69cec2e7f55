"""One's own notifications over the API."""

from crm.models import Notification

URL = "/api/v1/notifications/"


def test_people_read_their_own_and_nobody_elses(api, rep, colleague, manager):
    fields = {"kind": "mention", "text": "Look", "url": "/today/", "actor": manager}
    mine = Notification.objects.create(user=rep, **fields)
    theirs = Notification.objects.create(user=colleague, **fields)
    listed = api(rep).get(URL, {"unread": "true"}).json()["results"]
    assert [(one["id"], one["actor"]) for one in listed] == [(mine.pk, "Mia Manager")]
    assert api(rep).get(f"{URL}{theirs.pk}/").status_code == 404
    assert api(rep).post(f"{URL}{theirs.pk}/read/").status_code == 404
    assert api(rep).post(f"{URL}{mine.pk}/read/").json()["read_at"]
    assert api(rep).get(URL, {"unread": "true"}).json()["results"] == []
    assert api(colleague).post(f"{URL}read-all/").json() == {"count": 1}
    answer = api(rep).post(f"{URL}digest/", {"wants_digest": False})
    assert answer.json() == {"wants_digest": False}
    rep.refresh_from_db()
    assert rep.wants_digest is False
