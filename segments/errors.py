"""What classing refuses, said in words that help."""

from common.errors import DomainError


class CannotPublishPolicyError(DomainError):
    code = "cannot_publish_policy"
    message = "These thresholds are not possible."


class CannotPromiseError(DomainError):
    code = "cannot_promise"
    message = "This cannot be promised."
