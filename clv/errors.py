"""What valuing refuses, and how a run can end early."""

from common.errors import DomainError


class RunRefusedError(DomainError):
    code = "run_refused"
    message = "This run cannot be started."


class LostLeaseError(Exception):
    """Another worker took the run over; this one may write nothing more of it."""


class RunFailedError(Exception):
    """A run cannot be finished; the message is the reason people read."""
