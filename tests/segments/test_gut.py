"""Gut versus data: named blind, frozen, compared, and who was right later."""

import datetime as dt

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from common.clock import business_today
from crm.models import AccountMerge, AuditEvent
from segments.errors import NominationRefusedError
from segments.models import Nomination, NominationEntry
from segments.queries.gut import compared, quarter_of
from segments.queries.gut_team import gut_team
from segments.services import gut
from tests import make

URL = reverse("segments:gut")
NAME = reverse("segments:gut_name")
SUBMIT = reverse("segments:gut_submit")
TEAM = reverse("segments:gut_everybody")


@pytest.fixture
def six(rep):
    """Six accounts of the rep, A the best by future value, F the best by CLV."""
    run = make.run(as_of=business_today())
    found = []
    for place, name in enumerate("ABCDEF"):
        account = make.account(name=f"{name} Ltd", owner=rep)
        make.valuation(
            account=account,
            run=run,
            realised="77777" if name == "F" else "100",
            expected_margin=str(6000 - 1000 * place),
        )
        found.append(account)
    return found


@pytest.fixture
def as_rep(client, rep):
    client.force_login(rep)
    return client


def name(client, account, **given):
    return client.post(
        NAME,
        {"account": account.pk, "is_named": "1"} | given,
        headers={"HX-Request": "true"},
    )


def test_three_of_six_are_named_submitted_and_compared(as_rep, rep, six):
    a, b, *_, f = six
    for one in (f, b, a):
        assert name(as_rep, one).status_code == 200
    assert "Submit for good" in as_rep.get(URL).content.decode()
    answer = as_rep.post(SUBMIT, follow=True)
    made = Nomination.objects.get()
    assert (made.size, made.among, made.both, made.both_by_clv) == (3, 6, 2, 3)
    assert made.as_of == business_today()
    text = answer.content.decode()
    assert "Gut and data agree on 2 of 3 accounts." in text
    assert "2 in both ÷ 3 named = 67\u202f%" in text
    assert "3 × 3 ÷ 6 = 1.5 in both, 50\u202f%" in text
    assert "not yet known" in text.lower()
    sides = answer.context["sides"]
    names = [[row.account.name for row in part] for part in (sides.both, sides.gut)]
    assert names == [["A Ltd", "B Ltd"], ["F Ltd"]]
    assert [row.account.name for row in sides.data] == ["C Ltd"]
    assert AuditEvent.objects.get(action="nomination.submitted").actor == rep


def test_until_submitted_the_page_shows_names_and_no_figure(as_rep, six, read_only):
    name(as_rep, six[5])
    with read_only():
        page = as_rep.get(URL)
    text = page.content.decode()
    assert [one.name for one in page.context["page"]] == [f"{c} Ltd" for c in "ABCDEF"]
    for figure in ("77777", "77\u202f777", "6000", "6\u202f000", "c-class"):
        assert figure not in text
    entry = NominationEntry.objects.get()
    assert (entry.rank, entry.future_value, entry.clv) == (None, None, None)
    assert APIClient().get("/api/v1/nominations/").status_code == 401


def test_what_is_submitted_stays(as_rep, rep, six):
    gut.nominate(actor=rep, accounts={one.pk for one in six[:3]})
    before = list(NominationEntry.objects.order_by("pk").values())
    assert name(as_rep, six[5]).status_code == 422
    assert as_rep.post(SUBMIT).status_code == 422
    for act in (gut.name_account, gut.unname_account):
        with pytest.raises(NominationRefusedError, match="stays as it is"):
            act(actor=rep, account=six[0])
    assert list(NominationEntry.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("case", ["few", "many", "foreign", "new"])
def test_a_refusal_submits_nothing(rep, colleague, six, case):
    foreign = make.account(name="Theirs", owner=colleague)
    make.valuation(account=foreign, run=None)
    named = {
        "few": six[:2],
        "many": six[:4],
        "foreign": [*six[:2], foreign],
        "new": [*six[:2], make.account(name="New", owner=rep)],
    }[case]
    with pytest.raises(NominationRefusedError) as refused:
        gut.nominate(actor=rep, accounts={one.pk for one in named})
    if case == "few":
        assert refused.value.message == "Name exactly 3; 2 are named."
    assert "Theirs" not in refused.value.message
    assert not Nomination.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_full_list_takes_no_more_and_one_can_be_taken_off(as_rep, rep, six):
    for one in six[:3]:
        name(as_rep, one)
    full = name(as_rep, six[3])
    assert full.status_code == 422
    assert "3 are named already" in full.content.decode()
    as_rep.post(NAME, {"account": six[0].pk})
    assert NominationEntry.objects.count() == 2


def test_a_colleagues_account_cannot_be_named(as_rep, colleague, six):
    foreign = make.account(owner=colleague)
    assert name(as_rep, foreign).status_code == 422
    assert not NominationEntry.objects.exists()


def test_who_owns_too_little_is_told(as_rep, rep):
    assert "You own no accounts" in as_rep.get(URL).content.decode()
    make.valuation(account=make.account(owner=rep), run=make.run())
    assert "at least two accounts" in as_rep.get(URL).content.decode()
    assert as_rep.post(SUBMIT).status_code == 422


def test_search_and_fragment(as_rep, six):
    found = as_rep.get(URL, {"q": "c lt"}, headers={"HX-Request": "true"})
    assert [one.name for one in found.context["page"]] == ["C Ltd"]
    assert "<html" not in found.content.decode()


def test_who_was_right_shows_when_its_time_has_come(rep, six):
    a, b, c, *_ = six
    then, after = dt.date(2026, 1, 15), dt.date(2026, 4, 14)
    run = make.run(as_of=then, current=False)
    made = make.nomination(author=rep, run=run, named=[a, b], best=[a, c], size=2)
    later = make.run(as_of=after, current=False)
    for account, margin in ((a, "80"), (b, "55"), (c, "250")):
        make.valuation(account=account, run=later, realised=margin)
    (found,) = compared([made], dt.date(2026, 4, 16))
    three, six_months, _ = found.later
    assert (three.gut, three.data, three.winner) == (35, 230, "data")
    assert three.sentence == "data was right, 230 against 35"
    assert six_months.sentence == "not yet known: it shows on 15 Jul 2026"
    assert found.decided == three

    (early,) = compared([made], dt.date(2026, 4, 14))
    assert early.later[0].winner == ""
    AccountMerge.objects.create(survivor=b, merged=make.account(owner=rep), made_by=rep)
    (merged,) = compared([made], dt.date(2026, 4, 16))
    assert merged.later[0].sentence == "not known: 1 of the accounts were merged since"
    (long_after,) = compared([made], dt.date(2026, 9, 1))
    assert long_after.later[1].sentence == "not known: no night of that time is kept"


def test_managers_see_everybody_over_time(client, manager, rep, colleague, six):
    a, b, c, d, *_ = six
    today = business_today()
    make.nomination(
        author=rep, quarter=quarter_of(today), named=[a, b], best=[a, c], size=2
    )
    earlier = quarter_of(quarter_of(today) - dt.timedelta(days=1))
    make.nomination(author=rep, quarter=earlier, named=[a, b], best=[a, b], size=2)
    Nomination.objects.create(author=colleague, quarter=quarter_of(today))
    client.force_login(manager)
    answer = client.get(TEAM)
    team = answer.context["team"]
    states = {row.user: row.state for row in team.rows}
    assert states == {rep: "submitted", colleague: "choosing"}
    assert [round(v) for v in team.chart.series[0].values] == [100, 50]
    assert "agree on 3 of 4 accounts named, 75\u202f%" in answer.content.decode()
    names = client.get(team.compared[0].urls["data"]).content.decode()
    assert c.name in names
    assert d.name not in names
    export = b"".join(client.get(reverse("segments:gut_export"))).decode()
    assert export.count("Rita Rep") == 6


def test_questions_stay_flat(client, manager, rep, six, assert_flat_queries):
    client.force_login(manager)
    quarters = iter(dt.date(2025, month, 1) for month in (1, 4, 7, 10))

    def add():
        for _ in range(2):
            make.nomination(
                author=rep, quarter=next(quarters), named=six[:2], best=six[1:3], size=2
            )

    add()
    assert_flat_queries(lambda: client.get(TEAM), add)
    assert_flat_queries(lambda: gut_team(business_today()), lambda: None)


def test_the_api_names_and_compares(rep, colleague, six):
    api = APIClient()
    api.force_authenticate(rep)
    body = {"accounts": [one.pk for one in six[:3]]}
    made = api.post("/api/v1/nominations/", body, format="json")
    assert made.status_code == 201
    assert made.data["both"] == 3
    assert [row["rank"] for row in made.data["accounts"]] == [1, 2, 3]
    assert made.data["later"][0]["gut"] is None
    again = api.post("/api/v1/nominations/", body, format="json")
    assert again.json()["code"] == "nomination_refused"
    assert api.get("/api/v1/nominations/").data["results"][0]["agreement"] == 1
    api.force_authenticate(colleague)
    assert api.get("/api/v1/nominations/").data["results"] == []
    url = f"/api/v1/nominations/{made.data['id']}/"
    assert api.get(url).status_code == 404
