"""What *Today* asks people to look at again: goals of customers, and hypotheses."""

from django.db.models import F, QuerySet, Value

from common.agendas import Asking
from crm.choices import HypothesisStatus
from crm.models import ClientGoal, Hypothesis
from crm.models.goals import PURSUED
from crm.queries.agenda import Items
from crm.queries.entries import joined, words

# A review that was done comes up again on another day as another item.
REVIEW = joined(F("pk"), Value(":"), F("review_on"))


def goals_to_review(asking: Asking) -> Items:
    """Return the goals that somebody looks after, by the day of their review."""
    rows: QuerySet[ClientGoal] = ClientGoal.objects.visible_to(asking.user)
    owner = asking.owner if asking.user.sees_every_account else asking.user
    if owner:
        rows = rows.filter(owner=owner)
    return Items(
        rows.filter(status__in=PURSUED, review_on__isnull=False),
        due="review_on",
        title=F("title"),
        why=joined(Value("A goal of theirs, looked after by "), words("owner__name")),
        item=REVIEW,
    )


def hypotheses_to_check(asking: Asking) -> Items:
    """Return open hypotheses by the day on which their author should check them."""
    rows: QuerySet[Hypothesis] = Hypothesis.objects.visible_to(asking.user)
    author = asking.owner if asking.user.sees_every_account else asking.user
    if author:
        rows = rows.filter(author=author)
    return Items(
        rows.filter(status=HypothesisStatus.OPEN),
        due="review_on",
        title=F("statement"),
        why=joined(Value("Supposed by "), words("author__name")),
        item=REVIEW,
    )
