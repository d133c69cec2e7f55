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
