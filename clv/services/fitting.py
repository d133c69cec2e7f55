"""What a night learns of the firm: how accounts buy, what orders bring, what they cost.

Nothing here reads or writes the database. Fitting always sees the whole firm; valuing
(`clv.services.valuing`) may see any part of it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from clv.engine import ladder
from clv.engine.arrays import FloatVector
from clv.engine.history import Histories
from clv.engine.likeness import Likeness, Seen, fit_likeness
from clv.engine.models import RepeatBuyingModel
from clv.engine.priors import TypicalCustomer
from clv.engine.spend import GammaGamma, fit_spend_with_ladder
from clv.policy import CLEARLY_LIKELIER, COST_DRIVERS, MODEL_NAMES
from clv.queries.contracts import PastContracts
from clv.queries.inputs import Inputs
from clv.services import serving
from clv.services.contracts import fit_contracts
from clv.services.customers import Customers
from clv.services.learnt import Models


def fit_models(
    inputs: Inputs,
    *,
    names: Sequence[str] = MODEL_NAMES,
    prior: TypicalCustomer | None = None,
    drivers: Mapping[str, str] = COST_DRIVERS,
    past: PastContracts | None = None,
) -> Models:
    """Learn buying, margins and costs from all accounts that ever ordered.

    `prior` is what people say of a typical customer; it counts where there are few;
    `drivers` say which kinds of cost grow with orders and which with years. Renewals
    are learnt from `past`; buying and margins then from the other accounts.
    """
    known = Customers.of(inputs)
    free = known.without_contract(inputs)
    name, fit, likelihoods = _fit_buying(free.histories, names, prior)
    won = _cost_to_win(inputs, known)
    spend, spend_step = fit_spend_with_ladder(
        free.order_count, free.mean_margin, prior=prior
    )
    return Models(
        name=name,
        buying=fit.model,
        step=fit.step,
        reason=fit.reason,
        log_likelihoods=likelihoods,
        spend=spend,
        spend_step=spend_step,
        costs=serving.learn_costs(known.ledgers, drivers=drivers),
        cost_to_win=float(won.sum()) / won.size if won.size else 0.0,
        likeness=_fit_likeness(inputs, free, fit.model, spend),
        contracts=fit_contracts(inputs, past or PastContracts.none()),
    )


def _cost_to_win(inputs: Inputs, known: Customers) -> FloatVector:
    won = inputs.cost_to_win[known.rows] / 100.0
    return serving.usual_cost_to_win(won, known.ledgers.revenue)


def _fit_likeness(
    inputs: Inputs, known: Customers, buying: RepeatBuyingModel, spend: GammaGamma
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
    return fit_likeness(seen, waiting, buying=buying, spend=spend)


def _fit_buying(
    histories: Histories, names: Sequence[str], prior: TypicalCustomer | None
) -> tuple[str, ladder.LadderFit, dict[str, float | None]]:
    """Fit all, return the one to value with and how likely each makes the data."""
    fits = {
        name: ladder.fit_with_ladder(histories, name=name, prior=prior)
        for name in names
    }
    likelihoods = {name: fit.model.log_likelihood for name, fit in fits.items()}
    best = names[0]
    for name in names[1:]:
        ours, theirs = likelihoods[best], likelihoods[name]
        if ours is None or theirs is None or fits[name].step != fits[best].step:
            continue
        if theirs - ours > CLEARLY_LIKELIER:
            best = name
    return best, fits[best], likelihoods
