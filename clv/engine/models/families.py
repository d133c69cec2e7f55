"""The models by the name under which results store them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from clv.engine.errors import BadParameterError
from clv.engine.history import Histories
from clv.engine.models.beta_geometric import BETA_GEOMETRIC_PRIOR
from clv.engine.models.bgnbd import BgNbd, fit_bgnbd
from clv.engine.models.mbg_cnbd import MBG_CNBD_PRIOR, MbgCnbd, fit_mbg_cnbd
from clv.engine.models.mbgnbd import MbgNbd, fit_mbgnbd
from clv.engine.models.nbd import NBD_PRIOR, Nbd, fit_nbd
from clv.engine.models.own_pace import OWN_PACE, OwnPace
from clv.engine.models.pareto_nbd import PARETO_PRIOR, ParetoNbd, fit_pareto_nbd
from clv.engine.models.repeat_buying import RepeatBuyingModel
from clv.engine.priors import LogNormalPrior


class Fit(Protocol):
    """A function that fits one family."""

    def __call__(
        self, histories: Histories, *, prior: LogNormalPrior | None = None
    ) -> RepeatBuyingModel: ...


@dataclass(frozen=True, slots=True)
class Family:
    """A model class, its fit and the weak prior for few accounts."""

    model: type[RepeatBuyingModel]
    fit: Fit
    prior: LogNormalPrior


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "bgnbd": Family(BgNbd, fit_bgnbd, BETA_GEOMETRIC_PRIOR),
        "mbgnbd": Family(MbgNbd, fit_mbgnbd, BETA_GEOMETRIC_PRIOR),
        "mbg_cnbd": Family(MbgCnbd, fit_mbg_cnbd, MBG_CNBD_PRIOR),
        "pareto_nbd": Family(ParetoNbd, fit_pareto_nbd, PARETO_PRIOR),
        "nbd": Family(Nbd, fit_nbd, NBD_PRIOR),
    }
)


# The models that values may rest on; not each of them is fitted by likelihood.
MODELS: Mapping[str, type[RepeatBuyingModel]] = MappingProxyType(
    {**{name: one.model for name, one in FAMILIES.items()}, OWN_PACE: OwnPace}
)


def family(name: str) -> Family:
    """Return the family called `name`.

    Raises
    ------
    BadParameterError
        If there is none; the message lists the names.
    """
    if name not in FAMILIES:
        raise _unknown(name, FAMILIES)
    return FAMILIES[name]


def stored_model(name: str, parameters: Mapping[str, Any]) -> RepeatBuyingModel:
    """Rebuild the model `name` from its stored ``dataclasses.asdict``.

    Raises
    ------
    BadParameterError
        If no model has that name or a parameter is faulty.
    """
    if name not in MODELS:
        raise _unknown(name, MODELS)
    return MODELS[name].from_parameters(parameters)


def name_of(model: RepeatBuyingModel) -> str:
    """Return the name that `stored_model` knows the model by."""
    return next(name for name, kind in MODELS.items() if kind is type(model))


def _unknown(name: str, names: Iterable[str]) -> BadParameterError:
    known = ", ".join(names)
    return BadParameterError(f"no model is called {name!r}; there are {known}")
