"""Which model of repeat buying values the firm tonight.

The mix that the back-test chose, fitted to the night's own histories; without a
judgement, or where none of the chosen models can be fitted, the likelier of two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from clv.engine import ladder
from clv.engine.errors import NotConvergedError
from clv.engine.history import Histories, compress
from clv.engine.judging.candidates import WEEK_DAYS, Field, fit_field, mixture_of
from clv.engine.models import RepeatBuyingModel
from clv.engine.priors import TypicalCustomer
from clv.policy import CLEARLY_LIKELIER
from clv.services.guidance import Guidance
from common.templatetags.display import day

MIX = "models"  # the name of a mix of several
# From here on rounding to weeks moves parameters far less than their standard errors.
WEEKLY_FROM_ACCOUNTS = 100_000


@dataclass(frozen=True, slots=True)
class Buying:
    """The model of repeat buying with what is to be told of it.

    Attributes
    ----------
    name : of the one model, or "models" for a mix
    model : RepeatBuyingModel
    step : rung of the cold-start ladder, for a mix that of most of its weight
    reason : one sentence; candidates by their codes
    log_likelihoods : by candidate, where it has one
    weights : by candidate, those left out not among them; sum 1
    dropped : reason by candidate that was chosen and could not be fitted
    """

    name: str
    model: RepeatBuyingModel
    step: str
    reason: str
    log_likelihoods: dict[str, float | None]
    weights: dict[str, float]
    dropped: dict[str, str] = field(default_factory=dict)


def fit_buying(
    histories: Histories,
    *,
    guidance: Guidance,
    names: Sequence[str],
    prior: TypicalCustomer | None = None,
) -> Buying:
    """Fit what the back-test chose, else the likeliest of `names`."""
    rows = histories
    if len(histories) >= WEEKLY_FROM_ACCOUNTS:
        rows = compress(histories, resolution_days=WEEK_DAYS).histories
    if not guidance.weights:
        return _likeliest(rows, names, prior)
    found = fit_field(
        rows, list(guidance.weights), regularity=guidance.regularity, prior=prior
    )
    try:
        return _chosen(found, guidance)
    except NotConvergedError:
        usual = _likeliest(rows, names, prior)
        reason = f"{_failure(found.dropped)} {usual.reason}"
        return replace(usual, reason=reason, dropped=dict(found.dropped))


def _chosen(found: Field, guidance: Guidance) -> Buying:
    model = mixture_of(found, guidance.weights)
    present = {n: w for n, w in guidance.weights.items() if n in found.models}
    whole = sum(present.values())
    weights = {name: weight / whole for name, weight in present.items()}
    step = _step(found.steps, weights)
    ranked = sorted(weights, key=lambda name: -weights[name])
    parts = ", ".join(f"{name} {weights[name]:.0%}" for name in ranked)
    reason = f"The back-test of {day(guidance.judged_on)} chose {parts}."
    if step != ladder.INDIVIDUAL:
        reason += " There is too little to learn from, so stated priors help."
    return Buying(
        name=ranked[0] if len(ranked) == 1 else MIX,
        model=model,
        step=step,
        reason=reason,
        log_likelihoods={n: found.models[n].log_likelihood for n in ranked},
        weights=weights,
        dropped=dict(found.dropped),
    )


def _step(steps: Mapping[str, str], weights: Mapping[str, float]) -> str:
    """Return the rung on which most of the weight stands."""
    on_rung: dict[str, float] = {}
    for name, weight in weights.items():
        on_rung[steps[name]] = on_rung.get(steps[name], 0.0) + weight
    return max(on_rung, key=lambda rung: on_rung[rung])


def _failure(dropped: Mapping[str, str]) -> str:
    told = "; ".join(f"{name}: {reason}" for name, reason in dropped.items())
    return f"None of the models that the back-test chose could be fitted ({told})."


def _likeliest(
    rows: Histories, names: Sequence[str], prior: TypicalCustomer | None
) -> Buying:
    """Return the first of `names` unless another is clearly likelier."""
    fits = {
        name: ladder.fit_with_ladder(rows, name=name, prior=prior) for name in names
    }
    likelihoods = {name: fit.model.log_likelihood for name, fit in fits.items()}
    best = names[0]
    for name in names[1:]:
        ours, theirs = likelihoods[best], likelihoods[name]
        if ours is None or theirs is None or fits[name].step != fits[best].step:
            continue
        if theirs - ours > CLEARLY_LIKELIER:
            best = name
    fit = fits[best]
    return Buying(best, fit.model, fit.step, fit.reason, likelihoods, {best: 1.0})
