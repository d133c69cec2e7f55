"""What a run has learnt of contracts, in memory and as stored."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clv.engine.contracts import RenewalFit
from clv.engine.models import Sbg
from clv.engine.spend import GammaGamma


@dataclass(frozen=True, slots=True)
class ContractModels:
    """How contracts renew, by category of product, and what a year of them brings.

    `group_of` leads from a product to its place in `categories` and `renewals`.
    """

    categories: tuple[str, ...]
    group_of: Mapping[int, int]
    renewals: tuple[RenewalFit, ...]
    spend: GammaGamma
    spend_step: str

    @property
    def models(self) -> list[Sbg]:
        return [fit.model for fit in self.renewals]

    def groups(self, product_id: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the group of each product."""
        return np.array([self.group_of[pk] for pk in product_id.tolist()], np.int64)

    def as_parameters(self) -> dict[str, Any]:
        """Return what JSON can keep, digit by digit."""
        return {
            "categories": list(self.categories),
            "group_of": [list(pair) for pair in sorted(self.group_of.items())],
            "renewals": [
                dataclasses.asdict(fit) | {"errors": fit.model.standard_errors}
                for fit in self.renewals
            ],
            "spend": dataclasses.asdict(self.spend),
            "spend_step": self.spend_step,
        }

    @classmethod
    def from_parameters(
        cls, stored: Mapping[str, Any] | None
    ) -> "ContractModels | None":
        """Rebuild the models; None where nothing was sold by term."""
        if not stored:
            return None
        return cls(
            categories=tuple(stored["categories"]),
            group_of=dict(stored["group_of"]),
            renewals=tuple(
                RenewalFit(
                    Sbg.from_parameters(fit["model"]), fit["step"], fit["reason"]
                )
                for fit in stored["renewals"]
            ),
            spend=GammaGamma.from_parameters(stored["spend"]),
            spend_step=stored["spend_step"],
        )
