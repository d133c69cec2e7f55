"""Where touches stand that no plan asks for: versions that are in force nowhere."""

from campaigns.choices import VersionStatus
from campaigns.models import PlanVersion, RetentionPlan
from common.clock import business_today


def unfollowed_version(name: str, note: str) -> PlanVersion:
    """Return the archived version of the plan of that name, which nobody follows."""
    rows = RetentionPlan.objects.filter(name=name, is_automatic=False)
    plan = rows.order_by("pk").first()
    if plan is None:
        plan = RetentionPlan.objects.create(name=name, is_automatic=False)
    version, _ = PlanVersion.objects.get_or_create(
        plan=plan,
        number=1,
        defaults={
            "status": VersionStatus.ARCHIVED,
            "valid_from": business_today(),
            "note": note,
        },
    )
    return version
