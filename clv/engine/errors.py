"""What can go wrong in the numerical core, by name."""


class EngineError(Exception):
    """Base of every error the engine raises on purpose."""


class BadHistoryError(EngineError):
    """The input vectors cannot be purchase histories; the message names the fault."""


class BadParameterError(EngineError):
    """A parameter, rate, horizon or prior lies outside its domain."""


class NotConvergedError(EngineError):
    """A fit found no trustworthy optimum; no half-fitted model is returned."""
