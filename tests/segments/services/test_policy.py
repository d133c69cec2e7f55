"""Publishing the class rule: a new version, or a refusal that leaves the old one."""

from decimal import Decimal

import pytest

from crm.models import AuditEvent
from segments.errors import CannotPublishPolicyError
from segments.models import ClassPolicy
from segments.services.policy import publish_policy
from tests import make

GOOD = {
    "realised_threshold": Decimal("500.005"),
    "expected_threshold": Decimal(1000),
    "band": Decimal("0.2"),
    "reason": " Agreed in March ",
}


def test_a_new_version_counts(manager):
    make.class_policy()

    policy = publish_policy(actor=manager, **GOOD)

    assert ClassPolicy.objects.current() == policy
    assert policy.realised_threshold == Decimal("500.01")
    assert (policy.author, policy.reason) == (manager, "Agreed in March")
    assert AuditEvent.objects.get().action == "class_policy.published"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("realised_threshold", Decimal("0.004")),
        ("expected_threshold", Decimal(-1)),
        ("expected_threshold", Decimal(10) ** 12),
        ("band", Decimal(1)),
        ("band", Decimal("-0.1")),
        ("reason", "   "),
    ],
)
def test_a_refusal_changes_nothing(manager, field, value):
    old = make.class_policy()

    with pytest.raises(CannotPublishPolicyError) as refusal:
        publish_policy(actor=manager, **GOOD | {field: value})

    assert refusal.value.field == field
    assert list(ClassPolicy.objects.all()) == [old]
    assert not AuditEvent.objects.exists()
