"""How the texts of a touch read for a few of those who would get it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.engine.merge import BadFieldError
from campaigns.engine.merge import merge as merge_text
from campaigns.models import PlanAssignment, RetentionPlan
from campaigns.queries.merging import values_of
from crm.choices import Stage
from crm.models import Account, Contact, User
from segments.models import Membership

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """Subject and text as one person at one account would read them."""

    account: Account
    contact: Contact | None
    subject: str
    content: str


def previews(
    plan: RetentionPlan, *, user: User, subject: str, content: str
) -> Sequence[Preview]:
    """Return the texts for up to five accounts that `user` sees.

    People whose needs are known come first, each with needs of their own as far as
    there are any, so that differences show.

    Raises
    ------
    BadFieldError
        If a text asks for a field that there is not.
    """
    found = []
    for account, contact in _samples(plan, user):
        values = values_of(account, contact)
        found.append(
            Preview(
                account=account,
                contact=contact,
                subject=merge_text(subject, values),
                content=merge_text(content, values),
            )
        )
    return found


def problem_of(subject: str, content: str) -> str:
    """Return what is wrong with the fields of two texts, or nothing."""
    for text in (subject, content):
        try:
            merge_text(text, {})
        except BadFieldError as error:
            return str(error)
    return ""


def _samples(plan: RetentionPlan, user: User) -> list[tuple[Account, Contact | None]]:
    accounts = _followers(plan, user)
    people = Contact.objects.filter(account__in=accounts, left_on=None).select_related(
        "account__owner"
    )
    known = list(people.exclude(needs="").order_by("pk")[: SAMPLES * 20])
    by_needs = {one.needs: one for one in reversed(known)}
    chosen: dict[int, tuple[Account, Contact | None]] = {}
    others = people.filter(needs="").order_by("pk")[:SAMPLES]
    for one in (*reversed(by_needs.values()), *known, *others):
        chosen.setdefault(one.account_id, (one.account, one))
    for account in accounts.select_related("owner").order_by("pk")[:SAMPLES]:
        chosen.setdefault(account.pk, (account, None))
    return list(chosen.values())[:SAMPLES]


def _followers(plan: RetentionPlan, user: User) -> QuerySet[Account]:
    """Return accounts that follow the plan, or that stand in its class."""
    accounts = Account.objects.active().visible_to(user).exclude(stage=Stage.FORMER)
    on_it = PlanAssignment.objects.open().filter(plan=plan, account=OuterRef("pk"))
    if PlanAssignment.objects.open().filter(plan=plan).exists():
        return accounts.filter(Exists(on_it))
    stands = Membership.objects.open().filter(account=OuterRef("pk"))
    if not plan.worth_class:
        return accounts.filter(~Exists(stands))
    fits = Q(Exists(stands.filter(worth_class=plan.worth_class)))
    if plan.relationship_type:
        fits &= Q(relationship_type=plan.relationship_type)
    if plan.territory_id:
        fits &= Q(territory=plan.territory_id)
    if plan.tag_id:
        fits &= Q(tags=plan.tag_id)
    return accounts.filter(fits)
