"""Accounts under contract: what is learnt of them all, and what each is worth.

Nothing here reads or writes the database.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clv.engine.breakeven import BreakEvenRange
from clv.engine.contracts import (
    Luck,
    Money,
    Running,
    contract_breakeven,
    contract_breakeven_range,
    contract_intervals,
    fit_renewals,
    value_contracts,
)
from clv.engine.discounting import DAYS_PER_YEAR
from clv.engine.models import Contracts
from clv.engine.spend import fit_spend_with_ladder
from clv.errors import RunFailedError
from clv.policy import (
    INTERVAL_DRAWS,
    INTERVAL_LEVEL,
    RENEWAL_GRACE_DAYS,
    YOUNGEST_DAYS,
)
from clv.queries.contracts import ContractInputs, PastContracts
from clv.queries.inputs import Inputs
from clv.services.customers import ledgers_of
from clv.services.learnt import Models
from clv.services.renewing import ContractModels
from clv.services.results import STEP_OF_FIT, Columns, Floats, Terms, forecast_columns

GONE = -10.0 * RENEWAL_GRACE_DAYS  # days: late beyond any grace


def fit_contracts(inputs: Inputs, past: PastContracts) -> ContractModels | None:
    """Learn renewals from all contracts of the firm, margins from those that run.

    None for a firm that has never sold by term.
    """
    if not len(past):
        return None
    categories = tuple(sorted(set(past.categories.values())))
    group_of = {
        product: categories.index(category)
        for product, category in past.categories.items()
    }
    group = np.array([group_of[pk] for pk in past.product_id.tolist()], np.float64)
    contracts = Contracts.check(past.renewals, past.has_ended, past.weight)
    known = _Known.of(inputs.contracts)
    spend, spend_step = fit_spend_with_ladder(known.seen_years, known.margin_per_year)
    return ContractModels(
        categories=categories,
        group_of=group_of,
        renewals=tuple(fit_renewals(contracts, group, len(categories))),
        spend=spend,
        spend_step=spend_step,
    )


def running(contracts: ContractInputs, models: ContractModels) -> Running:
    """Return the contracts as the engine takes them."""
    return Running.check(
        contracts.renewals,
        np.where(contracts.has_ended > 0, GONE, contracts.due_days),
        contracts.term_days,
        models.groups(contracts.product_id),
    )


def contract_columns(
    inputs: Inputs, rows: NDArray[np.intp], models: Models, terms: Terms
) -> Columns:
    """Return the results of the accounts under contract, which stand in `rows`.

    Raises
    ------
    RunFailedError
        If contracts are known of but none was learnt from.
    """
    learnt = models.contracts
    if learnt is None:
        raise RunFailedError("There are contracts, but no model of their renewals.")
    known = _Known.of(inputs.contracts)
    agreed = running(inputs.contracts, learnt)
    _, money = contract_money(inputs, rows, models)
    grace = float(RENEWAL_GRACE_DAYS)
    values = value_contracts(
        models=learnt.models,
        running=agreed,
        money=money,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
        grace_days=grace,
    )
    span = contract_intervals(
        models=learnt.models,
        spend=learnt.spend,
        running=agreed,
        money=money,
        seen_years=known.seen_years,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
        grace_days=grace,
        rng=np.random.default_rng(terms.as_of.toordinal()),
        draws=INTERVAL_DRAWS,
        level=INTERVAL_LEVEL,
    )
    days = contract_breakeven(
        models=learnt.models,
        running=agreed,
        money=money,
        realised_profit=inputs.realised_profit[rows] / 100.0,
        horizon_days=terms.horizon_days,
        grace_days=grace,
    )
    return forecast_columns(
        inputs,
        rows,
        step=_steps(learnt, agreed, known),
        values=values,
        span=span,
        expected_days=days,
    )


def contract_payback(
    inputs: Inputs, rows: NDArray[np.intp], models: Models, terms: Terms
) -> BreakEvenRange:
    """Return between which days the accounts under contract in `rows` pay back.

    Raises
    ------
    RunFailedError
        If nothing was learnt of contracts.
    """
    learnt, money = contract_money(inputs, rows, models)
    rng = np.random.default_rng(terms.as_of.toordinal())
    return contract_breakeven_range(
        luck=Luck.of(learnt.models, learnt.spend, rng, INTERVAL_DRAWS),
        running=running(inputs.contracts, learnt),
        money=money,
        seen_years=_Known.of(inputs.contracts).seen_years,
        realised_profit=inputs.realised_profit[rows] / 100.0,
        horizon_days=terms.horizon_days,
        grace_days=float(RENEWAL_GRACE_DAYS),
        level=INTERVAL_LEVEL,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What each contract has brought; every vector has shape (n,).

    Fees count as paid ahead if they came at most once a term; then the years behind
    them are those of all terms begun. What came more often, and all other margin, has
    come over the years since the contract began.
    """

    term_years: Floats
    years: Floats
    terms_begun: Floats
    fee_per_year: Floats
    other_per_year: Floats
    is_paid_ahead: NDArray[np.bool_]

    @classmethod
    def of(cls, given: ContractInputs) -> "_Known":
        begun = given.renewals + 1.0
        term_years = given.term_days / DAYS_PER_YEAR
        years = np.maximum(given.age_days, YOUNGEST_DAYS) / DAYS_PER_YEAR
        is_paid_ahead = (given.fee_days > 0) & (given.fee_days <= begun)
        behind_fees = np.where(is_paid_ahead, begun * term_years, years)
        seen = (given.fee_days + given.other_days) > 0
        return cls(
            term_years=term_years,
            years=np.where(seen, years, 0.0),
            terms_begun=begun.astype(np.float64),
            fee_per_year=given.fee_margin / 100.0 / behind_fees,
            other_per_year=given.other_margin / 100.0 / years,
            is_paid_ahead=is_paid_ahead,
        )

    @property
    def margin_per_year(self) -> Floats:
        result: Floats = self.fee_per_year + self.other_per_year
        return result

    @property
    def share_paid_ahead(self) -> Floats:
        """Return the part of the margin per year that comes at the begin of terms."""
        fee, other = (
            np.maximum(self.fee_per_year, 0),
            np.maximum(self.other_per_year, 0),
        )
        whole = np.where(fee + other > 0, fee + other, 1.0)
        return np.where(self.is_paid_ahead, fee / whole, 0.0)

    @property
    def seen_years(self) -> Floats:
        """Return the years behind the margin per year; 0 where nothing was sold."""
        share = self.share_paid_ahead
        paid = self.terms_begun * self.term_years
        return np.where(self.years > 0, share * paid + (1 - share) * self.years, 0.0)


def contract_money(
    inputs: Inputs, rows: NDArray[np.intp], models: Models
) -> tuple[ContractModels, Money]:
    """Return what was learnt of contracts, and what each of them brings and costs.

    Raises
    ------
    RunFailedError
        If nothing was learnt of contracts.
    """
    given, learnt = inputs.contracts, models.contracts
    if learnt is None:
        raise RunFailedError("There is no model of the margins of contracts.")
    known = _Known.of(given)
    margin = learnt.spend.expected_value(known.seen_years, known.margin_per_year)
    ahead = known.share_paid_ahead
    is_fee_order = known.is_paid_ahead
    since = np.maximum(given.age_days, YOUNGEST_DAYS) / DAYS_PER_YEAR
    evenly = given.other_days + np.where(is_fee_order, 0, given.fee_days)
    costs = models.costs.expected(ledgers_of(inputs, rows))
    return learnt, Money.check(
        len(given),
        margin_per_term=margin * ahead * known.term_years,
        margin_per_year=margin * (1.0 - ahead),
        orders_per_term=np.where(is_fee_order, given.fee_days / known.terms_begun, 0.0),
        orders_per_year=evenly / since,
        cost_per_order=costs.per_order,
        cost_per_year=costs.per_year,
    )


def _steps(learnt: ContractModels, agreed: Running, known: _Known) -> NDArray[np.int64]:
    """Return the lower of the rungs on which renewals and margins stand."""
    renewals = np.array([STEP_OF_FIT[fit.step] for fit in learnt.renewals])
    margins = np.where(
        known.seen_years > 0,
        STEP_OF_FIT[learnt.spend_step],
        max(STEP_OF_FIT.values()),
    )
    lower: NDArray[np.int64] = np.maximum(renewals[agreed.group], margins)
    return lower.astype(np.int64)
