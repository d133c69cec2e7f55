"""What every list can do: views, columns, cells that are edited, changes of many."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from crm.choices import TaskStatus
from crm.models import Account, AuditEvent, BulkEdit, SavedView, Tag, Task
from crm.services import accounts, cases, saved_views, tags
from tests import make

URL = reverse("campaigns:account_list")
BULK = reverse("campaigns:list_bulk", args=["accounts"])


@pytest.fixture
def firm(db, rep, colleague):
    """Three accounts of one rep, one of another."""
    facts = [("Alder", "Care"), ("Birch", "Care"), ("Cedar", "Law")]
    made = {
        name: make.account(name=name, industry=industry, owner=rep)
        for name, industry in facts
    }
    made["Dogwood"] = make.account(name="Dogwood", industry="Care", owner=colleague)
    return made


def names(response):
    return [row.record.name for row in response.context["rows"]]


# -- Views and columns -----------------------------------------------------------------


def keep(client, name, query, **more):
    url = reverse("crm:view_create", args=["accounts"])
    return client.post(url, {"name": name, "query": query, "back": URL, **more})


def test_a_view_keeps_filters_and_is_a_tab(client, firm, manager):
    client.force_login(manager)

    answer = keep(client, "Care", "?industry=Care&sort=name&cursor=x")

    view = SavedView.objects.get()
    assert (view.query, view.owner) == ("industry=Care&sort=name", manager)
    page = client.get(answer.url)
    assert names(page) == ["Alder", "Birch", "Dogwood"]
    assert [one.view for one in page.context["shelf"].tabs] == [view]
    assert not page.context["shelf"].is_changed
    changed = client.get(f"{answer.url}&stage=customer")
    assert changed.context["shelf"].can_keep


def test_only_who_may_shares_and_a_shared_view_shares_no_accounts(
    client, firm, rep, manager
):
    client.force_login(rep)
    keep(client, "Mine", "industry=Care", is_shared="on")
    assert not SavedView.objects.exists()
    client.force_login(manager)
    address = keep(client, "Care", "industry=Care&sort=name", is_shared="on").url

    client.force_login(rep)
    assert names(client.get(address)) == ["Alder", "Birch"]
    view = SavedView.objects.get()
    client.post(reverse("crm:view_delete", args=[view.pk]))
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_a_personal_view_is_not_found_by_others(client, firm, rep, manager):
    view = saved_views.create_view(
        actor=rep, list_key="accounts", name="Mine", query=""
    )
    client.force_login(manager)
    url = reverse("crm:view_change", args=[view.pk])
    assert client.post(url, {"name": "Yours"}).status_code == 404


def test_a_bare_address_opens_as_its_reader_set_it(client, firm, rep):
    view = saved_views.create_view(
        actor=rep, list_key="accounts", name="Law", query="industry=Law"
    )
    saved_views.open_with(actor=rep, list_key="accounts", view=view)
    client.force_login(rep)

    answer = client.get(URL)

    assert answer.url == f"{URL}?industry=Law&view={view.pk}"
    assert names(client.get(answer.url)) == ["Cedar"]
    assert len(names(client.get(URL, {"view": "all"}))) == 3


def test_columns_are_remembered_and_stand_in_the_address(client, firm, rep):
    client.force_login(rep)
    url = reverse("campaigns:list_columns", args=["accounts"])

    answer = client.post(
        url, {"column": ["industry", "name", "owner"], "query": "industry=Care"}
    )

    assert answer.url == f"{URL}?industry=Care&columns=industry,name"
    assert client.get(URL).url == f"{URL}?columns=industry,name"
    page = client.get(answer.url)
    assert [h.column.key for h in page.context["listing"].headings] == [
        "industry",
        "name",
    ]
    client.post(url, {"usual": "1"})
    assert client.get(URL).status_code == 200


def test_a_chip_takes_its_filter_away(client, firm, rep):
    client.force_login(rep)
    page = client.get(URL, {"industry": "Care", "search": "ald"})
    chips = {chip.key: chip.without for chip in page.context["listing"].chips}
    assert chips == {"industry": "?search=ald", "search": "?industry=Care"}


def test_sums_of_a_long_list_come_by_themselves(client, firm, manager, monkeypatch):
    monkeypatch.setattr("campaigns.queries.lists.base.COUNTED_UP_TO", 2)
    client.force_login(manager)
    url = reverse("campaigns:list_totals", args=["accounts"])
    assert 'hx-trigger="load"' in client.get(URL).text
    answer = client.get(url)
    assert answer.context["totals"].count == 4
    assert (
        client.get(reverse("campaigns:list_totals", args=["nothing"])).status_code
        == 404
    )


# -- Cells -----------------------------------------------------------------------------


def cell(account, column):
    return reverse("campaigns:list_cell", args=["accounts", account.pk, column])


def test_a_cell_is_edited_in_place_and_undone(client, firm, rep):
    client.force_login(rep)
    url = cell(firm["Cedar"], "industry")
    assert 'value="Law"' in client.get(f"{url}?edit=1").text

    answer = client.post(url, {"value": "Trade", "version": 1})

    assert "Trade" in answer.text
    assert (answer.context["before"], answer.context["version"]) == ("Law", 2)
    client.post(url, {"value": "Law", "version": 2})
    firm["Cedar"].refresh_from_db()
    assert firm["Cedar"].industry == "Law"


def test_a_conflict_shows_both_and_changes_nothing(client, firm, rep, manager):
    accounts.change_account(actor=manager, account=firm["Cedar"], industry="Banks")
    client.force_login(rep)
    url = cell(firm["Cedar"], "industry")

    answer = client.post(url, {"value": "Trade", "version": 1})

    assert answer.status_code == 409
    assert "Banks" in answer.text
    assert "Trade" in answer.text
    firm["Cedar"].refresh_from_db()
    assert firm["Cedar"].industry == "Banks"
    assert client.post(url, {"value": "Trade", "version": 2}).status_code == 200


def test_a_cell_refuses_what_does_not_fit(client, firm, rep, manager):
    client.force_login(rep)
    url = cell(firm["Cedar"], "name")
    assert client.post(url, {"value": " ", "version": 1}).status_code == 422
    stranger = client.post(
        cell(firm["Dogwood"], "industry"), {"value": "x", "version": 1}
    )
    assert stranger.status_code == 404
    assert client.get(cell(firm["Cedar"], "owner")).status_code == 404
    assert client.get(cell(firm["Cedar"], "clv")).status_code == 404


def test_tags_are_typed_and_filter(client, firm, rep):
    client.force_login(rep)
    client.post(cell(firm["Cedar"], "tags"), {"value": "VIP, north ", "version": 1})
    client.post(cell(firm["Alder"], "tags"), {"value": "vip", "version": 1})

    tag = Tag.objects.get(name="VIP")
    page = client.get(URL, {"tag": tag.pk, "sort": "name"})

    assert names(page) == ["Alder", "Cedar"]
    assert Tag.objects.count() == 2


# -- Many at once ----------------------------------------------------------------------


def change(client, action, count, query="", **given):
    return client.post(f"{BULK}?{query}", {"action": action, "count": count, **given})


def test_all_that_match_are_shown_then_changed_then_undone(client, firm, rep):
    client.force_login(rep)
    asked = client.post(
        f"{BULK}?industry=Care", {"scope": "all", "action": "set_industry"}
    )
    chosen = asked.context["chosen"]
    assert (chosen.count, [a.name for a in chosen.sample]) == (2, ["Alder", "Birch"])

    change(client, "set_industry", 2, "industry=Care", scope="all", value="Healthcare")

    rows = dict(Account.objects.values_list("name", "industry"))
    assert rows == {
        "Alder": "Healthcare",
        "Birch": "Healthcare",
        "Cedar": "Law",
        "Dogwood": "Care",
    }
    edit = BulkEdit.objects.get()
    assert edit.row_count == 2
    assert AuditEvent.objects.filter(action="bulk.changed").count() == 1
    # What somebody changed since stays as it is.
    Account.objects.filter(name="Birch").update(industry="Other")
    client.post(reverse("campaigns:bulk_undo", args=[edit.pk]))
    rows = dict(Account.objects.values_list("name", "industry"))
    assert (rows["Alder"], rows["Birch"]) == ("Care", "Other")


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("set_industry", {"scope": "all", "count": 3, "value": "x"}),
        ("set_industry", {"chosen": ["foreign"], "count": 1, "value": "x"}),
        ("set_owner", {"scope": "all", "count": 2}),
        ("nonsense", {"scope": "all", "count": 2}),
    ],
)
def test_a_change_that_may_not_be_made_as_a_whole_changes_nothing(
    client, firm, rep, colleague, action, given
):
    client.force_login(rep)
    given = dict(given)
    if given.get("chosen"):
        given["chosen"] = [firm["Alder"].pk, firm["Dogwood"].pk]
        given["count"] = 2
    if action == "set_owner":
        given["value"] = colleague.pk
    before = list(Account.objects.order_by("pk").values_list("industry", "owner"))

    client.post(f"{BULK}?industry=Care", {"action": action, **given})

    after = list(Account.objects.order_by("pk").values_list("industry", "owner"))
    assert after == before
    assert not BulkEdit.objects.exists()


def test_many_get_an_owner_and_give_it_back(client, firm, manager, rep, colleague):
    """Open cases go with the account, and come back unless they were given on."""
    case, held = (make.case(account=firm["Alder"], owner=rep) for _ in "ab")
    theirs = make.case(account=firm["Alder"], owner=colleague)
    client.force_login(manager)
    keys = [firm["Alder"].pk, firm["Dogwood"].pk]

    change(client, "set_owner", 2, chosen=keys, value=colleague.pk)

    assert Account.objects.filter(owner=colleague).count() == 2
    edit = BulkEdit.objects.get()
    assert edit.row_count == 1  # Dogwood was the colleague's before
    assert colleague.cases.count() == 3
    held.refresh_from_db()
    cases.give(held, manager, actor=colleague)
    client.force_login(rep)
    undo = reverse("campaigns:bulk_undo", args=[edit.pk])
    assert client.post(undo).status_code == 404
    client.force_login(manager)
    client.post(undo)
    assert Account.objects.filter(owner=colleague).count() == 1
    assert list(rep.cases.all()) == [case]
    assert (list(colleague.cases.all()), list(manager.cases.all())) == (
        [theirs],
        [held],
    )


def test_many_are_tagged_and_untagged(client, firm, rep):
    client.force_login(rep)
    tags.set_tags(actor=rep, record=firm["Alder"], names=["VIP"])

    change(client, "add_tag", 3, scope="all", tag="vip")

    tag = Tag.objects.get()
    assert tag.accounts.count() == 3
    first = BulkEdit.objects.latest("pk")
    change(client, "remove_tag", 1, "industry=Law", scope="all", tag=tag.pk)
    assert tag.accounts.count() == 2
    client.post(reverse("campaigns:bulk_undo", args=[BulkEdit.objects.latest("pk").pk]))
    client.post(reverse("campaigns:bulk_undo", args=[first.pk]))
    assert list(tag.accounts.all()) == [firm["Alder"]]


def test_each_gets_a_task_of_its_owner(client, firm, manager, rep, colleague):
    client.force_login(manager)
    day = business_today() + dt.timedelta(days=3)

    change(client, "add_task", 4, scope="all", title="Call", due_on=day)

    owners = Task.objects.order_by("pk").values_list("owner__name", flat=True)
    assert sorted(owners) == ["Carl Colleague"] + ["Rita Rep"] * 3
    client.post(reverse("campaigns:bulk_undo", args=[BulkEdit.objects.get().pk]))
    assert not Task.objects.filter(status=TaskStatus.OPEN).exists()


def test_a_task_of_the_past_is_refused_for_all(client, firm, rep):
    client.force_login(rep)
    change(client, "add_task", 3, scope="all", title="Call", due_on="2020-01-01")
    assert not Task.objects.exists()


def test_a_row_is_edited_in_a_sheet(client, firm, rep):
    client.force_login(rep)
    url = reverse("campaigns:list_edit", args=["accounts", firm["Cedar"].pk])
    page = client.get(url)
    fields = [one.column.key for one in page.context["cells"]]
    assert {"name", "city", "tags", "stage"} <= set(fields)
    assert "owner" not in fields  # a rep hands nothing over
    assert f'data-edit="{cell(firm["Cedar"], "industry")}"' in page.text
    assert f'href="{url}"' in client.get(URL, {"sort": "name"}).text
    foreign = reverse("campaigns:list_edit", args=["accounts", firm["Dogwood"].pk])
    assert client.get(foreign).status_code == 404
