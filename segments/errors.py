"""What classing refuses, said in words that help."""

from common.errors import DomainError


class CannotPublishPolicyError(DomainError):
    code = "cannot_publish_policy"
    message = "These thresholds are not possible."


class CannotPromiseError(DomainError):
    code = "cannot_promise"
    message = "This cannot be promised."


class SameRuleError(DomainError):
    code = "same_rule"
    message = "The rule is this already, so there is nothing to publish."


class PolicyOutdatedError(DomainError):
    code = "policy_outdated"
    message = "Somebody else published another class rule meanwhile."


class OverrideRefusedError(DomainError):
    code = "override_refused"
    message = "This class cannot be set by hand."


class NothingToClassError(DomainError):
    code = "nothing_to_class"
    message = "No run has valued accounts yet, so there is nothing to class."


class NominationRefusedError(DomainError):
    code = "nomination_refused"
    message = "This cannot be named."
