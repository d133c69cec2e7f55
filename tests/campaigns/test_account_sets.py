import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from common.lists import sets
from tests import make

URL = reverse("campaigns:account_list")
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def won(db, rep):
    """Three accounts, two of them won in the first quarter of 2025."""
    run = make.run(as_of=TODAY)
    rows = [
        ("Spring", rep, "2025-02-01", "general"),
        ("March", None, "2025-03-31", "current_key"),
        ("Summer", rep, "2025-07-01", "general"),
    ]
    for name, owner, first_on, worth_class in rows:
        account = make.account(name=name, owner=owner)
        make.valuation(account=account, run=run, first_on=first_on)
        make.membership(account=account, worth_class=worth_class, run=run)
    return run


def url(**more):
    given = {"since": "2025-01-01", "until": "2025-03-31"} | more
    return sets.account_set_url("won", **given)


def shown(response):
    return {row.record.name for row in response.context["rows"]}


def test_a_figure_opens_the_names_behind_it_in_words(client, manager, won):
    client.force_login(manager)
    response = client.get(url())
    assert shown(response) == {"Spring", "March"}
    page = response.content.decode()
    assert "Accounts whose first order came from 1 Jan 2025 to 31 Mar 2025" in page
    assert f'href="{URL}?view=all"' in page
    assert response.context["totals"].count == 2


def test_filters_of_the_list_narrow_it_further(client, manager, won):
    client.force_login(manager)
    response = client.get(url(**{"class": "general"}))
    assert shown(response) == {"Spring"}
    links = [chip.without for chip in response.context["listing"].chips]
    assert links[0] == "?class=general"
    assert "among=won" in links[1]
    assert "since=2025-01-01" in links[1]


def test_a_rep_sees_their_own_of_it(client, rep, won):
    client.force_login(rep)
    assert shown(client.get(url())) == {"Spring"}


def test_it_leaves_as_csv_and_as_a_view(client, manager, won):
    client.force_login(manager)
    query = url().partition("?")[2]
    out = client.post(f"{reverse('campaigns:account_export')}?{query}")
    text = b"".join(out.streaming_content).decode()
    assert "Spring" in text
    assert "March" in text
    head, *rows = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    assert head[-2:] == ["As of", "Among"]
    words = "whose first order came from 1 Jan 2025 to 31 Mar 2025"
    day = TODAY.isoformat()
    assert {tuple(row[-2:]) for row in rows} == {(day, words)}
    assert "Summer" not in text
    stored = client.get(url()).context["listing"].query
    assert shown(client.get(f"{URL}?{stored}")) == {"Spring", "March"}


def test_all_that_match_can_be_changed_at_once(client, manager, won):
    client.force_login(manager)
    query = url().partition("?")[2]
    asked = client.post(
        f"{reverse('campaigns:list_bulk', args=['accounts'])}?{query}",
        {"scope": "all", "action": "add_tag"},
    )
    assert asked.context["chosen"].count == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("among=nonsense", "no set of accounts called “nonsense”"),
        ("among=won", "since: This field is required."),
        ("among=won&since=2025-01-01&until=soon", "until: Enter a valid date."),
    ],
)
def test_what_cannot_be_read_is_said_and_lists_nobody(
    client, manager, won, query, said
):
    client.force_login(manager)
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 404
    assert said in response.content.decode()
    assert shown(response) == set()
    assert (
        client.post(f"{reverse('campaigns:account_export')}?{query}").status_code == 404
    )
    refused = client.post(
        f"{reverse('campaigns:list_bulk', args=['accounts'])}?{query}",
        {"scope": "all", "action": "add_tag"},
        follow=True,
    )
    assert said in refused.content.decode()


def test_every_set_can_be_found_and_a_wrong_link_fails_where_it_is_made(db):
    assert "won" in sets.known_sets()
    with pytest.raises(sets.UnknownSetError):
        sets.account_set_url("wno")
    with pytest.raises(ValueError, match="another set"):
        sets.register("won", "elsewhere.WON")
