"""Answers where there is one customer, nobody, or nobody worth anything."""

import datetime as dt

import pytest

from tests import make
from tests.campaigns.questions.conftest import AS_OF


@pytest.fixture
def run(db):
    return make.run(as_of=AS_OF)


def customer(run, realised="100.00", **fields):
    known = {"expected_margin": "0.00", "first_on": dt.date(2026, 1, 15)} | fields
    account = make.account(name="Only Ltd")
    return make.valuation(account=account, run=run, realised=realised, **known)


def test_nobody_late_leaves_no_margin_to_wait_for(run, ask):
    customer(run)
    assert ask("late-orders").sentence == "No customer is late for the usual order."


def test_one_customer_is_not_called_the_most_profitable(run, ask):
    customer(run)
    found = ask("most-profitable")
    assert found.sentence == (
        "There is one customer only, Only Ltd, with 100 by profit so far."
    )
    top = "There is one customer only, with a CLV of 100."
    assert ask("value-in-top").sentence == top


def test_the_least_loss_is_no_profit(run, ask):
    for n in range(1, 4):
        account = make.account(name=f"Firm {n}")
        loss = f"-{n}00.00"
        make.valuation(account=account, run=run, realised=loss, expected_margin="0.00")
    assert ask("most-profitable").sentence == (
        "None of 3 customers is above zero by profit so far; nearest is Firm 1 with"
        " −100."
    )
    found = ask("value-in-top")
    assert found.sentence == (
        "No customer has a CLV above zero, so there is no share to speak of."
    )
    assert found.chart is None
    assert ask("sources-worth", since="2023-01-01").sentence == (
        "Of 3 customers, those of “Not known” are worth most, and less than nothing:"
        " −200 each on average."
    )


def test_one_key_account_lacks_in_the_singular(run, ask):
    one = customer(run, realised="100.00", expected_margin="50.00")
    make.membership(account=one.account, worth_class="current_key", run=run)
    sentence = ask("key-accounts-lacking").sentence
    assert sentence.startswith("1 of 1 key account lacks one of these: plan, owner")
    assert sentence.endswith("; in all 150 of CLV.")


def test_an_owner_without_key_accounts_is_not_a_firm_without(run, ask):
    one = customer(run)
    asked = {"owner": str(make.user(name="Owns nothing").pk)}
    assert ask("key-accounts-lacking").sentence == "There is no key account yet."
    make.membership(account=one.account, worth_class="current_key", run=run)
    assert ask("key-accounts-lacking", **asked).sentence == (
        "There is no key account among those asked for."
    )


def test_one_customer_has_paid_back(run, ask):
    paid = dt.date(2026, 1, 15)
    value = customer(run)
    value.first_on = value.paid_back_on = paid
    value.save(update_fields=["first_on", "paid_back_on"])
    sentence = ask("payback-by-rep", since="2024-01-01").sentence
    assert sentence.startswith("1 of 1 customer has paid for winning and serving them;")


def test_nothing_counted_is_not_drawn(db, ask):
    assert ask("contact-frequency").chart is None


def test_what_was_counted_is(run, ask):
    customer(run)
    assert ask("most-profitable").chart is not None
