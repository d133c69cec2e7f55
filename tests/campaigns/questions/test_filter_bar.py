"""Questions follow the filter bar and the day; the heading says the question."""

import datetime as dt

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from tests import make

PAGE = "/questions/bought/"
YEAR = {"since": "2026-01-01", "until": "2026-12-31"}


@pytest.fixture
def two(db, rep):
    """Two buyers of one product, in two industries."""
    product = make.product(name="Shelf")
    for name, industry in (("Food One", "Food"), ("Steel One", "Steel")):
        account = make.account(name=name, industry=industry, owner=rep)
        order = make.order(account=account, on=dt.date(2026, 3, 5))
        order.lines.update(product=product)
    return {"product": product.pk, **YEAR}


def test_the_heading_says_the_question(client, manager, two):
    client.force_login(manager)
    page = client.get(PAGE, two)
    title = page.context["reading"].title
    assert "Shelf" in title
    assert f'<span id="question-title">{title}</span>' in page.content.decode()
    part = client.get(PAGE, two, headers={"HX-Request": "true"}).content.decode()
    assert f'<span id="question-title" hx-swap-oob="true">{title}</span>' in part


def test_the_filter_narrows_answer_names_and_file(client, manager, two):
    client.force_login(manager)
    everybody = client.get(PAGE, two).context["table"].count
    page = client.get(PAGE, {**two, "industry": "Food"})
    assert (everybody, page.context["table"].count) == (2, 1)
    assert "Narrowed to Industry Food." in page.content.decode()
    names = client.get(page.context["names_url"]).content.decode()
    assert "Food One" in names
    assert "Steel One" not in names
    query = {**two, "industry": "Food"}
    rows = b"".join(client.get(f"{PAGE}export.csv", query)).decode()
    header, row = rows.splitlines()
    assert header.endswith(",As of,Among")
    assert row.endswith(",Industry Food")
    everybody = b"".join(client.get(f"{PAGE}export.csv", two)).decode()
    assert everybody.splitlines()[0].endswith(",As of")


def test_an_earlier_day_ends_the_question_there(client, manager, two):
    make.run(as_of=dt.date(2026, 2, 1), current=False)
    make.run(as_of=dt.date(2026, 11, 20))
    client.force_login(manager)
    page = client.get(PAGE, {"product": two["product"], "as_of": "2026-02-01"})
    assert page.context["table"].count == 0
    assert page.context["asked"].query["until"] == "2026-02-01"
    assert "You look at 1 Feb 2026" in page.content.decode()


def test_the_list_of_questions_keeps_the_filter_on_its_links(client, manager, two):
    client.force_login(manager)
    page = client.get("/questions/", {"industry": "Food", "class": "general"})
    text = page.content.decode()
    assert 'href="/questions/bought/?class=general&amp;industry=Food"' in text
    wrong = client.get("/questions/", {"industry": "Nowhere"}).content.decode()
    assert "No account is in that industry." in wrong
    assert 'href="/questions/bought/"' in wrong


def test_the_address_of_a_dashboard_is_read_by_the_questions_own_names(client, manager):
    client.force_login(manager)
    asked = {"class": "general", "from": "2026-03-01", "to": "2026-03-31"}
    page = client.get("/questions/contact-frequency/", asked)
    values = page.context["asked"].values
    assert values["worth_class"] == "general"
    assert (values["since"], values["until"]) == (
        dt.date(2026, 3, 1),
        dt.date(2026, 3, 31),
    )
    assert page.context["asked"].query["worth_class"] == "general"
    own = client.get("/questions/contact-frequency/", {**asked, "worth_class": ""})
    assert own.context["asked"].values["worth_class"] == ""


def test_what_a_question_cannot_be_narrowed_by_is_said_and_not_dropped(client, manager):
    client.force_login(manager)
    page = client.get("/questions/value-in-top/", {"from": "2026-03-01"})
    assert page.context["answer"] is None
    text = page.content.decode()
    assert "This page cannot be narrowed by period." in text
    assert '<a href="/questions/value-in-top/">Ask without the filter</a>' in text
    caller = APIClient()
    caller.force_authenticate(manager)
    found = caller.get("/api/v1/questions/not-spoken-to/", {"class": "general"})
    assert found.status_code == 200
    assert "class “General”" in found.json()["question"]
    told = {one["key"]: one for one in caller.get("/api/v1/questions/").json()}
    assert told["value-in-top"]["filters"] == [
        *("as_of", "class", "owner", "territory", "industry", "product"),
        "relationship",
    ]
    assert "class" not in told["not-spoken-to"]["filters"]


def test_what_the_bar_cannot_read_is_said(client, manager, two):
    client.force_login(manager)
    page = client.get(PAGE, {**two, "industry": "Nowhere"})
    assert page.context["answer"] is None
    assert "No account is in that industry." in page.content.decode()


def test_the_api_knows_the_bar(manager, two):
    caller = APIClient()
    caller.force_authenticate(manager)
    found = caller.get("/api/v1/questions/bought/", {**two, "industry": "Steel"})
    assert found.json()["row_count"] == 1
    wrong = caller.get("/api/v1/questions/bought/", {**two, "industry": "Nowhere"})
    assert wrong.status_code == 400
    assert "No account is in that industry." in wrong.content.decode()


def test_a_question_that_cannot_be_read_still_reads_as_a_sentence(client, manager, two):
    client.force_login(manager)
    page = client.get(
        reverse("campaigns:question", args=["most-profitable"]), {"industry": "No"}
    )
    assert page.context["reading"].title == (
        "Which 20 customers of any class, owned by anybody, are the most profitable by"
        " profit so far, from first day to last day?"
    )
