"""The catalogue of tags: what each is called, which become one, which are retired."""

import pytest
from django.urls import reverse

from crm.errors import CannotTagError
from crm.models import AuditEvent, SavedView, Tag
from crm.services import tags
from tests import make

URL = reverse("crm:tag_list")


@pytest.fixture
def vip(rep):
    """A tag on two accounts and a person, and a rival of it on one of the accounts."""
    accounts = [make.account(name=name, owner=rep) for name in ("Alder", "Birch")]
    for record in (*accounts, make.contact(account=accounts[0])):
        tags.set_tags(actor=rep, record=record, names=["VIP"])
    tags.set_tags(actor=rep, record=accounts[1], names=["VIP", "Very important"])
    return Tag.objects.get(name="VIP")


def test_the_page_counts_and_adds(client, manager, vip):
    client.force_login(manager)
    page = client.get(URL)
    counted = [(t.name, t.account_count, t.contact_count) for t in page.context["tags"]]
    assert counted == [("VIP", 2, 1), ("Very important", 1, 0)]
    assert client.post(URL, {"name": "vip", "colour": "red"}).status_code == 422
    assert client.post(URL, {"name": "Nord", "colour": "red"}).status_code == 302
    assert Tag.objects.get(name="Nord").colour == "red"


def test_the_catalogue_is_the_managers(client, rep, vip):
    client.force_login(rep)
    assert client.get(URL).status_code == 403
    url = reverse("crm:tag_retire", args=[vip.pk])
    assert client.post(url).status_code == 403
    vip.refresh_from_db()
    assert vip.is_active


def test_a_new_name_stands_everywhere_and_a_stale_form_changes_nothing(
    client, manager, vip
):
    client.force_login(manager)
    url = reverse("crm:tag_edit", args=[vip.pk])
    form = client.get(url).context["form"]
    given = {
        "name": "Key",
        "colour": "amber",
        "version": 1,
        "base": form["base"].value(),
    }
    assert client.post(url, given).status_code == 302
    vip.refresh_from_db()
    assert (vip.name, vip.colour, vip.version) == ("Key", "amber", 2)

    stale = client.post(url, given | {"name": "Other"})
    assert stale.status_code == 409
    vip.refresh_from_db()
    assert vip.name == "Key"


def test_two_become_one_with_all_that_carried_them(client, manager, vip):
    into = Tag.objects.get(name="Very important")
    view = SavedView.objects.create(
        owner=manager,
        list_key="accounts",
        name="Mine",
        query=f"sort=name&tag={vip.pk}",
    )
    client.force_login(manager)

    url = reverse("crm:tag_merge", args=[vip.pk])
    assert client.post(url, {"into": vip.pk}).status_code == 422
    assert Tag.objects.count() == 2
    assert client.post(url, {"into": into.pk}).status_code == 302

    assert list(Tag.objects.all()) == [into]
    assert (into.accounts.count(), into.contacts.count()) == (2, 1)
    view.refresh_from_db()
    assert view.query == f"sort=name&tag={into.pk}"
    event = AuditEvent.objects.get(action="tag.merged")
    assert event.detail["name"] == "VIP"


def test_a_retired_tag_stays_and_is_put_on_nothing_more(rep, manager, vip):
    tags.retire_tag(actor=manager, tag=vip)
    fresh = make.account(owner=rep)
    with pytest.raises(CannotTagError, match="retired"):
        tags.set_tags(actor=rep, record=fresh, names=["vip"])
    assert not fresh.tags.exists()
    # What carries it may be tagged on.
    account = vip.accounts.order_by("pk").first()
    tags.set_tags(actor=rep, record=account, names=["VIP", "Nord"])
    assert account.tags.count() == 2
    tags.reinstate_tag(actor=manager, tag=vip)
    tags.set_tags(actor=rep, record=fresh, names=["vip"])
    assert list(fresh.tags.all()) == [vip]


def test_only_what_nothing_carries_is_deleted(client, manager, vip):
    unused = tags.create_tag(actor=manager, name="Unused")
    client.force_login(manager)
    for tag in (vip, unused):
        client.post(reverse("crm:tag_delete", args=[tag.pk]))
    assert set(Tag.objects.values_list("name", flat=True)) == {"VIP", "Very important"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a, b"])
def test_a_name_that_does_not_fit_changes_nothing(manager, vip, name):
    with pytest.raises(CannotTagError):
        tags.change_tag(actor=manager, tag=vip, name=name)
    vip.refresh_from_db()
    assert vip.name == "VIP"
