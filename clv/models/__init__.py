"""Derived worth: runs, values, and what they rest on."""

from clv.models.assumptions import (
    AssumedNumbers,
    Assumptions,
    AssumptionsDraft,
)
from clv.models.changes import ChangeRollup
from clv.models.contracts import ContractValuation
from clv.models.expansion import ExpansionOffer, ExpansionRate, OfferDecision
from clv.models.forecasts import ActualMonth, ForecastMonth
from clv.models.judgements import Judgement
from clv.models.likegroups import LikeGroup
from clv.models.paybacks import PaybackMonth, PaybackRange
from clv.models.previews import AssumptionsPreview
from clv.models.profiles import IdealProfile
from clv.models.runs import DueSlot, RunStep, ValuationRun
from clv.models.shards import RunShard
from clv.models.summaries import AccountSummary, SummaryState
from clv.models.truth import DemoFirm, TrueWorth
from clv.models.valuations import Valuation

__all__ = [
    "AccountSummary",
    "ActualMonth",
    "AssumedNumbers",
    "Assumptions",
    "AssumptionsDraft",
    "AssumptionsPreview",
    "ChangeRollup",
    "ContractValuation",
    "DemoFirm",
    "DueSlot",
    "ExpansionOffer",
    "ExpansionRate",
    "ForecastMonth",
    "IdealProfile",
    "Judgement",
    "LikeGroup",
    "OfferDecision",
    "PaybackMonth",
    "PaybackRange",
    "RunShard",
    "RunStep",
    "SummaryState",
    "TrueWorth",
    "Valuation",
    "ValuationRun",
]
