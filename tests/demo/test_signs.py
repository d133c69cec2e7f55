"""Q5 and Q7 find in the demo firm what was planted, and in shuffled events nothing."""

import datetime as dt

import numpy as np
import pytest

from campaigns.queries.questions import patterns
from campaigns.queries.questions.answering import answer, understand
from campaigns.queries.questions.registry import BY_KEY
from clv.models import DemoFirm
from crm.models import User
from crm.services.demo.signs import PLANTED
from segments.engine.sequences import Happenings
from tests.demo.conftest import AS_OF

QUESTIONS = {"loss": "before-loss", "purchase": "before-purchase"}


def rows(sign, days=730):
    since = AS_OF - dt.timedelta(days=days)
    given = {"since": since.isoformat(), "until": AS_OF.isoformat(), "window": "60"}
    manager = User.objects.filter(groups__name="manager").first()
    reading = understand(BY_KEY[QUESTIONS[sign.before]], manager, given)
    return list(answer(reading.asked).rows.every())


def keys(sign):
    return f"event:{sign.first}", f"event:{sign.then}"


@pytest.mark.django_db
def test_planted_signs_are_found_and_shuffled_ones_are_not(firm, monkeypatch):
    told = DemoFirm.objects.get().parameters["signs"]
    assert [one["first"] for one in told] == [sign.first for sign in PLANTED]
    for sign in PLANTED:
        first, then = keys(sign)
        found = {row["part"]: row for row in rows(sign)}
        pair = found[f"{first}{patterns.SEPARATOR}{then}"]
        assert pair["holds"] == "yes"
        assert pair["low"] > 1.5
        assert sign.then_days[0] <= pair["lead"] <= sign.then_days[1]
        # What comes less often is true too: who is given up is called less.
        sure = {part for part, row in found.items() if row["holds"] == "yes"}
        sure = {part for part in sure if found[part]["rule"]}
        assert sure <= {part for part in found if first in part or then in part}

    read = patterns._happenings
    rng = np.random.default_rng(3)

    def shuffled(*given):
        true = read(*given)
        return Happenings(rng.permutation(true.account), true.kind, true.day)

    monkeypatch.setattr(patterns, "_happenings", shuffled)
    for sign in PLANTED:
        assert not [row["part"] for row in rows(sign) if row["holds"] == "yes"]
