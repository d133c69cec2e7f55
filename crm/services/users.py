"""People who sign in: inviting and changing them, and ending their access."""

from collections.abc import Collection
from decimal import Decimal

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from knox.models import AuthToken

from common.clock import business_today
from common.zones import zone_names
from crm.choices import Role
from crm.errors import CannotSaveUserError, LastAdministratorError
from crm.models import Territory, User
from crm.queries.rates import hourly_cost_on
from crm.services import audit, notifications, rates

ROLES_LOCK = 7_236_365  # any constant; one change of access at a time


@transaction.atomic
def invite_user(
    *,
    actor: User,
    email: str,
    name: str,
    roles: Collection[str],
    hourly_cost: Decimal,
    territory: Territory | None = None,
) -> User:
    """Add a person who cannot sign in before setting a password by a one-time link.

    Raises
    ------
    CannotSaveUserError
        If the address is taken or no role is given.
    """
    _check_roles(roles)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, None, name=name, hourly_cost=hourly_cost, territory=territory
            )
    except IntegrityError as error:
        raise _taken() from error
    user.groups.set(Group.objects.filter(name__in=roles))
    audit.record(actor=actor, action="user.invited", subject=user, roles=sorted(roles))
    return user


@transaction.atomic
def change_user(
    *,
    actor: User,
    user: User,
    email: str,
    name: str,
    roles: Collection[str],
    hourly_cost: Decimal,
    territory: Territory | None = None,
) -> User:
    """Change a person; new roles hold from the next click on.

    Another hourly cost holds from today on; what it was before stays known.

    Raises
    ------
    CannotSaveUserError
        If the address is taken or no role is given.
    LastAdministratorError
        If nobody would remain an administrator.
    """
    _check_roles(roles)
    _lock_roles()
    before = roles_of(user)
    if Role.ADMINISTRATOR not in roles:
        _keep_an_administrator(without=user)
        user.is_superuser = user.is_staff = False
    address = email.lower()
    if address != user.email:
        # Signing in by the old address must end with it.
        EmailAddress.objects.filter(user=user).delete()
    user.email, user.name = address, name
    user.territory = territory
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise _taken() from error
    user.groups.set(Group.objects.filter(name__in=roles))
    if hourly_cost != hourly_cost_on(user, business_today()):
        rates.set_rate(
            actor=actor, user=user, amount=hourly_cost, valid_from=business_today()
        )
    audit.record(
        actor=actor,
        action="user.changed",
        subject=user,
        roles=[sorted(before), sorted(roles)],
    )
    return User.objects.get(pk=user.pk)


@transaction.atomic
def deactivate_user(*, actor: User, user: User) -> User:
    """End a person's access at once: sessions, tokens, password and open links.

    What they own and did stays; who stands in for them is told. Deactivating twice
    changes nothing more.

    Raises
    ------
    LastAdministratorError
        If nobody would remain an administrator.
    CannotSaveUserError
        If somebody would lock themselves out.
    """
    if user.pk == actor.pk:
        raise CannotSaveUserError("Ask another administrator to deactivate you.")
    _lock_roles()
    _keep_an_administrator(without=user)
    if user.is_active:
        user.is_active = False
        _end_access(user)
        audit.record(actor=actor, action="user.deactivated", subject=user)
        notifications.owner_left(actor=actor, owner=user)
    return user


@transaction.atomic
def reactivate_user(*, actor: User, user: User) -> User:
    """Let a person in again; they set a new password by a one-time link."""
    if not user.is_active:
        user.is_active = True
        _end_access(user)
        audit.record(actor=actor, action="user.reactivated", subject=user)
    return user


@transaction.atomic
def reset_access(*, actor: User, user: User) -> User:
    """End all sessions, tokens and older links, so that a new link opens access.

    Raises
    ------
    CannotSaveUserError
        If the person was deactivated.
    """
    if not user.is_active:
        raise CannotSaveUserError("This person was deactivated. Reactivate them first.")
    _end_access(user)
    audit.record(actor=actor, action="user.access_reset", subject=user)
    return user


@transaction.atomic
def create_territory(*, actor: User, name: str) -> Territory:
    """Add an area that reps cover together.

    Raises
    ------
    CannotSaveUserError
        If there is one of this name.
    """
    try:
        with transaction.atomic():
            territory = Territory.objects.create(name=name)
    except IntegrityError as error:
        raise CannotSaveUserError(
            "There is a territory of this name.", field="name"
        ) from error
    audit.record(actor=actor, action="territory.created", subject=territory)
    return territory


def roles_of(user: User) -> set[str]:
    """Return the roles as stored; a superuser counts as an administrator."""
    roles = set(user.groups.values_list("name", flat=True))
    return roles | {Role.ADMINISTRATOR.value} if user.is_superuser else roles


def _check_roles(roles: Collection[str]) -> None:
    if not roles or not set(roles) <= set(Role.values):
        raise CannotSaveUserError("Choose at least one role.", field="roles")


def _taken() -> CannotSaveUserError:
    return CannotSaveUserError("Somebody has this address already.", field="email")


def _lock_roles() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLES_LOCK])


def _keep_an_administrator(*, without: User) -> None:
    is_administrator = Q(groups__name=Role.ADMINISTRATOR) | Q(is_superuser=True)
    others = User.objects.filter(is_administrator, is_active=True)
    if not others.exclude(pk=without.pk).exists():
        raise LastAdministratorError(field="roles")


def _end_access(user: User) -> None:
    """Make password, links, sessions and tokens worthless."""
    user.set_unusable_password()
    user.save(update_fields=["password", "is_active"])
    for session in UserSession.objects.filter(user=user):
        session.end()
    AuthToken.objects.filter(user=user).delete()


def choose_keys(*, actor: User, single_keys: bool) -> None:
    """Switch keys that work without Ctrl on or off, for oneself."""
    actor.single_keys = single_keys
    actor.save(update_fields=["single_keys"])


def choose_zone(*, actor: User, time_zone: str) -> None:
    """Read and type times in another zone from now on; empty: in the firm's.

    Raises
    ------
    CannotSaveUserError
        If there is no such zone.
    """
    if time_zone and time_zone not in zone_names():
        raise CannotSaveUserError("There is no such time zone.", field="time_zone")
    actor.time_zone = time_zone
    actor.save(update_fields=["time_zone"])
