"""What a night keeps of like customers: one spelling of each industry."""

import pytest

from clv.choices import RunStatus
from clv.models import LikeGroup
from clv.queries.prospects import ProspectFilter, ProspectList
from clv.services import likegroups, runs
from config import night
from crm.models import Account
from tests import make
from tests.clv.night import firm

PROSPECTS = (
    ("1-9", "CARE"),
    ("10-49", "Care"),
    ("10-49", "Ports"),
    ("1-9", "ports"),
    ("1-9", ""),
)


@pytest.fixture
def accounts(committed):
    """A firm whose customers and prospects write two industries in several ways."""
    found = firm.build(30)
    customers, prospects = found[:30], found[30:]
    for account in customers:
        account.industry = "care"
    for account, (size, industry) in zip(prospects, PROSPECTS, strict=True):
        account.size_band, account.industry = size, industry
    Account.objects.bulk_update(found, ["size_band", "industry"])
    return found


def valued():
    run = runs.request_run(actor=None, as_of=firm.TODAY)
    assert night.execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.failure) == (RunStatus.PUBLISHED, "")
    return run


def spelt(run):
    """Return the spelling in the group of each prospect, and in that of nothing known.

    A group stands for all prospects of its size and industry.
    """
    rows = ProspectList(user=make.user("manager"), run=run, wanted=ProspectFilter())
    groups = LikeGroup.objects.filter(run=run)
    return (
        {one.account.pk: one.like.industry for one in rows.every_row()},
        rows.industries(),
        groups.get(trait_code=0).industry,
    )


def test_an_industry_is_written_as_its_first_account_writes_it(accounts):
    spelling, offered, nothing_known = spelt(valued())

    keys = [account.pk for account in accounts[30:]]
    words = ["care", "care", "Ports", "Ports", ""]
    assert spelling == dict(zip(keys, words, strict=True))
    assert sorted(offered) == ["Ports", "care"]
    assert nothing_known == ""


def test_who_changes_industry_during_the_night_names_none(accounts, monkeypatch):
    store = likegroups.store

    def store_after(run, *positional, **named):
        Account.objects.filter(pk=accounts[32].pk).update(industry="Mills")
        return store(run, *positional, **named)

    monkeypatch.setattr(likegroups, "store", store_after)

    spelling, offered, _ = spelt(valued())

    assert [spelling[account.pk] for account in accounts[32:34]] == ["", ""]
    assert offered == ["care"]
