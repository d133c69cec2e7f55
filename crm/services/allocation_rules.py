"""Rules by which shared costs are spread: made and changed, each version kept."""

from typing import Any

from django.db import transaction

from common.versions import save_changes
from crm.choices import AllocationDriver, CostKind
from crm.errors import CannotSaveRuleError
from crm.models import AllocationRule, AllocationRuleVersion, User
from crm.services import audit

TERMS = (
    "driver",
    "span",
    "relationship_type",
    "territory",
    "industry",
    "is_monthly",
    "is_active",
)


def create_rule(
    *, actor: User | None, name: str, kind: str, reason: str, **terms: Any
) -> AllocationRule:
    """Store a rule with its first version.

    Raises
    ------
    CannotSaveRuleError
        If the name is taken or empty, or there is no such kind of cost or driver.
    """
    name = " ".join(name.split())
    _check_rule(name=name, kind=kind, driver=terms.get("driver", ""), reason=reason)
    if AllocationRule.objects.filter(name__iexact=name).exists():
        raise CannotSaveRuleError("Another rule has this name.", field="name")
    with transaction.atomic():
        rule = AllocationRule.objects.create(name=name, kind=kind, **terms)
        rule.refresh_from_db()
        _keep_version(rule, actor=actor, reason=reason)
        audit.record(actor=actor, action="rule.created", subject=rule, reason=reason)
    return rule


def change_rule(
    *,
    actor: User | None,
    rule: AllocationRule,
    reason: str,
    expected_version: int | None = None,
    **changes: Any,
) -> AllocationRule:
    """Change what counts from now on; what was spread stays as it was.

    Raises
    ------
    CannotSaveRuleError
        If there is no such driver, no reason, or the change is of name or kind.
    StaleRecordError
        If somebody changed it meanwhile.
    """
    if not set(changes) <= set(TERMS):
        raise CannotSaveRuleError(
            "Name and kind of a rule stay. Make another rule instead."
        )
    driver = changes.get("driver", rule.driver)
    _check_rule(name=rule.name, kind=rule.kind, driver=driver, reason=reason)
    with transaction.atomic():
        version_of(rule, actor=None)  # as it stood, if nobody kept that
        rule = save_changes(rule, expected_version=expected_version, **changes)
        _keep_version(rule, actor=actor, reason=reason)
        audit.record(actor=actor, action="rule.changed", subject=rule, reason=reason)
    return rule


def version_of(rule: AllocationRule, *, actor: User | None) -> AllocationRuleVersion:
    """Return the rule's version of today; older rules get theirs when first asked."""
    found = rule.versions.filter(number=rule.version).first()
    return found or _keep_version(rule, actor=actor, reason="As it stood")


def _keep_version(
    rule: AllocationRule, *, actor: User | None, reason: str
) -> AllocationRuleVersion:
    return AllocationRuleVersion.objects.create(
        rule=rule,
        number=rule.version,
        author=actor,
        reason=reason,
        **{name: getattr(rule, name) for name in TERMS},
    )


def _check_rule(*, name: str, kind: str, driver: str, reason: str) -> None:
    if not name:
        raise CannotSaveRuleError("Give the rule a name.", field="name")
    if kind not in CostKind.values:
        raise CannotSaveRuleError(f"There is no kind of cost “{kind}”.", field="kind")
    if driver not in AllocationDriver.values:
        raise CannotSaveRuleError(f"There is no driver “{driver}”.", field="driver")
    if not reason.strip():
        raise CannotSaveRuleError("Say why, for those who ask later.", field="reason")
