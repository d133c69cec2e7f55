"""Ideal profiles: versions that stay, target lists that name theirs."""

from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from clv.errors import NothingNewError, ProfileRefusedError
from clv.models import IdealProfile
from clv.services.profiles import publish_profile
from crm.models import AuditEvent, SavedView
from tests import make
from tests.campaigns.test_prospects import EXPORT, by_name, like, names, prospect

LIST = reverse("campaigns:prospect_list")
PAGE = reverse("campaigns:profile_list")
PUBLISH = reverse("campaigns:profile_publish")
COUNT = reverse("campaigns:profile_count")


@pytest.fixture
def firm(db, rep, colleague):
    """Four prospects: worth 900, 2000, 2000 and 100 once won."""
    run = make.run()
    for code, worth, industry in ((0, "900", ""), (1, "2000", "Care"), (2, "100", "")):
        like(run, code, worth=f"{worth}.00", industry=industry)
    prospect(run, 1, name="Alder", owner=rep, industry="Care", size_band="10-49")
    prospect(run, 1, name="Birch", owner=colleague, industry="Care")
    prospect(run, 2, name="Cedar", owner=rep, size_band="10-49")
    prospect(run, 0, name="Dogwood", owner=rep, size_band="250+")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"least_worth": Decimal("900.00")}, ["Alder", "Birch", "Dogwood"]),
        ({"least_worth": Decimal("900.01")}, ["Alder", "Birch"]),
        ({"industries": ["Care"]}, ["Alder", "Birch"]),
        ({"size_bands": ["10-49"]}, ["Alder", "Cedar"]),
        ({"size_bands": ["10-49", "250+"]}, ["Alder", "Dogwood", "Cedar"]),
        ({"industries": ["Care"], "size_bands": ["10-49"]}, ["Alder"]),
        ({"industries": ["Mining"]}, []),
    ],
)
def test_a_version_finds_whom_it_asks_for(client, firm, manager, asked, found):
    profile = publish_profile(actor=manager, **asked)
    client.force_login(manager)

    response = client.get(LIST, {"profile": profile.pk})

    assert names(response) == found
    assert response.context["totals"].count == len(found)


def test_lists_files_and_views_go_on_naming_their_version(client, firm, manager, rep):
    old = publish_profile(actor=manager, least_worth=Decimal("900.00"))
    client.force_login(manager)
    client.post(
        reverse("crm:view_create", args=["prospects"]),
        {"name": "Spring", "query": f"?profile={old.pk}", "back": LIST},
    )
    publish_profile(actor=manager, least_worth=Decimal("1500.00"), note="dearer")

    view = SavedView.objects.get(name="Spring")
    kept = client.get(f"{LIST}?{view.query}")
    file = client.post(f"{EXPORT}?{view.query}")

    assert names(kept) == ["Alder", "Birch", "Dogwood"]
    assert "Ideal profile" in kept.text
    assert 'filename="prospects-profile-v1-' in file["Content-Disposition"]
    rows = b"".join(file.streaming_content).decode().splitlines()
    assert len(rows) == 1 + 3
    old.refresh_from_db()
    assert (old.version, old.least_worth) == (1, Decimal("900.00"))
    client.force_login(rep)
    assert sorted(by_name(client.get(f"{LIST}?{view.query}"))) == ["Alder", "Dogwood"]


def test_the_page_counts_while_one_chooses_and_publishes_the_next(
    client, firm, manager
):
    client.force_login(manager)
    counted = client.get(COUNT, {"least_worth": "900"}).text
    assert "3 prospects fit now" in counted
    # 2 of 2000 x 50 % - 100, one of 900 x 50 % - 100.
    assert "2\u202f150" in counted
    assert IdealProfile.objects.exists() is False

    done = client.post(PUBLISH, {"least_worth": "900", "note": "first"}, follow=True)

    assert "Ideal profile v1 is published." in done.text
    one = done.context["profiles"][0]
    assert (one.profile.version, one.count, one.gain) == (1, 3, Decimal("2150.00"))
    event = AuditEvent.objects.get(action="ideal_profile.published")
    assert (event.actor, event.detail["least_worth"]) == (manager, "900")


@pytest.mark.parametrize(
    ("asked", "refusal", "said"),
    [
        ({}, ProfileRefusedError, "everybody would do"),
        ({"size_bands": ["vast"]}, ProfileRefusedError, "No size is called vast"),
        ({"least_worth": Decimal(-1)}, ProfileRefusedError, "above 0"),
        ({"industries": ["Care"]}, NothingNewError, "v1 asks for just that"),
    ],
)
def test_what_cannot_be_asked_publishes_nothing(manager, asked, refusal, said):
    publish_profile(actor=manager, industries=["Care", "Care"])

    with pytest.raises(refusal, match=said):
        publish_profile(actor=manager, **asked)

    assert [one.industries for one in IdealProfile.objects.all()] == [["Care"]]
    assert AuditEvent.objects.filter(action="ideal_profile.published").count() == 1


def test_a_rep_reads_versions_and_publishes_none(client, firm, manager, rep):
    publish_profile(actor=manager, least_worth=Decimal("900.00"))
    client.force_login(rep)

    page = client.get(PAGE)

    assert [one.count for one in page.context["profiles"]] == [2]  # of their own
    assert "Next version" not in page.text
    assert client.post(PUBLISH, {"least_worth": "5"}).status_code == 403
    assert IdealProfile.objects.count() == 1


def test_the_api_publishes_and_narrows_prospects(firm, manager):
    client = APIClient()
    client.force_authenticate(manager)

    made = client.post(
        "/api/v1/ideal-profiles/", {"least_worth": "900.00"}, format="json"
    )
    found = client.get("/api/v1/prospects/", {"profile": made.json()["id"]}).json()

    assert made.status_code == 201
    assert made.json()["version"] == 1
    assert len(found["results"]) == 3
    refused = client.post("/api/v1/ideal-profiles/", {}, format="json")
    assert refused.status_code == 400
    assert IdealProfile.objects.count() == 1
