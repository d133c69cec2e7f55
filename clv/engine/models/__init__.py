"""The models of repeat buying; every name here is public."""

from clv.engine.models.bgbb import BgBb, Opportunities, fit_bgbb
from clv.engine.models.bgnbd import BgNbd, fit_bgnbd
from clv.engine.models.covariate_fit import fit_with_covariates
from clv.engine.models.covariates import CovariateModel, Covariates
from clv.engine.models.families import FAMILIES, family, stored_model
from clv.engine.models.mbg_cnbd import MbgCnbd, fit_mbg_cnbd
from clv.engine.models.mbgnbd import MbgNbd, fit_mbgnbd
from clv.engine.models.nbd import Nbd, fit_nbd
from clv.engine.models.pareto_nbd import ParetoNbd, fit_pareto_nbd
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.models.sbg import Contracts, Sbg, fit_sbg

__all__ = [
    "FAMILIES",
    "BgBb",
    "BgNbd",
    "Contracts",
    "CovariateModel",
    "Covariates",
    "MbgCnbd",
    "MbgNbd",
    "Nbd",
    "Opportunities",
    "ParetoNbd",
    "RepeatBuyingModel",
    "Sbg",
    "family",
    "fit_bgbb",
    "fit_bgnbd",
    "fit_mbg_cnbd",
    "fit_mbgnbd",
    "fit_nbd",
    "fit_pareto_nbd",
    "fit_sbg",
    "fit_with_covariates",
    "stored_model",
]
