"""Today over the API."""

import datetime as dt

from campaigns.models import SettledItem, Snooze
from common.clock import business_today
from crm.models import Task
from tests import make

URL = "/api/v1/today/"


def task(owner, account):
    return Task.objects.create(
        owner=owner, account=account, title="Send offer", due_on=business_today()
    )


def due(answer):
    assert answer.status_code == 200, answer.content
    return [row["item"] for row in answer.json()["due"]]


def test_everybody_reads_their_day_and_managers_the_team_s(
    api, rep, colleague, manager, own, foreign
):
    mine, theirs = task(rep, own), task(colleague, foreign)
    assert due(api(rep).get(URL)) == [f"task:{mine.pk}"]
    assert due(api(rep).get(URL, {"owner": colleague.email})) == [f"task:{mine.pk}"]
    both = due(api(manager).get(URL))
    assert sorted(both) == sorted([f"task:{mine.pk}", f"task:{theirs.pk}"])
    hers = due(api(manager).get(URL, {"owner": colleague.email}))
    assert hers == [f"task:{theirs.pk}"]
    unknown = api(manager).get(URL, {"owner": "nobody@example.test"})
    assert unknown.status_code == 400


def test_items_are_put_off_and_settled(api, rep, own, colleague, foreign):
    wrote = make.touchpoint(
        account=own,
        channel="email",
        direction="in",
        occurred_at=dt.datetime.now(dt.UTC),
    )
    item, theirs = f"reply:{wrote.pk}", f"task:{task(colleague, foreign).pk}"
    caller = api(rep)
    until = (business_today() + dt.timedelta(days=3)).isoformat()
    refused = caller.post(f"{URL}snooze/", {"items": [item, theirs], "until": until})
    assert 400 <= refused.status_code < 500
    assert not Snooze.objects.exists()

    assert caller.post(f"{URL}snooze/", {"items": [item], "until": until}).json() == {
        "items": 1
    }
    assert due(caller.get(URL)) == []
    assert caller.post(f"{URL}settle/", {"items": [item]}).json() == {"items": 1}
    assert SettledItem.objects.get().item == str(wrote.pk)
