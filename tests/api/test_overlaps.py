"""The duplicate-effort report over the API."""

import datetime as dt

from django.utils import timezone

from tests import make

URL = "/api/v1/overlaps/"


def test_managers_read_who_doubled_whose_work(api, own, rep, manager):
    now = timezone.now()
    own.last_contact_on = now.date()
    own.save()
    for user, days, minutes in ((manager, 2, 10), (rep, 1, 15)):
        at = now - dt.timedelta(days=days)
        make.touchpoint(account=own, user=user, occurred_at=at, minutes=minutes)
    told = api(manager).get(URL).json()
    assert (told["account_count"], told["minutes_twice"]) == (1, 15)
    (one,) = told["results"]
    assert (one["name"], one["minutes_twice"]) == ("Own GmbH", 15)
    assert [row["who"] for row in one["contacts"]] == ["Rita Rep", "Mia Manager"]
    assert api(rep).get(URL).status_code == 403
