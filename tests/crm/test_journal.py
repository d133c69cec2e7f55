"""The journal: suppose, gather evidence, conclude, check again; who was right."""

import datetime as dt

import pytest
from django.urls import reverse

from common.clock import business_today
from common.errors import DomainError
from crm.models import Hypothesis, HypothesisEvidence
from crm.queries.journal import hit_rates, hypotheses_due, journal
from crm.services import journal as service
from tests import make

HTMX = {"HX-Request": "true"}
TODAY = business_today()
DAY = dt.timedelta(days=1)


@pytest.fixture
def account(rep):
    return make.account(owner=rep, name="Kontor Nord")


@pytest.fixture
def signed_in(client, rep):
    client.force_login(rep)
    return client


def url(name, record):
    return reverse(f"crm:{name}", args=[record.pk])


def body(response):
    return response.content.decode()


def test_from_supposing_to_knowing(signed_in, rep, account):
    tab = url("account_detail", account) + "?tab=journal"
    assert "The journal is empty" in body(signed_in.get(tab))
    data = {"statement": "They leave over price", "review_on": TODAY}
    assert signed_in.post(url("hypothesis_create", account), data).status_code == 302
    one = Hypothesis.objects.get()
    assert (one.author, one.status) == (rep, "open")
    assert "check it" in body(signed_in.get(tab))
    for is_for, text in (("yes", "Asked for a rebate"), ("no", "Paid the list price")):
        proof = {"is_for": is_for, "text": text, "noted_on": TODAY}
        signed_in.post(url("hypothesis_evidence", one), proof, headers=HTMX)
    row = journal(account, TODAY)[0]
    assert [e.text for e in row.speaks_for] == ["Asked for a rebate"]
    assert [e.text for e in row.speaks_against] == ["Paid the list price"]

    end = {"status": "refuted", "conclusion": "Service, not price", "version": 1}
    assert signed_in.post(url("hypothesis_conclude", one), end).status_code == 302
    one.refresh_from_db()
    assert (one.status, one.concluded_on) == ("refuted", TODAY)
    page = body(signed_in.get(tab))
    assert "Service, not price" in page
    assert "check it" not in page
    late = {"is_for": "yes", "text": "Late", "noted_on": TODAY}
    answer = signed_in.post(url("hypothesis_evidence", one), late, headers=HTMX)
    assert answer.status_code == 422
    assert HypothesisEvidence.objects.count() == 2

    again = {"review_on": TODAY + DAY, "version": 2}
    assert signed_in.post(url("hypothesis_review", one), again).status_code == 302
    one.refresh_from_db()
    assert (one.status, one.concluded_on) == ("open", None)


def test_concluding_on_old_knowledge_is_refused(signed_in, account):
    one = make.hypothesis(account)
    Hypothesis.objects.update(statement="Reworded", version=2)
    end = {"status": "confirmed", "version": 1}
    assert signed_in.post(url("hypothesis_conclude", one), end).status_code == 409
    assert Hypothesis.objects.get().status == "open"


@pytest.mark.parametrize(
    "wrong",
    [{"statement": " "}, {"statement": "x" * 501}, {"review_on": TODAY - DAY}],
)
def test_what_cannot_be_supposed_is_refused(rep, account, wrong):
    fields = {"statement": "They grow", "review_on": TODAY} | wrong
    with pytest.raises(DomainError) as refused:
        service.create_hypothesis(actor=rep, account=account, **fields)
    assert refused.value.field == next(iter(wrong))
    assert not Hypothesis.objects.exists()


def test_everybody_checks_their_own(rep, colleague, account):
    due = make.hypothesis(account, review_on=TODAY)
    make.hypothesis(account, review_on=TODAY + DAY)
    make.hypothesis(account, author=colleague)
    make.hypothesis(account, status="confirmed", concluded_on=TODAY)
    assert list(hypotheses_due(rep, TODAY)) == [due]


def test_the_report_counts_who_was_right(client, rep, colleague, manager, account):
    for status in ("confirmed", "confirmed", "refuted"):
        make.hypothesis(account, status=status, concluded_on=TODAY)
    make.hypothesis(account)
    make.hypothesis(make.account(owner=colleague))
    own = hit_rates(rep, TODAY)
    assert [(r.name, r.confirmed, r.refuted, r.open, r.due) for r in own] == [
        ("Rita Rep", 2, 1, 1, 1)
    ]
    assert own[0].share == pytest.approx(2 / 3)
    everybody = hit_rates(manager, TODAY)
    assert [(r.name, r.share) for r in everybody] == [
        ("Carl Colleague", None),
        ("Rita Rep", pytest.approx(2 / 3)),
    ]
    client.force_login(rep)
    page = body(client.get("/journal/"))
    assert "67\u202f%" in page
    assert "Carl" not in page


def test_the_tab_asks_the_same_questions_for_more_hypotheses(
    signed_in, rep, account, assert_flat_queries
):
    def grow():
        for n in range(3):
            one = make.hypothesis(account)
            service.add_evidence(
                actor=rep, hypothesis=one, is_for=bool(n % 2), text="Seen"
            )

    grow()
    tab = url("account_detail", account) + "?tab=journal"
    assert_flat_queries(lambda: signed_in.get(tab), grow)
