"""The models of repeat buying; every name here is public.

numpy and scipy are all they need: no Django, no database. From a DataFrame of orders,
with columns `account`, `day` (a day number) and `margin`, and the number `cutoff` of
the last day seen, to customer lifetime value:

>>> from clv.engine.history import Histories
>>> from clv.engine.models import fit_bgnbd
>>> from clv.engine.spend import fit_gamma_gamma
>>> days = orders.groupby(["account", "day"], as_index=False)["margin"].sum()
>>> rows = days.groupby("account").agg(n=("day", "size"), first=("day", "min"),
...     last=("day", "max"), mean=("margin", "mean"))
>>> histories = Histories.check(rows["n"] - 1, rows["last"] - rows["first"],
...     cutoff - rows["first"])
>>> margin = fit_gamma_gamma(rows["n"], rows["mean"]).expected_value(
...     rows["n"], rows["mean"])
>>> clv = margin * fit_bgnbd(histories).discounted_purchases(
...     histories, annual_rate=0.15)

Each fit takes checked input (`Histories`, `Opportunities`, `Contracts`) and returns a
frozen model with its parameters in days, `log_likelihood` and `standard_errors`, or
raises `clv.engine.errors.NotConvergedError` with the reason. `fit_bgbb` and `fit_sbg`
count opportunities and renewals; `InDays` asks them in days and yearly rates. What is
known of accounts besides may shift each of them: `fit_with_covariates` and its kin.
"""

from clv.engine.models.bgbb import BgBb, Opportunities, fit_bgbb
from clv.engine.models.bgnbd import BgNbd, fit_bgnbd
from clv.engine.models.covariate_fit import fit_with_covariates
from clv.engine.models.covariates import CovariateModel, Covariates
from clv.engine.models.families import FAMILIES, family, name_of, stored_model
from clv.engine.models.in_days import InDays
from clv.engine.models.mbg_cnbd import MbgCnbd, fit_mbg_cnbd
from clv.engine.models.mbgnbd import MbgNbd, fit_mbgnbd
from clv.engine.models.nbd import Nbd, fit_nbd
from clv.engine.models.own_pace import OWN_PACE, OwnPace, fit_own_pace
from clv.engine.models.pareto_nbd import ParetoNbd, fit_pareto_nbd
from clv.engine.models.period_covariates import (
    fit_bgbb_with_covariates,
    fit_sbg_with_covariates,
)
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.models.sbg import Contracts, Sbg, fit_sbg

__all__ = [
    "FAMILIES",
    "OWN_PACE",
    "BgBb",
    "BgNbd",
    "Contracts",
    "CovariateModel",
    "Covariates",
    "InDays",
    "MbgCnbd",
    "MbgNbd",
    "Nbd",
    "Opportunities",
    "OwnPace",
    "ParetoNbd",
    "RepeatBuyingModel",
    "Sbg",
    "family",
    "fit_bgbb",
    "fit_bgbb_with_covariates",
    "fit_bgnbd",
    "fit_mbg_cnbd",
    "fit_mbgnbd",
    "fit_nbd",
    "fit_own_pace",
    "fit_pareto_nbd",
    "fit_sbg",
    "fit_sbg_with_covariates",
    "fit_with_covariates",
    "name_of",
    "stored_model",
]
