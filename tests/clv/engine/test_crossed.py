"""Who is alive, and in which phase, by looking up what histories have in common."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from clv.engine.crossed import Crossed, log_odds_beyond
from clv.engine.history import Histories
from clv.engine.judging.composed import CohortModel
from clv.engine.models import BgNbd, MbgCnbd, MbgNbd, Nbd, ParetoNbd, fit_pareto_nbd
from clv.engine.models import pareto_nbd as pareto_module
from clv.engine.models.death_table import death_by_table, serves
from clv.engine.models.own_pace import OwnPace
from clv.engine.models.pareto_nbd import death_integral, histories_as_columns

LUCKS = (1e-12, 0.001, 0.2, 0.5, 0.8, 0.99, 0.999_999)
MODELS = {
    "bgnbd": BgNbd(0.25, 30.9, 0.8, 2.4),
    "mbgnbd": MbgNbd(0.6, 60.6, 0.55, 1.0),
    "pareto": ParetoNbd(0.55, 74.0, 0.6, 81.7),
    "pareto, alpha above beta": ParetoNbd(1.4, 142.4, 4.6, 40.0),
    "regular": MbgCnbd(0.8, 40.0, 0.8, 3.0, regularity=2),
    "very regular": MbgCnbd(0.8, 10.0, 0.5, 2.0, regularity=7),
    "nobody leaves": Nbd(0.7, 50.0),
    "own pace": OwnPace(90.0, 400.0),
    "cohorts": CohortModel(
        (MbgCnbd(0.8, 40.0, 0.8, 3.0, regularity=2), ParetoNbd(0.5, 70.0, 0.6, 80.0)),
        (300.0,),
    ),
}


def weekly(count=800):
    """Histories in weeks, some of them without any silence or repeat purchase."""
    chance = np.random.default_rng(4)
    age = 7.0 * chance.integers(0, 150, count)
    repeat = np.where(age > 0, chance.poisson(4.0, count), 0).astype(float)
    repeat[-20:], age[-20:] = 90.0, 1050.0
    recency = np.maximum(7.0 * np.floor(age * chance.random(count) / 7.0), 2.0)
    recency[::9] = age[::9]
    return Histories.check(repeat, np.where(repeat > 0, recency, 0.0), age)


@pytest.mark.parametrize("luck", LUCKS)
@pytest.mark.parametrize("name", MODELS)
def test_who_is_alive_is_whose_chance_exceeds_luck(name, luck):
    rows, model = weekly(), MODELS[name]

    got = model.alive_at(Crossed.of(rows), luck)

    assert got.tolist() == (luck < model.probability_alive(rows)).tolist()


def test_a_chance_of_one_exceeds_all_luck_and_none_is_exceeded_by_nothing():
    rows = Crossed.of(Histories.check([3.0, 0.0], [70.0, 0.0], [70.0, 700.0]))
    assert MODELS["pareto"].alive_at(rows, 1.0 - 1e-12).tolist() == [True, False]
    assert MODELS["bgnbd"].alive_at(rows, 1.0 - 1e-12).tolist() == [False, True]
    assert log_odds_beyond(0.5) == 0.0


def test_where_the_table_does_not_serve_each_account_is_asked_for_itself(monkeypatch):
    rows, model, asked = weekly(), MODELS["pareto"], []

    monkeypatch.setattr(
        pareto_module, "serves", lambda *given: asked.append(given) or False
    )

    got = model.alive_at(Crossed.of(rows), 0.4)

    assert len(asked) == 1
    assert got.tolist() == (model.probability_alive(rows) > 0.4).tolist()


@pytest.mark.parametrize("name", ["regular", "very regular", "cohorts", "bgnbd"])
def test_phases_have_their_exact_shares(name):
    rows, model = weekly(), MODELS[name]
    crossed, lucks = Crossed.of(rows), (np.arange(400) + 0.5) / 400

    phase = np.stack([model.phases_at(crossed, luck) for luck in lucks], axis=1)

    shares = np.stack([(phase == j).mean(axis=1) for j in range(model.phases)], axis=1)
    for row in range(0, len(rows), 37):
        part, one = model, rows.take(np.array([row]))
        if name == "cohorts":
            part = model.models[int(one.age_days[0] >= 300.0)]
        exact = part._phases(one)[0] if part.phases > 1 else np.array([1.0])
        assert shares[row, : exact.size] == pytest.approx(exact, abs=2 / 400)


def test_an_account_is_looked_up_the_same_alone_and_among_others():
    rows = weekly()
    crossed, some = Crossed.of(rows), np.array([3, 400, 799])

    for model in MODELS.values():
        for luck in (0.2, 0.7):
            among = model.alive_at(crossed, luck)[some].tolist()
            assert model.alive_at(crossed.take(some), luck).tolist() == among
            alone = [
                model.alive_at(Crossed.of(rows.take(np.array([row]))), luck)[0]
                for row in some
            ]
            assert alone == among


# The death term of Pareto/NBD


@pytest.mark.parametrize("name", ["pareto", "pareto, alpha above beta"])
def test_the_table_of_death_is_the_integral_of_each_account(name):
    rows, parameters = weekly(), MODELS[name].parameters

    value, slope = death_by_table(Crossed.of(rows), tuple(parameters.tolist()))

    log, gradient = death_integral(histories_as_columns(rows), parameters)
    silent = rows.age_days > rows.recency_days
    assert value[silent] == pytest.approx(log[silent], rel=1e-12, abs=1e-11)
    assert slope[:, silent] == pytest.approx(gradient[:, silent], rel=1e-10)
    assert (value[~silent] == -np.inf).all()
    assert (slope[:, ~silent] == 0.0).all()


@pytest.mark.parametrize(
    ("x", "recency", "age"),
    [(0, 0, 7), (4, 70, 700), (90, 1043, 1050), (90, 980, 1050)],
)
def test_the_table_of_death_against_plain_integration(x, recency, age):
    r, alpha, s, beta = 0.55, 3.0, 0.6, 81.7
    weeks = np.arange(0.0, 1050.0, 35.0)
    rows = Histories.check(
        [x, *np.full(29, 4)], [recency, *weeks[1:]], [age, *np.full(29, 1050.0)]
    )
    crossed = Crossed.of(rows)
    assert serves(crossed, (r, alpha, s, beta), 1000)

    value, _ = death_by_table(crossed, (r, alpha, s, beta))

    def log_density(tau):
        return -(r + x) * np.log(alpha + tau) - (s + 1.0) * np.log(beta + tau)

    top = log_density(recency)
    mass, _ = quad(
        lambda tau: s * np.exp(log_density(tau) - top),
        recency,
        age,
        epsabs=0.0,
        epsrel=1e-12,
        limit=500,
    )
    assert value[0] == pytest.approx(math.log(mass) + top, abs=1e-10)


def test_a_fit_by_the_table_is_the_fit_by_each_account(monkeypatch):
    rows = weekly(3000)
    quick = fit_pareto_nbd(rows)
    monkeypatch.setattr(pareto_module, "serves", lambda *_: False)

    slow = fit_pareto_nbd(rows)

    assert quick.parameters == pytest.approx(slow.parameters, rel=1e-6)
    assert quick.log_likelihood == pytest.approx(slow.log_likelihood, rel=1e-12)
    for name, error in slow.standard_errors.items():
        assert quick.standard_errors[name] == pytest.approx(error, rel=1e-4)


def test_a_step_too_steep_for_its_nodes_is_left_to_each_account():
    parameters = (0.55, 3.0, 0.6, 81.7)
    far = Histories.check([90, 4, 4], [700, 70, 133], [1050, 700, 1050])
    near = Histories.check([90, 4, 4], [1043, 70, 133], [1050, 700, 1050])

    assert not serves(Crossed.of(far), parameters, 1000)
    assert serves(Crossed.of(near), parameters, 1000)
    assert not serves(Crossed.of(near), parameters, 24)  # few accounts, many cells
