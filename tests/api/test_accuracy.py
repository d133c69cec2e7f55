"""Judgements over the API."""

import datetime as dt

import pytest

from clv.models import Judgement
from tests import make

ROOT = "/api/v1/accuracy/"
FIELDS = {"id", "run", "as_of", "judged_at", "light", "sentence", "brief"}


@pytest.fixture
def judged(db):
    """Two nights, the newer one first."""
    nights = []
    for day, light in ((20, "amber"), (10, "green")):
        run = make.run(as_of=dt.date(2026, 11, day), current=day == 20)
        fields = {"brief": {"gini": 0.7}, "result": {"origins": [], "faults": []}}
        nights.append(make.judgement(run=run, light=light, **fields))
    return nights


def test_before_the_first_judgement_there_is_none(api, manager):
    answer = api(manager).get(f"{ROOT}newest/")
    assert (answer.status_code, answer.json()["code"]) == (404, "nothing_judged_yet")
    assert api(manager).get(ROOT).json()["results"] == []


def test_the_list_is_brief(api, manager, judged, assert_flat_queries):
    client = api(manager)
    rows = client.get(ROOT).json()["results"]
    assert [set(row) for row in rows] == [FIELDS, FIELDS]
    assert {row["light"] for row in rows} == {"amber", "green"}
    assert rows[0]["brief"] == {"gini": 0.7}
    [only] = client.get(f"{ROOT}?light=amber").json()["results"]
    assert only["id"] == judged[0].pk

    def grow():
        for day in range(1, 6):
            run = make.run(as_of=dt.date(2026, 10, day), current=False)
            make.judgement(run=run)

    assert_flat_queries(lambda: client.get(ROOT), grow)


def test_the_newest_is_that_of_the_latest_day_with_its_results(api, manager, judged):
    answer = api(manager).get(f"{ROOT}newest/")
    assert answer.status_code == 200
    assert set(answer.json()) == FIELDS | {"result"}
    assert answer.json()["as_of"] == "2026-11-20"
    older = api(manager).get(f"{ROOT}{judged[1].pk}/").json()
    assert (older["as_of"], older["result"]) == (
        "2026-11-10",
        {"origins": [], "faults": []},
    )


def test_reps_and_strangers_are_refused_and_nothing_is_written(api, rep, judged):
    for path in ("", "newest/", f"{judged[0].pk}/"):
        assert api(rep).get(ROOT + path).status_code == 403
        assert api().get(ROOT + path).status_code == 401


def test_judgements_are_only_read(api, administrator, judged):
    client = api(administrator)
    assert client.post(ROOT, {}).status_code == 405
    assert client.delete(f"{ROOT}{judged[0].pk}/").status_code == 405
    assert client.get(f"{ROOT}?colour=red").status_code == 400
    assert Judgement.objects.count() == 2
