"""The pages of the question bank."""

import pytest

from campaigns.models import SavedQuestion
from common.lists.sets import account_set_url
from tests import make

PAGE = "/questions/bought/"


def test_the_sentence_holds_its_choices(client, manager, firm):
    client.force_login(manager)
    page = client.get(PAGE, {"product": firm["b"].pk}).content.decode()
    assert f'<option value="{firm["b"].pk}" selected>Beta</option>' in page
    assert 'type="date" name="since"' in page
    assert "customers bought" in page


def test_the_list_of_questions_reads_as_sentences(client, manager, rep):
    asked = "With which customers of {}, owned by {}, has nobody spoken for {} days?"
    for person, owner in ((manager, "anybody"), (rep, "you")):
        client.force_login(person)
        page = client.get("/questions/")
        said = {
            "".join(words for words, _ in entry.form.outline)
            for _, entries in page.context["families"]
            for entry in entries
        }
        assert asked.format("class “Current key”", owner, 90) in said
        assert "How many customers bought a product from first day to last day?" in said


def test_dates_the_wrong_way_round_are_said(client, manager, firm):
    client.force_login(manager)
    wrong = {"since": "2026-05-01", "until": "2026-01-01"}
    page = client.get(PAGE, wrong)
    assert "The last day is before the first. Swap the two." in page.content.decode()
    assert page.context["answer"] is None
    export = client.get(f"{PAGE}export.csv", wrong)
    assert export.status_code == 400


@pytest.mark.parametrize(
    "bad",
    [
        {"product": "x"},
        {"product": "999999"},
        {"since": "soon"},
        {"until": ""},
        {"until": "9999-12-31"},
    ],
)
def test_what_cannot_be_read_is_an_error_and_not_dropped(client, manager, firm, bad):
    client.force_login(manager)
    page = client.get(PAGE, bad)
    assert (page.status_code, page.context["answer"]) == (200, None)
    assert 'role="alert"' in page.content.decode()


def test_htmx_gets_the_answer_alone(client, manager, firm):
    client.force_login(manager)
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<section id="answer"')
    assert "<html" not in part


def test_names_open_the_ordinary_list(client, manager, firm):
    client.force_login(manager)
    page = client.get(PAGE, {"product": firm["b"].pk, "since": "2026-01-01"})
    address = page.context["names_url"]
    assert address.startswith("/accounts/?among=answer")
    listed = client.get(address).content.decode()
    assert "Cat" in listed
    assert "“How many customers bought Beta from 1 Jan 2026 to" in listed
    assert "Bob" not in listed
    bad = client.get(account_set_url("answer", question="no-such"))
    assert "cannot be made" in bad.content.decode()


def test_a_table_has_pages_and_a_way_out(client, manager, rep):
    product = make.product(name="Alpha")
    for n in range(53):
        order = make.order(account=make.account(name=f"={n}", owner=rep))
        order.lines.update(product=product)
    client.force_login(manager)
    first = client.get(PAGE, {"since": "2026-01-01"}).context["table"]
    assert (first.count, len(first.lines), first.next) == (53, 25, 2)
    last = client.get(PAGE, {"since": "2026-01-01", "page": "9"}).context["table"]
    assert (last.first, last.last, last.next) == (51, 53, 0)
    export = client.get(f"{PAGE}export.csv", {"since": "2026-01-01"})
    text = b"".join(export.streaming_content).decode()
    assert len(text.splitlines()) == 54
    assert "'=52" in text  # never a formula


def test_a_question_asks_no_more_of_the_database_with_more_rows(
    client, manager, firm, assert_flat_queries
):
    client.force_login(manager)

    def grow():
        for _ in range(3):
            order = make.order(account=make.account())
            order.lines.update(product=firm["a"])

    assert_flat_queries(lambda: client.get(PAGE, {"since": "2026-01-01"}), grow)


def test_an_unknown_question_is_not_found(client, manager):
    client.force_login(manager)
    assert client.get("/questions/no-such/").status_code == 404


def test_a_kept_question_is_listed_mailed_shared_and_forgotten(client, manager, rep):
    client.force_login(manager)
    kept = client.post(
        "/questions/retention/keep/", {"name": "Kept", "query": "by=type"}
    )
    assert kept.status_code == 302
    saved = SavedQuestion.objects.get()
    assert (saved.query, saved.is_shared) == ("by=type", False)
    again = client.post("/questions/retention/keep/", {"name": "Kept", "query": ""})
    assert again.status_code == 422
    assert "You have a question “Kept” already." in again.content.decode()
    assert client.post(f"/questions/kept/{saved.pk}/mail/", {"rhythm": "weekly"})
    listed = client.get("/questions/").content.decode()
    assert "every week to you" in listed
    client.post(f"/questions/kept/{saved.pk}/share/", {"is_shared": "on"})
    client.force_login(rep)
    assert "Kept" in client.get("/questions/").content.decode()
    refused = client.post(f"/questions/kept/{saved.pk}/forget/")
    assert refused.status_code == 422
    assert SavedQuestion.objects.count() == 1
    client.force_login(manager)
    client.post(f"/questions/kept/{saved.pk}/forget/")
    assert SavedQuestion.objects.count() == 0
