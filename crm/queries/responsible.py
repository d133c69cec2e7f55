"""Who is responsible for an area: the reps there, and the managers above them."""

from django.db.models import Count, Q

from crm.choices import Role
from crm.models import Account, Territory, User
from crm.models.cases import UNSETTLED


def rep_for(account: Account | None, territory: Territory | None) -> User | None:
    """Return who takes a new case: the account's rep, else one of the area's.

    Among the reps of an area it is the one with the fewest open cases.
    """
    owner = account.owner if account else None
    if owner is not None and owner.is_active:
        return owner
    if territory is None:
        return None
    busy = Count("cases", filter=Q(cases__status__in=UNSETTLED))
    reps = User.objects.filter(
        is_active=True, territory=territory, groups__name=Role.REP
    )
    return reps.annotate(busy=busy).order_by("busy", "name", "pk").first()


def managers_of(territory: Territory | None) -> list[User]:
    """Return the managers of an area, else those of none, else all, else who rules."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    managers = people.filter(groups__name=Role.MANAGER)
    choices = [managers.filter(territory=None), managers]
    if territory is not None:
        choices.insert(0, managers.filter(territory=territory))
    choices.append(people.filter(groups__name=Role.ADMINISTRATOR))
    for rows in choices:
        if found := list(rows):
            return found
    return []
