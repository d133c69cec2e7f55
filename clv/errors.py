"""What valuing refuses, and how a run can end early."""

from common.errors import DomainError


class RunRefusedError(DomainError):
    code = "run_refused"
    message = "This run cannot be started."


class AssumptionsRefusedError(DomainError):
    code = "assumptions_refused"
    message = "These numbers cannot be assumed."


class NothingToPublishError(DomainError):
    code = "nothing_to_publish"
    message = "All numbers are as they are now, so there is nothing to publish."


class NothingToValueError(DomainError):
    code = "nothing_to_value"
    message = "No account has been valued yet, so there is no effect to show."


class AssumptionsOutdatedError(DomainError):
    code = "assumptions_outdated"
    message = "Somebody else published new assumptions meanwhile."


class ProfileRefusedError(DomainError):
    code = "profile_refused"
    message = "No customer can be asked for like that."


class NothingNewError(DomainError):
    code = "nothing_new"
    message = "The newest version asks for just that."


class LostLeaseError(Exception):
    """Another worker took the run over; this one may write nothing more of it."""


class RunFailedError(Exception):
    """A run cannot be finished; the message is the reason people read."""


class CannotDecideError(DomainError):
    """An offer that cannot be taken up or dismissed."""

    code = "cannot_decide"
