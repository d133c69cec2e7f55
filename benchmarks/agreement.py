"""The engine's figures beside those of lifetimes and pymc-marketing, on the same data.

    python -m benchmarks.agreement --lifetimes-python PATH --pymc-python PATH

The 2,357 customers of CDNOW to 30 September 1997 and 11,104 donors, from the data files
of lifetimes, with times in weeks. pymc-marketing is fitted by MAP with flat priors,
which is maximum likelihood; docs/methods/README.md keeps what was found, with a note
where a peer is wrong. Each side runs in a process of its own and tells its figures as
JSON; a figure that a side does not have is left out.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Figures = dict[str, float]
Table = dict[str, NDArray[np.float64]]

# Customers whose forecasts are compared: never again, twice, often, long silent.
WATCHED = {"x": [0.0, 2.0, 26.0, 10.0], "t": [0.0, 30.43, 30.86, 20.0]}
WATCHED_AGE = [39.0, 38.86, 31.0, 39.0]
WEEKS = 39.0
PQV = ("p", "q", "v")
ABGD = ("alpha", "beta", "gamma", "delta")


def cdnow(folder: Path) -> Table:
    rows = np.genfromtxt(
        folder / "cdnow_customers_summary_with_transactions.csv",
        delimiter=",",
        names=True,
    )
    return {
        "x": rows["x"],
        "t": rows["t_x"],
        "age": rows["T"],
        "mean": rows["zbar"],
    }


def donors(folder: Path) -> Table:
    rows = np.genfromtxt(folder / "donations.csv", delimiter=",", names=True)
    names = rows.dtype.names or ()
    columns: Table = {name: rows[name] for name in names}
    return columns


def _flag(data: Table) -> NDArray[np.float64]:
    """Return a covariate that means nothing: 1 for every third customer."""
    flag: NDArray[np.float64] = np.arange(data["x"].size) % 3 == 0
    return flag.astype(np.float64)


def _told(prefix: str, names: tuple[str, ...], values: Any) -> Figures:
    numbers = np.asarray(values, dtype=float).ravel().tolist()
    return {f"{prefix} {n}": v for n, v in zip(names, numbers, strict=True)}


def ours(folder: Path) -> Figures:
    from clv.engine.history import Histories  # noqa: PLC0415
    from clv.engine.models import (  # noqa: PLC0415
        Contracts,
        Covariates,
        Opportunities,
        family,
        fit_bgbb,
        fit_sbg,
        fit_sbg_with_covariates,
        fit_with_covariates,
    )
    from clv.engine.models.covariates import core_of  # noqa: PLC0415
    from clv.engine.spend import fit_gamma_gamma  # noqa: PLC0415

    data, found = cdnow(folder), Figures()
    histories = Histories.check(data["x"], data["t"], data["age"])
    watched = Histories.check(WATCHED["x"], WATCHED["t"], WATCHED_AGE)
    for name in ("bgnbd", "mbgnbd", "pareto_nbd"):
        model = family(name).fit(histories)
        found |= _told(name, model.PARAMETERS, model.parameters)
        found |= _watched(
            name,
            model.probability_alive(watched),
            model.expected_purchases(watched, horizon_days=WEEKS),
        )
        found[f"{name} total"] = float(
            model.expected_purchases(histories, horizon_days=WEEKS).sum()
        )
    flag = {"flag": _flag(data)}
    for name, leaving in (("bgnbd", {}), ("mbgnbd", {}), ("pareto_nbd", flag)):
        given = Covariates.check(len(histories), purchases=flag, leaving=leaving)
        fit = fit_with_covariates(histories, given, name=name)
        base = core_of(fit.base)
        found |= _told(f"{name} + flag", base.PARAMETERS, base.parameters)
        found[f"{name} + flag purchases"] = fit.purchase_effects[0][1]
        if leaving:
            found[f"{name} + flag leaving"] = fit.leaving_effects[0][1]
    bought = data["x"] > 0
    spend = fit_gamma_gamma(data["x"][bought], data["mean"][bought])
    found |= _told("gamma-gamma", ("p", "q", "v"), (spend.p, spend.q, spend.v))
    gifts = donors(folder)
    giving = fit_bgbb(
        Opportunities.check(
            gifts["frequency"], gifts["recency"], gifts["periods"], gifts["weights"]
        )
    )
    found |= _told("bgbb", giving.PARAMETERS, giving.parameters)
    for cohort, survivors in COHORTS.items():
        contracts = fit_sbg(Contracts.from_survivors(survivors))
        found |= _told(f"sbg {cohort}", contracts.PARAMETERS, contracts.parameters)
    last, has_ended, flags = _contracts()
    given = Covariates.check(len(flags), leaving={"flag": flags})
    rows = Contracts.check(last - has_ended, has_ended)
    ending = fit_sbg_with_covariates(rows, given, period_days=1.0)
    base = core_of(ending.base)
    found |= _told("sbg + flag", base.PARAMETERS, base.parameters)
    found["sbg + flag leaving"] = ending.leaving_effects[0][1]
    return found


COHORTS = {
    "high end": (1000, 869, 743, 653, 593, 551, 517, 491),
    "regular": (1000, 631, 468, 382, 326, 289, 262, 241),
}


def _contracts() -> tuple[NDArray[np.float64], ...]:
    """Return the last renewal seen of each contract, its end there, its flag."""
    columns = []
    for cohort, survivors in COHORTS.items():
        lost, years = -np.diff(survivors), len(survivors) - 1
        last = np.repeat([*range(1, years + 1), years], [*lost, survivors[-1]])
        ended = np.arange(last.size) < lost.sum()
        columns.append((last, ended, np.full(last.size, cohort == "high end")))
    last, ended, flags = (np.concatenate(one) for one in zip(*columns, strict=True))
    return last.astype(float), ended.astype(float), flags.astype(float)


def _watched(name: str, alive: Any, orders: Any) -> Figures:
    columns = tuple(f"x={x:.0f}" for x in WATCHED["x"])
    return _told(f"{name} P(alive)", columns, alive) | _told(
        f"{name} E[39 weeks]", columns, orders
    )


def lifetimes(folder: Path) -> Figures:
    warnings.simplefilter("ignore")
    import lifetimes as peer  # noqa: PLC0415

    data, found = cdnow(folder), Figures()
    x, t, age = data["x"], data["t"], data["age"]
    who = [np.array(v) for v in (WATCHED["x"], WATCHED["t"], WATCHED_AGE)]
    fitters = {
        "bgnbd": (peer.BetaGeoFitter, ("r", "alpha", "a", "b")),
        "mbgnbd": (peer.ModifiedBetaGeoFitter, ("r", "alpha", "a", "b")),
        "pareto_nbd": (peer.ParetoNBDFitter, ("r", "alpha", "s", "beta")),
    }
    for name, (fitter, names) in fitters.items():
        model = fitter().fit(x, t, age)
        found |= _told(name, names, [model.params_[one] for one in names])
        ask = model.conditional_expected_number_of_purchases_up_to_time
        found |= _watched(
            name, model.conditional_probability_alive(*who), ask(WEEKS, *who)
        )
        found[f"{name} total"] = float(np.sum(ask(WEEKS, x, t, age)))
    bought = x > 0
    spend = peer.GammaGammaFitter().fit(x[bought], data["mean"][bought])
    found |= _told("gamma-gamma", PQV, [spend.params_[one] for one in PQV])
    given = donors(folder)
    giving = peer.BetaGeoBetaBinomFitter().fit(
        given["frequency"], given["recency"], given["periods"], given["weights"]
    )
    names4 = ("alpha", "beta", "gamma", "delta")
    return found | _told("bgbb", names4, [giving.params_[one] for one in names4])


def pymc(folder: Path) -> Figures:
    warnings.simplefilter("ignore")
    from pandas import DataFrame  # noqa: PLC0415

    flat = importlib.import_module("pymc_extras.prior").Prior("HalfFlat")
    peer = importlib.import_module("pymc_marketing.clv")
    data, found = cdnow(folder), Figures()
    frame = _frame(DataFrame, data["x"], data["t"], data["age"])
    frame["monetary_value"] = data["mean"]
    who = _frame(DataFrame, WATCHED["x"], WATCHED["t"], WATCHED_AGE)
    models = {
        "bgnbd": (peer.BetaGeoModel, ("r", "alpha", "a", "b")),
        "mbgnbd": (peer.ModifiedBetaGeoModel, ("r", "alpha", "a", "b")),
        "pareto_nbd": (peer.ParetoNBDModel, ("r", "alpha", "s", "beta")),
    }
    for name, (kind, names) in models.items():
        model = kind(model_config=dict.fromkeys(names, flat))
        model.fit(frame, method="map", progressbar=False)
        found |= _told(name, names, [_mean(model, one) for one in names])
        found |= _watched(
            name,
            model.expected_probability_alive(who).mean(("chain", "draw")),
            model.expected_purchases(who, future_t=WEEKS).mean(("chain", "draw")),
        )
        whole = model.expected_purchases(frame, future_t=WEEKS)
        found[f"{name} total"] = float(whole.sum())
    frame["flag"] = _flag(data)
    for name, kind in models.items():
        leaves = name == "pareto_nbd"
        found |= _flagged(name, leaves=leaves, kind=kind, frame=frame)
    spend = peer.GammaGammaModel(model_config=dict.fromkeys(("p", "q", "v"), flat))
    spend.fit(frame[frame["frequency"] > 0], method="map", progressbar=False)
    found |= _told("gamma-gamma", PQV, [_mean(spend, one) for one in PQV])
    gifts = donors(folder)
    each = gifts["weights"].astype(int)
    columns = (np.repeat(gifts[n], each) for n in ("frequency", "recency", "periods"))
    giving = peer.BetaGeoBetaBinomModel(model_config=dict.fromkeys(ABGD, flat))
    giving.fit(_frame(DataFrame, *columns), method="map", progressbar=False)
    found |= _told("bgbb", ABGD, [_mean(giving, one) for one in ABGD])
    return found | _contracts_of_pymc(peer)


def _contracts_of_pymc(peer: Any) -> Figures:
    """Fit both cohorts, then all contracts with the flag.

    Its covariates have one coefficient for alpha and one for beta. The first is kept at
    0, as ours has none.
    """
    from pandas import DataFrame  # noqa: PLC0415

    core = importlib.import_module("pymc")
    prior = importlib.import_module("pymc_extras.prior").Prior
    last, has_ended, flags = _contracts()
    seen = last.max() + 1.0
    frame = DataFrame(
        {
            "customer_id": np.arange(last.size),
            "recency": np.where(has_ended, last, seen),
            "T": np.full(last.size, seen),
            "cohort": np.where(flags, "high end", "regular"),
            "flag": flags,
        }
    )
    names = ("alpha", "beta")
    flat = {name: prior("HalfFlat", dims="cohort") for name in names}
    model = peer.ShiftedBetaGeoModel(model_config=flat)
    model.fit(frame, method="map", progressbar=False)
    found = Figures()
    for cohort in COHORTS:
        own = model.fit_result.sel(cohort=cohort)
        found |= _told(
            f"sbg {cohort}", names, [float(own[one].mean()) for one in names]
        )
    flagged = peer.ShiftedBetaGeoModel(
        model_config={
            **flat,
            "dropout_coefficient": prior("Flat"),
            "dropout_covariate_cols": ["flag"],
        }
    )
    flagged.build_model(data=frame.assign(cohort="all"))
    fixed = core.do(flagged.model, {"dropout_coefficient_alpha": np.zeros(1)})
    best = core.find_MAP(model=fixed, progressbar=False)
    figures = [float(best[f"{one}_scale"][0]) for one in names]
    found |= _told("sbg + flag", names, figures)
    found["sbg + flag leaving"] = float(best["dropout_coefficient_beta"][0])
    return found


def _flagged(
    name: str, *, leaves: bool, kind: tuple[Any, tuple[str, ...]], frame: Any
) -> Figures:
    """Fit with the covariate, whose plain parameters are then called scales."""
    prior = importlib.import_module("pymc_extras.prior").Prior
    model_type, names = kind
    config: dict[str, Any] = {one: prior("HalfFlat") for one in names}
    config |= {"purchase_coefficient": prior("Flat")}
    config |= {"purchase_covariate_cols": ["flag"]}
    scaled = {"alpha": "alpha_scale"}
    key = "purchase_coefficient_alpha"
    if leaves:
        config |= {"dropout_coefficient": prior("Flat")}
        config |= {"dropout_covariate_cols": ["flag"]}
        scaled["beta"], key = "beta_scale", "purchase_coefficient"
    model = model_type(model_config=config)
    model.fit(frame, method="map", progressbar=False)
    found = _told(
        f"{name} + flag", names, [_mean(model, scaled.get(one, one)) for one in names]
    )
    found[f"{name} + flag purchases"] = _mean(model, key)
    if leaves:
        found[f"{name} + flag leaving"] = _mean(model, "dropout_coefficient")
    return found


def _frame(kind: Any, x: Any, t: Any, age: Any) -> Any:
    rows = {"customer_id": np.arange(len(x)), "frequency": x, "recency": t, "T": age}
    return kind(rows)


def _mean(model: Any, name: str) -> float:
    return float(model.fit_result[name].mean())


SIDES: Mapping[str, Callable[[Path], Figures]] = {
    "ours": ours,
    "lifetimes": lifetimes,
    "pymc": pymc,
}


def compare(pythons: Mapping[str, str], folder: Path) -> None:
    """Print every figure of every side with its relative distance from ours."""
    found = {side: _in_own_process(side, at, folder) for side, at in pythons.items()}
    mine = found.pop("ours")
    for name, value in mine.items():
        beside = [
            f"{side} {theirs[name]:.7g} ({theirs[name] / value - 1.0:+.1e})"
            for side, theirs in found.items()
            if name in theirs
        ]
        print(f"{name:<28} {value:.7g}", *beside, sep="  ")


def _in_own_process(side: str, python: str, folder: Path) -> Figures:
    call = [python, "-m", "benchmarks.agreement", "--side", side]
    done = subprocess.run(  # noqa: S603  our own module
        [*call, "--data", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-2_000:]}")
    answer: Figures = json.loads(done.stdout.splitlines()[-1])
    return answer


def _data_of_lifetimes() -> Path:
    found = importlib.util.find_spec("lifetimes")
    if found is None or found.origin is None:
        raise SystemExit("The data files of lifetimes are not installed; see --data.")
    return Path(found.origin).parent / "datasets"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lifetimes-python", metavar="PATH")
    parser.add_argument("--pymc-python", metavar="PATH")
    parser.add_argument("--data", type=Path, help="folder of lifetimes' data files")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.data or _data_of_lifetimes()
    if options.side:
        print(json.dumps(SIDES[options.side](folder)))
        return
    pythons = {
        "ours": sys.executable,
        "lifetimes": options.lifetimes_python,
        "pymc": options.pymc_python,
    }
    compare({side: at for side, at in pythons.items() if at}, folder)


if __name__ == "__main__":
    main()
