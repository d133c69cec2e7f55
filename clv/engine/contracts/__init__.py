"""Accounts under contract; every name here is public."""

from clv.engine.contracts.intervals import Luck, contract_intervals
from clv.engine.contracts.payback import contract_breakeven_range
from clv.engine.contracts.renewals import RenewalFit, fit_renewals
from clv.engine.contracts.running import Money, Running
from clv.engine.contracts.value import (
    Terms,
    contract_breakeven,
    expected_terms,
    probability_alive,
    renewal_chance,
    value_contracts,
)

__all__ = [
    "Luck",
    "Money",
    "RenewalFit",
    "Running",
    "Terms",
    "contract_breakeven",
    "contract_breakeven_range",
    "contract_intervals",
    "expected_terms",
    "fit_renewals",
    "probability_alive",
    "renewal_chance",
    "value_contracts",
]
