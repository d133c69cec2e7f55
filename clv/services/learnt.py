"""What a run has learnt of the firm as a whole, in memory and as stored."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clv.engine.costs import CostToServe
from clv.engine.likeness import Likeness
from clv.engine.models import RepeatBuyingModel, stored_model
from clv.engine.spend import GammaGamma
from clv.services import serving
from clv.services.renewing import ContractModels


@dataclass(frozen=True, slots=True)
class Models:
    """Everything learnt from the firm as a whole, before any account is valued.

    `name` is the likeliest model of repeat buying; `step` is the rung of the ladder
    that its fit reached, and `reason` says why. `costs` are the rates of cost to serve,
    `cost_to_win` is the mean over customers. `likeness` says
    how new customers differ by what is known of them; it is stored by itself
    (`clv.services.likegroups`), and None takes all new customers for alike.
    `contracts` is there where something is sold by term.
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

    def as_parameters(self) -> dict[str, Any]:
        """Return what JSON can keep, digit by digit, with what people want to read."""
        return {
            "name": self.name,
            "step": self.step,
            "reason": self.reason,
            "log_likelihoods": self.log_likelihoods,
            "buying": dataclasses.asdict(self.buying),
            "buying_standard_errors": self.buying.standard_errors,
            "spend_step": self.spend_step,
            "spend": dataclasses.asdict(self.spend),
            "spend_standard_errors": self.spend.standard_errors,
            "costs": serving.as_parameters(self.costs),
            "cost_to_win": self.cost_to_win,
            "contracts": self.contracts.as_parameters() if self.contracts else None,
        }

    @classmethod
    def from_parameters(cls, stored: Mapping[str, Any]) -> "Models":
        """Rebuild the models from `as_parameters`."""
        return cls(
            name=stored["name"],
            buying=stored_model(stored["name"], stored["buying"]),
            step=stored["step"],
            reason=stored["reason"],
            log_likelihoods=stored["log_likelihoods"],
            spend=GammaGamma.from_parameters(stored["spend"]),
            spend_step=stored["spend_step"],
            costs=serving.from_parameters(stored),
            cost_to_win=stored["cost_to_win"],
            contracts=ContractModels.from_parameters(stored.get("contracts")),
        )
