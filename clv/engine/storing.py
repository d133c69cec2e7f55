"""Models as JSON carries them, and back: every digit survives the trip."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from clv.engine.errors import BadParameterError

Model = TypeVar("Model")


def restored(kind: Callable[..., Model], stored: Mapping[str, Any]) -> Model:
    """Rebuild a model from ``dataclasses.asdict``, also after a trip through JSON.

    JSON knows no tuples: the rows of `log_covariance` become tuples again.

    Raises
    ------
    BadParameterError
        If a name is unknown or missing or a value is out of its domain.
    """
    values = dict(stored)
    covariance = values.pop("log_covariance", ())
    try:
        return kind(**values, log_covariance=tuple(tuple(row) for row in covariance))
    except TypeError as fault:
        raise BadParameterError(f"not a stored {_name(kind)}: {fault}") from fault


def _name(kind: Callable[..., object]) -> str:
    return getattr(kind, "__name__", "model")
