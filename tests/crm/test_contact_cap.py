"""A person's own limit of contacts, and many people added at once."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.errors import CannotLogError, CannotSaveContactsError
from crm.models import Contact, Touchpoint
from crm.queries.consent import may_contact
from crm.services import contacts, corrections
from crm.services.touchpoints import log_touchpoint
from tests import make

BULK = "/api/v1/contacts/bulk/"


@pytest.fixture
def anna(rep):
    account = make.account(owner=rep)
    return make.contact(account=account, name="Anna Berg", contact_cap=2)


def call(rep, anna, *, days_ago, **said):
    return log_touchpoint(
        actor=rep,
        account=anna.account,
        contact=anna,
        occurred_at=timezone.now() - dt.timedelta(days=days_ago),
        **{"channel": "phone"} | said,
    )


def test_over_the_limit_nothing_is_logged_and_it_says_until_when(rep, anna):
    call(rep, anna, days_ago=45)
    call(rep, anna, days_ago=20)
    call(rep, anna, days_ago=12, outcome="no_answer")
    call(rep, anna, days_ago=11, channel="visit")
    call(rep, anna, days_ago=10, direction="in")
    assert may_contact(anna, "email") is None
    last = call(rep, anna, days_ago=1, channel="email")
    free = timezone.localdate(timezone.now() + dt.timedelta(days=10))
    refused = may_contact(anna, "phone")
    assert refused.code == "cap"
    assert refused.message == (
        "Anna Berg wants to hear from us 2 times in 30 days at most, and has. The next "
        f"is welcome from {free:%d %b %Y}."
    )
    before = Touchpoint.objects.count()
    with pytest.raises(CannotLogError, match="2 times in 30 days"):
        call(rep, anna, days_ago=0)
    assert Touchpoint.objects.count() == before
    # They may always reach us, a visit is agreed, and a typo can be mended.
    call(rep, anna, days_ago=0, direction="in")
    call(rep, anna, days_ago=0, channel="visit")
    corrections.correct_touchpoint(actor=rep, touchpoint=last, channel="phone")
    assert may_contact(make.contact(account=anna.account), "phone") is None


def test_the_page_and_the_line_say_it(client, rep, anna):
    for days in (2, 1):
        call(rep, anna, days_ago=days)
    client.force_login(rep)
    page = client.get(reverse("crm:contact_detail", args=[anna.pk]))
    assert "2 contacts in 30 days; 2 so far" in page.content.decode()
    body = {"account": anna.account_id, "line": "call Anna pricing"}
    said = client.post(
        "/api/v1/touchpoints/preview/", body, content_type="application/json"
    ).json()
    assert any("2 times in 30 days" in one for one in said["problems"])


def test_the_rep_of_the_account_sets_limit_and_topics(
    client, rep, colleague, marketer, anna
):
    edit = reverse("crm:contact_edit", args=[anna.pk])
    wishes = {"name": "Anna Berg", "contact_cap": "1", "topics": "Maintenance"}
    wishes["version"] = str(anna.version)
    for stranger, status in ((colleague, 404), (marketer, 403)):
        client.force_login(stranger)
        assert client.post(edit, wishes).status_code == status
        anna.refresh_from_db()
        assert (anna.contact_cap, anna.topics) == (2, "")
    client.force_login(rep)
    assert client.post(edit, wishes).status_code == 302
    anna.refresh_from_db()
    assert (anna.contact_cap, anna.topics) == (1, "Maintenance")


def test_many_people_are_added_together_or_not_at_all(rep):
    account = make.account(owner=rep)
    gone = make.account(merged_into=account)
    rows = [{"account": account, "name": f"Person {n}"} for n in range(3)]
    assert len(contacts.create_contacts(actor=rep, rows=rows)) == 3
    wrong = [*rows, {"account": gone, "name": "X"}, {"account": account, "name": ""}]
    with pytest.raises(CannotSaveContactsError) as refused:
        contacts.create_contacts(actor=rep, rows=wrong)
    assert {n: e.field for n, e in refused.value.problems.items()} == {
        3: "account",
        4: "name",
    }
    assert Contact.objects.count() == 3


def test_many_people_over_the_api_with_errors_by_row(client, rep, colleague):
    client.force_login(rep)
    mine, other = make.account(owner=rep), make.account(owner=colleague)

    def send(*rows):
        body = {"contacts": list(rows)}
        return client.post(BULK, body, content_type="application/json")

    good = [{"account": mine.pk, "name": f"P {n}", "contact_cap": 1} for n in range(2)]
    answer = send(*good)
    assert answer.status_code == 201
    assert [one["name"] for one in answer.json()["contacts"]] == ["P 0", "P 1"]
    refused = send(*good, {"account": other.pk, "name": "X"}, {"account": mine.pk})
    assert refused.status_code == 400
    assert sorted(refused.json()["contacts"]) == ["2", "3"]
    assert send().status_code == 400
    assert send(*[good[0]] * 501).status_code == 400
    assert Contact.objects.count() == 2
