"""The people of Nordlicht Office Supply, who sign in to look around."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from crm.choices import Role
from crm.models import Territory, User
from crm.services.demo.words import TERRITORIES

DOMAIN = "nordlicht.example"


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    address: str
    role: Role
    hourly_cost: str
    territory: str = ""

    @property
    def email(self) -> str:
        return f"{self.address}@{DOMAIN}"


_AREAS = tuple(TERRITORIES)
MEMBERS = (
    Member("Rita Petersen", "rita.rep", Role.REP, "58.00", _AREAS[0]),
    Member("Jonas Ahlers", "jonas.rep", Role.REP, "54.00", _AREAS[1]),
    Member("Anke Lüders", "anke.rep", Role.REP, "56.00", _AREAS[2]),
    Member("Mette Kjær", "mette.rep", Role.REP, "66.00", _AREAS[3]),
    Member("Pieter Hoekstra", "pieter.rep", Role.REP, "60.00", _AREAS[4]),
    Member("Ewa Kowalczyk", "ewa.rep", Role.REP, "42.00", _AREAS[5]),
    Member("Maren Johannsen", "maren.manager", Role.MANAGER, "88.00"),
    Member("Malte Thomsen", "malte.marketer", Role.MARKETER, "62.00"),
    Member("Ada Brandt", "ada.admin", Role.ADMINISTRATOR, "64.00"),
)


def hire(password: str) -> list[User]:
    """Create territories and people; returns the reps in the order of territories."""
    areas = {name: Territory.objects.create(name=name) for name in _AREAS}
    # Hashing is slow on purpose; all nine share one password and so one hash.
    hashed = make_password(password)
    users = User.objects.bulk_create(
        User(
            email=member.email,
            name=member.name,
            password=hashed,
            hourly_cost=Decimal(member.hourly_cost),
            territory=areas.get(member.territory),
        )
        for member in MEMBERS
    )
    for user, member in zip(users, MEMBERS, strict=True):
        user.groups.add(Group.objects.get(name=member.role))
    return users[: len(_AREAS)]
