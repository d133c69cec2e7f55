"""Plans as addresses name them: by class, as newcomers', or by their number."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from campaigns.choices import NEWCOMERS
from campaigns.models import PlanVersion, RetentionPlan
from segments.choices import WorthClass


class PlanKey:
    """The part of an address that names a plan."""

    regex = "|".join([*WorthClass.values, NEWCOMERS, r"[1-9][0-9]{0,17}"])

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def class_of(key: str) -> str | None:
    """Return the class that a key names, empty for newcomers; None for a number."""
    if key == NEWCOMERS:
        return ""
    return key if key in WorthClass.values else None


def find_plan(key: str) -> RetentionPlan | None:
    """Return the plan; None for a class that has none for all of it.

    Raises
    ------
    Http404
        If no plan has the number.
    """
    plans = RetentionPlan.objects.select_related("territory", "tag")
    worth_class = class_of(key)
    if worth_class is None:
        found: RetentionPlan = get_object_or_404(plans, pk=int(key))
        return found
    return plans.filter(
        worth_class=worth_class,
        is_automatic=True,
        relationship_type="",
        territory=None,
        tag=None,
    ).first()


def get_plan(key: str) -> RetentionPlan:
    """Return the plan, which must be there.

    Raises
    ------
    Http404
        If it is not.
    """
    plan = find_plan(key)
    if plan is None:
        raise Http404(key)
    return plan


def get_draft(key: str) -> PlanVersion:
    """Return the draft of a plan.

    Raises
    ------
    Http404
        If it has none.
    """
    drafts = PlanVersion.objects.drafts().select_related(
        "plan", "plan__territory", "plan__tag"
    )
    draft: PlanVersion = get_object_or_404(drafts, plan=get_plan(key))
    return draft
