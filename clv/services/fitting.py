"""What a night learns of the firm: how accounts buy, what orders bring, what they cost.

Nothing here reads or writes the database. Fitting always sees the whole firm; valuing
(`clv.services.valuing`) may see any part of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clv.engine.arrays import FloatVector
from clv.engine.likeness import Likeness, Seen, fit_likeness
from clv.engine.models import RepeatBuyingModel
from clv.engine.portfolio import Portfolio
from clv.engine.priors import TypicalCustomer
from clv.engine.seasons import no_seasons
from clv.engine.spend_habits import SpendFit, fit_spend
from clv.engine.totals import TotalDoubt, parameter_error
from clv.policy import COST_DRIVERS, MODEL_NAMES
from clv.queries.contracts import PastContracts
from clv.queries.inputs import Inputs
from clv.services import serving
from clv.services.buying import fit_buying
from clv.services.contracts import fit_contracts
from clv.services.customers import Customers, clock_of
from clv.services.guidance import Guidance
from clv.services.learnt import Models
from clv.services.results import Terms

DOUBT_SAMPLE = 5_000  # accounts that tell how far parameters move a total


def fit_models(
    inputs: Inputs,
    *,
    terms: Terms | None = None,
    guidance: Guidance | None = None,
    names: Sequence[str] = MODEL_NAMES,
    prior: TypicalCustomer | None = None,
    drivers: Mapping[str, str] = COST_DRIVERS,
    past: PastContracts | None = None,
) -> Models:
    """Learn buying, margins and costs from all accounts that ever ordered.

    Renewals are learnt from contracts; buying and margins then from the other accounts.

    Parameters
    ----------
    terms : Terms, optional
        For the day that seasons are counted from, and for how sure totals are.
    guidance : Guidance, optional
        What back-tests say; without it the likelier of `names` values the firm.
    names : sequence of str
    prior : TypicalCustomer, optional
        What people say of a typical customer; it counts where there are few.
    drivers : mapping of kind to driver
        Which kinds of cost grow with orders and which with years.
    past : PastContracts, optional
        All contracts of the firm.
    """
    guidance = guidance or Guidance()
    seasons = no_seasons() if terms is None else guidance.seasons
    known = Customers.of(inputs, clock_of(seasons, terms))
    free = known.without_contract(inputs)
    buying = fit_buying(free.histories, guidance=guidance, names=names, prior=prior)
    won = _cost_to_win(inputs, known)
    spend = fit_spend(
        free.order_count, free.mean_margin, habits=guidance.spend, prior=prior
    )
    models = Models(
        name=buying.name,
        buying=buying.model,
        step=buying.step,
        reason=buying.reason,
        log_likelihoods=buying.log_likelihoods,
        weights=buying.weights,
        dropped=buying.dropped,
        judged_on=guidance.judged_on,
        seasons=seasons,
        level=guidance.level,
        pace_error=guidance.model_error,
        spend=spend.model,
        spend_step=spend.step,
        left_out=_left_out(inputs, free, spend),
        costs=serving.learn_costs(known.ledgers, drivers=drivers),
        cost_to_win=float(won.sum()) / won.size if won.size else 0.0,
        likeness=_fit_likeness(inputs, free, buying.model, spend),
        contracts=fit_contracts(inputs, past or PastContracts.none()),
    )
    usual = np.delete(np.arange(len(free)), spend.left_out)
    return replace(models, doubt=_doubt(free.take(usual), models, terms, guidance))


def _left_out(
    inputs: Inputs, known: Customers, spend: SpendFit
) -> tuple[dict[str, Any], ...]:
    """Return whose margins nobody else's follow from, and why; most often nobody's."""
    reason = "A mean margin per order beyond belief: probably a slip of the pen."
    return tuple(
        {
            "account_id": int(inputs.account_id[known.rows[row]]),
            "mean_margin": float(known.mean_margin[row]),
            "reason": reason,
        }
        for row in spend.left_out.tolist()
    )


def _cost_to_win(inputs: Inputs, known: Customers) -> FloatVector:
    won = inputs.cost_to_win[known.rows] / 100.0
    return serving.usual_cost_to_win(won, known.ledgers.revenue)


def _fit_likeness(
    inputs: Inputs, known: Customers, buying: RepeatBuyingModel, spend: SpendFit
) -> Likeness:
    """Learn how new customers differ by what is known before they order."""
    seen = Seen(
        code=inputs.trait_code[known.rows],
        order_count=known.order_count,
        age_days=known.histories.age_days,
        mean_margin=known.mean_margin,
        cost_to_win=_cost_to_win(inputs, known),
    )
    waiting = np.unique(inputs.trait_code[inputs.order_days == 0])
    return fit_likeness(
        seen, waiting, buying=buying, spend=spend.model, left_out=spend.left_out
    )


def _doubt(
    known: Customers, models: Models, terms: Terms | None, guidance: Guidance
) -> TotalDoubt:
    """Return what is open in every total; a fixed sample tells of the parameters."""
    if terms is None or not len(known):
        return TotalDoubt(0.0, guidance.model_error, guidance.part_error)
    rows = np.arange(len(known))[:: max(1, len(known) // DOUBT_SAMPLE)]
    margins = models.spend.expected_value(
        known.order_count[rows], known.mean_margin[rows]
    )
    portfolio = Portfolio.check(
        model=models.buying,
        spend=models.spend,
        histories=known.histories.take(rows),
        order_count=known.order_count[rows],
        mean_margin=known.mean_margin[rows],
        margin_per_order=margins,
        annual_rate=terms.annual_rate,
        horizon_days=terms.horizon_days,
    )
    return TotalDoubt(
        parameter_error(portfolio), guidance.model_error, guidance.part_error
    )
