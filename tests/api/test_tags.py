"""Tags over the API."""

from crm.models import Tag
from crm.services import tags


def test_the_api_does_what_the_pages_do(api, rep, manager, own):
    tags.set_tags(actor=rep, record=own, names=["VIP"])
    vip = Tag.objects.get()
    root = "/api/v1/tags/"
    found = api(rep).get(root).json()["results"]
    assert [one["name"] for one in found] == ["VIP"]
    assert api(rep).post(root, {"name": "Nord"}).status_code == 403
    made = api(manager).post(root, {"name": "Nord", "colour": "blue"})
    assert (made.status_code, made.json()["colour"]) == (201, "blue")
    one = f"{root}{made.json()['id']}/"
    head = {"If-Match": made["ETag"]}
    retired = api(manager).patch(one, {"is_active": False}, headers=head)
    assert retired.json()["is_active"] is False
    merged = api(manager).post(f"{root}{vip.pk}/merge/", {"into": made.json()["id"]})
    assert merged.json()["name"] == "Nord"
    assert Tag.objects.get(name="Nord").accounts.count() == 1
