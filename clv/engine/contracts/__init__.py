"""Accounts under contract; every name here is public."""

from clv.engine.contracts.intervals import contract_intervals
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
    "Money",
    "RenewalFit",
    "Running",
    "Terms",
    "contract_breakeven",
    "contract_intervals",
    "expected_terms",
    "fit_renewals",
    "probability_alive",
    "renewal_chance",
    "value_contracts",
]
