"""The optimiser's pages and its API."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from campaigns.models import KeptSearch, PlanVersion, RetentionPlan
from tests import make
from tests.campaigns.optimiser.conftest import DAY
from tests.campaigns.optimiser.test_search import URL, keep


def test_the_page_answers_first_and_names_stand_behind(firm, as_marketer, read_only):
    with read_only():
        response = as_marketer.get(URL, {"money": "1000000", "by": "band"})
    page = response.content.decode()
    found = response.context["found"]
    assert found.sentence in page
    assert "<html" in page
    line = found.lines[0]
    names = [
        sorted(row.account.name for row in as_marketer.get(url).context["page"].rows)
        for _, url in line.linked_parts
    ]
    assert names == [["Poor GmbH"], ["Rich GmbH"]]


def test_htmx_gets_the_outcome_alone(firm, as_marketer):
    piece = as_marketer.get(URL, {"money": "500"}, headers={"HX-Request": "true"})
    assert piece.content.decode().lstrip().startswith('<section id="best-plans"')


@pytest.mark.parametrize(
    "wrong", [{"money": "-1"}, {"money": "lots"}, {"hours": "1e9"}, {"by": "gut"}]
)
def test_what_cannot_be_asked_is_said(firm, as_marketer, wrong):
    response = as_marketer.get(URL, wrong)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()


def test_before_the_first_night_and_without_classes_it_says_what_to_do(as_marketer):
    assert "Nothing is valued yet" in as_marketer.get(URL).content.decode()
    make.run(as_of=DAY)
    assert "Nobody is in a class yet" in as_marketer.get(URL).content.decode()


def test_a_class_without_a_plan_gets_nothing_today(firm, as_marketer):
    PlanVersion.objects.all().delete()
    RetentionPlan.objects.all().delete()
    found = as_marketer.get(URL, {"money": "100000"}).context["found"]
    assert {line.today for line in found.lines} == {"nothing"}
    assert found.before.cost == 0
    assert found.after.gain > 0


def test_keeping_and_drafts_from_the_page(firm, as_marketer):
    url = reverse("campaigns:search_keep")
    answer = as_marketer.post(url, {"money": "100000", "by": "band", "name": "Plan B"})
    kept = KeptSearch.objects.get()
    detail = reverse("campaigns:search_detail", args=[kept.pk])
    assert answer.url == detail
    assert "Make drafts" in as_marketer.get(detail).content.decode()
    url = reverse("campaigns:search_apply", args=[kept.pk])
    answer = as_marketer.post(url, {"version": kept.version}, follow=True)
    assert "made drafts of it" in answer.content.decode()
    assert "What was made of it" in answer.content.decode()
    made = PlanVersion.objects.drafts()
    assert [name for _, name in answer.context["applied"]["made"]] == [
        str(draft) for draft in made.order_by("pk")
    ]
    assert (
        "Plan B" in as_marketer.get(reverse("campaigns:search_list")).content.decode()
    )


def test_a_search_without_a_name_is_not_kept(firm, as_marketer):
    response = as_marketer.post(reverse("campaigns:search_keep"), {"name": ""})
    assert response.status_code == 422
    assert KeptSearch.objects.count() == 0


def test_a_manager_keeps_but_makes_no_drafts(firm, client, manager):
    client.force_login(manager)
    kept = keep(manager)
    page = client.get(reverse("campaigns:search_detail", args=[kept.pk]))
    assert "Make drafts" not in page.content.decode()
    url = reverse("campaigns:search_apply", args=[kept.pk])
    assert client.post(url).status_code == 403
    assert PlanVersion.objects.drafts().count() == 0


def test_export_and_api_say_the_same(firm, as_marketer, marketer, rep):
    rows = b"".join(
        as_marketer.get(reverse("campaigns:optimiser_export"), {"money": "100000"})
    ).decode()
    assert rows.startswith(("\ufeff", "Class"))
    caller = APIClient()
    caller.force_authenticate(marketer)
    found = caller.get("/api/v1/optimiser/", {"money": "100000"}).json()
    assert found["status"] == "best"
    assert sum(line["accounts"] for line in found["lines"]) == 5
    assert caller.get("/api/v1/optimiser/", {"money": "-1"}).status_code == 400
    made = caller.post(
        "/api/v1/optimiser-searches/",
        {"name": "By API", "by_band": True},
        format="json",
    )
    assert made.status_code == 201
    assert made.json()["answer"]["lines"]
    url = f"/api/v1/optimiser-searches/{made.json()['id']}/apply/"
    caller.force_authenticate(rep)
    assert caller.get("/api/v1/optimiser/").status_code == 403
    assert caller.post(url).status_code == 403
