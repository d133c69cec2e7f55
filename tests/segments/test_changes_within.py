"""What the night keeps of a part of the firm's change is what its accounts sum to."""

import pytest

from common import older
from crm.models import Account, Territory
from segments.models import StoredFigures
from segments.queries.scope import Scope
from segments.services import changes as rollups
from segments.services import changes_within
from tests.clv.changes.conftest import accounts, runs  # noqa: F401

PARTS = ("owner", "territory", "industry")


@pytest.fixture
def spread(accounts, rep, colleague):  # noqa: F811
    """Accounts of two reps, two territories and two industries, some of none."""
    places = [None, *(Territory.objects.create(name=name) for name in "NS")]
    for number, account in enumerate(Account.objects.order_by("pk")):
        Account.objects.filter(pk=account.pk).update(
            owner=(rep, colleague, None)[number % 3],
            territory=places[number % 2 + number % 5 % 2],
            industry=("Food", "Steel", "")[number % 7 % 3],
        )


def addresses(rep):
    place = Territory.objects.get(name="N")
    return {
        "owner": {"owner": str(rep.pk)},
        "territory": {"territory": str(place.pk)},
        "industry": {"industry": "Steel"},
    }


@pytest.mark.parametrize("name", PARTS)
def test_a_part_kept_by_the_night_is_the_sum_of_its_accounts(
    spread,
    runs,  # noqa: F811
    rep,
    manager,
    name,
):
    before, run = runs
    rollups.write_rollup(run)
    scope = Scope.read(addresses(rep)[name], manager)
    kept = changes_within._stored(scope, run, before)
    assert kept == changes_within._worked_out(scope, run, before)
    assert kept.clv_after
    assert any(bar.amount for bar in kept.bars)
    assert sum(bar.amount for bar in kept.bars) == kept.total
    assert changes_within.change_within(scope, run=run, before=before) == kept


def test_what_is_narrower_or_of_others_is_worked_out(
    spread,
    runs,  # noqa: F811
    rep,
    manager,
):
    before, run = runs
    rollups.write_rollup(run)
    given = {"owner": str(rep.pk)}
    for more in ({"class": "general"}, {"industry": "Food"}):
        scope = Scope.read(given | more, manager)
        assert changes_within._stored(scope, run, before) is None
    assert changes_within._stored(Scope.read({}, rep), run, before) is None
    whole = Scope.read(given, manager)
    assert changes_within._stored(whole, before, run) is None


def test_another_owner_counts_at_once_in_a_small_firm(
    spread,
    runs,  # noqa: F811
    rep,
    colleague,
    manager,
):
    before, run = runs
    rollups.write_rollup(run)
    scope = Scope.read({"owner": str(rep.pk)}, manager)
    was = changes_within.change_within(scope, run=run, before=before)
    Account.objects.filter(owner=rep).update(owner=colleague)
    now = changes_within.change_within(scope, run=run, before=before)
    assert was.clv_after
    assert not now.clv_after
    with pytest.MonkeyPatch.context() as patch, older.allowed():
        patch.setattr(older, "is_large", lambda: True)
        patch.setattr(older, "WAIT_SECONDS", -1.0)
        large = changes_within.change_within(scope, run=run, before=before)
    assert large == was


def test_only_the_newest_night_keeps_parts(spread, runs):  # noqa: F811
    before, run = runs
    rollups.write_rollup(run)
    assert StoredFigures.objects.filter(run=run, block__startswith="why:").exists()
    assert rollups.write_rollup(before).rows == 0
