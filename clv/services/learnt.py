"""What a run has learnt of the firm as a whole, in memory and as stored."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clv.engine.costs import CostToServe
from clv.engine.judging.calibration import USUAL_MODEL_ERROR
from clv.engine.judging.composed import restore, store
from clv.engine.likeness import Likeness
from clv.engine.models import RepeatBuyingModel, stored_model
from clv.engine.seasons import Seasons, no_seasons
from clv.engine.spend import GammaGamma
from clv.engine.totals import TotalDoubt
from clv.policy import INTERVAL_LEVEL
from clv.services import serving
from clv.services.guidance import stored_seasons
from clv.services.renewing import ContractModels

USUAL_DOUBT = TotalDoubt(0.0, USUAL_MODEL_ERROR)


@dataclass(frozen=True, slots=True)
class Models:
    """Everything learnt from the firm as a whole, before any account is valued.

    `name` is the model of repeat buying, "models" a mix by `weights`; `step` is the
    rung of the ladder that its fit reached, and `reason` says why. `dropped` tells what
    kept candidates out that a back-test of `judged_on` had chosen. `costs` are the
    rates of cost to serve, `cost_to_win` is the mean over customers. `likeness` says
    how new customers differ by what is known of them; it is stored by itself
    (`clv.services.likegroups`), and None takes all new customers for alike.
    `contracts` is there where something is sold by term. Histories run on the clock of
    `seasons`; `level` is what is asked of intervals, whose accounts share a pace that
    may be off by `pace_error`; with `common_futures` they are drawn once for the whole
    run, not block by block, and with `common_phases` those of regular buyers as well.
    `doubt` is what leaves totals open. `left_out` names
    accounts whose margins nobody else's follow from: account_id, mean_margin and
    reason.
    """

    name: str
    buying: RepeatBuyingModel
    step: str
    reason: str
    log_likelihoods: dict[str, float | None]
    spend: GammaGamma
    spend_step: str
    costs: CostToServe
    cost_to_win: float
    likeness: Likeness | None = None
    contracts: ContractModels | None = None
    weights: dict[str, float] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    judged_on: dt.date | None = None
    seasons: Seasons = field(default_factory=no_seasons)
    level: float = INTERVAL_LEVEL
    pace_error: float = 0.0
    common_futures: bool = True
    common_phases: bool = True
    doubt: TotalDoubt = USUAL_DOUBT
    left_out: tuple[dict[str, Any], ...] = ()

    def as_parameters(self) -> dict[str, Any]:
        """Return what JSON can keep, digit by digit, with what people want to read."""
        return {
            "name": self.name,
            "step": self.step,
            "reason": self.reason,
            "log_likelihoods": self.log_likelihoods,
            "buying": store(self.buying),
            "buying_standard_errors": self.buying.standard_errors,
            "spend_step": self.spend_step,
            "spend": dataclasses.asdict(self.spend),
            "spend_standard_errors": self.spend.standard_errors,
            "costs": serving.as_parameters(self.costs),
            "cost_to_win": self.cost_to_win,
            "contracts": self.contracts.as_parameters() if self.contracts else None,
            "weights": list(self.weights.items()),  # JSON objects keep no order
            "dropped": self.dropped,
            "judged_on": self.judged_on and self.judged_on.isoformat(),
            "seasons": dataclasses.asdict(self.seasons),
            "level": self.level,
            "pace_error": self.pace_error,
            "common_futures": self.common_futures,
            "common_phases": self.common_phases,
            "doubt": dataclasses.asdict(self.doubt),
            "left_out": list(self.left_out),
        }

    @classmethod
    def from_parameters(cls, stored: Mapping[str, Any]) -> "Models":
        """Rebuild the models from `as_parameters`."""
        return cls(
            name=stored["name"],
            buying=_buying_from_parameters(stored),
            step=stored["step"],
            reason=stored["reason"],
            log_likelihoods=stored["log_likelihoods"],
            spend=GammaGamma.from_parameters(stored["spend"]),
            spend_step=stored["spend_step"],
            costs=serving.from_parameters(stored),
            cost_to_win=stored["cost_to_win"],
            contracts=ContractModels.from_parameters(stored.get("contracts")),
            weights=dict(stored.get("weights", [])),
            dropped=stored.get("dropped", {}),
            judged_on=_date(stored.get("judged_on")),
            seasons=stored_seasons(stored.get("seasons")),
            level=stored.get("level", INTERVAL_LEVEL),
            pace_error=stored.get("pace_error", 0.0),  # earlier runs knew of none
            common_futures=stored.get("common_futures", False),  # nor of these
            common_phases=stored.get("common_phases", False),
            doubt=doubt_of(stored),
            left_out=tuple(stored.get("left_out", ())),
        )


def doubt_of(stored: Mapping[str, Any]) -> TotalDoubt:
    """Return what leaves the totals of a run open; the usual for earlier ones."""
    return TotalDoubt(**stored["doubt"]) if "doubt" in stored else USUAL_DOUBT


def _buying_from_parameters(stored: Mapping[str, Any]) -> RepeatBuyingModel:
    """Rebuild the model; before mixes were stored, it was one family's parameters."""
    kept = stored["buying"]
    return restore(kept) if "kind" in kept else stored_model(stored["name"], kept)


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
