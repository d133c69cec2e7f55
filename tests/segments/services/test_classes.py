"""Classes: exact at every threshold, one per account and day, with the own figures."""

import datetime as dt
from decimal import Decimal

import pytest

from clv.models import ValuationRun
from common.templatetags.display import THIN_SPACE, day
from segments.models import ClassPolicy, ClassTotal, Membership, Override
from segments.queries.reasons import say_todays_reasons
from segments.services.classes import classify
from tests import make

DAY = dt.date(2026, 11, 20)
YESTERDAY = DAY - dt.timedelta(days=1)


@pytest.fixture
def policy(db):
    return make.class_policy()  # 500 of last year's profit, 1,000 expected, band 10 %


def run_of(day, *, figures, **values):
    """One published run that values each account as told: account → (year, future)."""
    ValuationRun.objects.filter(as_of=day).update(status="superseded", is_current=False)
    run = make.run(as_of=day)
    for account, (year, future) in figures.items():
        make.valuation(
            account=account, run=run, expected_margin=future, margin_year=year, **values
        )
    return run


def class_of(account):
    return Membership.objects.open().get(account=account)


def classed(year, future, *, was=None, **values):
    account = make.account()
    if was:
        make.membership(account=account, worth_class=was, since=YESTERDAY)
    classify(run_of(DAY, figures={account: (year, future)}, **values))
    return class_of(account).worth_class


@pytest.mark.parametrize(
    ("year", "future", "expected"),
    [
        ("500.00", "1000.00", "current_key"),
        ("499.99", "1000.00", "potential_key"),
        ("500.00", "999.99", "general"),
        ("499.99", "999.99", "general"),
        ("9999.00", "999.99", "general"),
        ("-20.00", "1000.00", "potential_key"),
    ],
)
def test_thresholds(policy, year, future, expected):
    assert classed(year, future) == expected


@pytest.mark.parametrize(
    ("was", "year", "future", "expected"),
    [
        ("current_key", "450.00", "900.00", "current_key"),
        ("current_key", "449.99", "900.00", "potential_key"),
        ("current_key", "449.99", "899.99", "general"),
        ("current_key", "900.00", "899.99", "general"),
        ("potential_key", "0.00", "900.00", "potential_key"),
        ("potential_key", "0.00", "899.99", "general"),
        ("potential_key", "499.99", "1000.00", "potential_key"),
        ("potential_key", "500.00", "1000.00", "current_key"),
        ("potential_key", "500.00", "999.99", "potential_key"),
        ("general", "499.99", "999.99", "general"),
        ("general", "450.00", "900.00", "general"),
        ("never_profitable", "450.00", "900.00", "general"),
    ],
)
def test_the_band_keeps_members_only(policy, was, year, future, expected):
    assert classed(year, future, was=was) == expected


@pytest.mark.parametrize(
    ("realised", "expected"),
    [("-1000.00", "current_key"), ("-1000.01", "never_profitable")],
)
def test_who_loses_money_in_all_is_never_profitable(policy, realised, expected):
    assert classed("9999.00", "1000.00", realised=realised) == expected


@pytest.mark.parametrize(
    ("realised", "expected"),
    [("-5000.00", "general"), ("-5000.01", "never_profitable")],
)
def test_prospects_are_general_unless_they_cost_more_than_they_may_bring(
    policy, realised, expected
):
    result = classed(
        "0.00", "5000.00", realised=realised, order_days=0, ladder_step="assumption"
    )
    assert result == expected


@pytest.mark.parametrize(
    ("expires", "expected"), [(DAY, "general"), (YESTERDAY, "current_key")]
)
def test_an_override_decides_until_it_expires(policy, manager, expires, expected):
    account = make.account()
    Override.objects.create(
        account=account,
        worth_class="general",
        reason="About to be taken over",
        expires_on=expires,
        author=manager,
    )
    classify(run_of(DAY, figures={account: ("900.00", "5000.00")}))

    assert class_of(account).worth_class == expected
    if expected == "general":
        assert class_of(account).reason == (
            f"General: set by hand until {day(DAY)}: About to be taken over"
        )


@pytest.mark.parametrize(
    ("year", "future", "reason"),
    [
        (
            "310.40",
            "4200.99",
            (
                "Potential key: expected value 4~201 over 36 months reaches 1~000; "
                "last year's profit 310 is below 500."
            ),
        ),
        (
            "500.00",
            "1000.00",
            (
                "Current key: last year's profit 500 reaches 500; expected value "
                "1~000 over 36 months reaches 1~000."
            ),
        ),
        (
            "0.00",
            "999.99",
            "General: expected value 999.99 over 36 months is below 1~000.",
        ),
        (
            "498.50",  # halves as pages write them, to the even neighbour
            "1000.50",
            (
                "Potential key: expected value 1~000 over 36 months reaches 1~000; "
                "last year's profit 498 is below 500."
            ),
        ),
        (
            "0.00",
            "997.87",  # a page shows 998
            "General: expected value 998 over 36 months is below 1~000.",
        ),
    ],
)
def test_the_reason_states_the_accounts_own_figures(policy, year, future, reason):
    account = make.account()
    classify(run_of(DAY, figures={account: (year, future)}))

    assert class_of(account).reason == reason.replace("~", THIN_SPACE)


def test_a_reason_shows_cents_where_a_threshold_has_them(db):
    make.class_policy(expected_threshold=Decimal("1000.50"))
    account = make.account()
    classify(run_of(DAY, figures={account: ("0.00", "1000.49")}))

    reason = "General: expected value 1~000.49 over 36 months is below 1~000.50."
    assert class_of(account).reason == reason.replace("~", THIN_SPACE)


def test_intervals_touch_and_totals_count_who_came_and_left(policy):
    stays, rises, falls = make.account(), make.account(), make.account()
    classify(
        run_of(
            YESTERDAY,
            figures={
                stays: ("0.00", "10.00"),
                rises: ("0.00", "10.00"),
                falls: ("900.00", "2000.00"),
            },
        )
    )
    today = run_of(
        DAY,
        figures={
            stays: ("0.00", "20.00"),
            rises: ("0.00", "1000.00"),
            falls: ("0.00", "0.00"),
        },
    )

    done = classify(today)

    assert done.moves == [
        ("current_key", "general", 1),
        ("general", "potential_key", 1),
    ]
    assert class_of(stays).since == YESTERDAY
    assert "value 10 over" in class_of(stays).reason  # for which it began
    for account, classes in {
        rises: ["general", "potential_key"],
        falls: ["current_key", "general"],
    }.items():
        rows = list(Membership.objects.filter(account=account).order_by("since"))
        assert [row.worth_class for row in rows] == classes
        assert [(row.since, row.until) for row in rows] == [
            (YESTERDAY, DAY),
            (DAY, None),
        ]
    totals = {t.worth_class: t for t in ClassTotal.objects.filter(run=today)}
    counts = {k: (t.accounts, t.came, t.left) for k, t in totals.items()}
    assert counts == {
        "current_key": (0, 0, 1),
        "potential_key": (1, 1, 0),
        "general": (2, 1, 1),
        "never_profitable": (0, 0, 0),
    }
    assert totals["general"].future_value == Decimal("20.00")


@pytest.mark.parametrize(
    ("year", "future", "was", "reason"),
    [
        ("0.00", "20.00", "general", "General: expected value 20 over 36 months is"),
        ("450.00", "901.00", "current_key", "Current key: last year's profit 450 and"),
        ("0.00", "900.00", "potential_key", "Potential key: expected value 900 over"),
    ],
)
def test_who_stays_is_told_the_figures_of_today(policy, year, future, was, reason):
    account = make.account()
    held = make.membership(account=account, worth_class=was, since=YESTERDAY)
    run = run_of(DAY, figures={account: (year, future)})
    classify(run)

    say_todays_reasons(run, [held])

    assert held.worth_class == class_of(account).worth_class
    assert held.reason.startswith(reason)
    assert class_of(account).reason != held.reason  # nothing was written


def test_a_reason_stays_where_nothing_is_known_of_today(policy):
    account = make.account()
    held = make.membership(account=account, worth_class="general", since=YESTERDAY)
    ended = make.membership(
        account=make.account(), worth_class="general", since=YESTERDAY, until=DAY
    )
    told = held.reason

    say_todays_reasons(None, [held])
    say_todays_reasons(make.run(as_of=YESTERDAY), [held])  # says no policy
    run = run_of(DAY, figures={account: ("0.00", "1.00"), ended.account: ("0", "1")})
    say_todays_reasons(run, [ended])

    assert (held.reason, ended.reason) == (told, told)


def test_nobody_comes_or_leaves_the_first_time(policy):
    run = run_of(DAY, figures={make.account(): ("0.00", "10.00")})

    classify(run)

    assert {(t.came, t.left) for t in ClassTotal.objects.filter(run=run)} == {(0, 0)}


def test_a_second_run_of_the_day_replaces_the_first(policy):
    account = make.account()
    make.membership(account=account, worth_class="general", since=YESTERDAY)
    classify(run_of(DAY, figures={account: ("0.00", "5000.00")}))
    assert class_of(account).worth_class == "potential_key"

    classify(run_of(DAY, figures={account: ("0.00", "950.00")}))

    row = Membership.objects.get(account=account)  # as if the first had not been
    assert (row.worth_class, row.since, row.until) == ("general", YESTERDAY, None)


def test_classing_twice_changes_nothing(policy):
    account, other = make.account(), make.account()
    make.membership(account=account, worth_class="current_key", since=YESTERDAY)
    run = run_of(DAY, figures={account: ("0.00", "950.00"), other: ("1.00", "1.00")})

    classify(run)
    first = list(Membership.objects.values("account", "worth_class", "since", "until"))
    totals = list(ClassTotal.objects.values("worth_class", "accounts", "came", "left"))
    classify(run)

    assert first == list(
        Membership.objects.values("account", "worth_class", "since", "until")
    )
    assert totals == list(
        ClassTotal.objects.values("worth_class", "accounts", "came", "left")
    )


def test_a_past_day_does_not_rewrite_history(policy):
    account = make.account()
    make.membership(account=account, worth_class="general", since=DAY)
    past = run_of(YESTERDAY, figures={account: ("900.00", "5000.00")})

    classify(past)

    assert class_of(account).worth_class == "general"
    assert ClassTotal.objects.get(run=past, worth_class="current_key").accounts == 1


def test_an_account_that_is_gone_leaves_its_class(policy):
    gone, here = make.account(), make.account()
    make.membership(account=gone, worth_class="general", since=YESTERDAY)
    make.membership(account=here, worth_class="general", since=YESTERDAY)

    classify(run_of(DAY, figures={here: ("0.00", "1.00")}))

    assert Membership.objects.get(account=gone).until == DAY
    assert class_of(here).since == YESTERDAY


def test_the_first_policy_is_made_from_the_firms_own_figures(db):
    run = make.run(as_of=DAY)
    for n in range(1, 22):  # the 80th percentile of 21 is the 17th
        make.valuation(
            account=make.account(),
            run=run,
            margin_year=f"{n * 10}.40",
            expected_margin=f"{n * 100}.60",
        )
    make.valuation(account=make.account(), run=run, order_days=0)

    classify(run)
    classify(run)

    policy = ClassPolicy.objects.get()
    assert policy.realised_threshold == Decimal("170.00")
    assert policy.expected_threshold == Decimal("1701.00")
    assert policy.author is None
    assert "21 customers" in policy.reason


def test_with_hardly_any_customers_the_policy_is_provisional(db):
    account = make.account()
    classify(run_of(DAY, figures={account: ("1.00", "1.00")}))
    provisional = ClassPolicy.objects.get()
    assert provisional.realised_threshold == Decimal("1.00")
    assert class_of(account).worth_class == "current_key"

    many = {make.account(): (f"{n}00.00", f"{n}000.00") for n in range(1, 31)}
    classify(run_of(DAY, figures=many))

    assert ClassPolicy.objects.current().realised_threshold > Decimal("1000.00")


def test_thresholds_of_a_firm_that_earns_nothing_stay_above_zero(db):
    many = {make.account(): ("-50.00", "0.00") for _ in range(25)}
    classify(run_of(DAY, figures=many))

    policy = ClassPolicy.objects.get()
    assert policy.expected_threshold == Decimal("1.00")
    assert policy.reason == (
        "Hardly a customer brings a profit: any profit counts for now."
    )


def test_a_firm_that_earns_nothing_gets_no_new_rule_each_night(db):
    for as_of in (YESTERDAY, DAY):
        many = {make.account(): ("-50.00", "0.00") for _ in range(25)}
        classify(run_of(as_of, figures=many))

    assert ClassPolicy.objects.count() == 1
