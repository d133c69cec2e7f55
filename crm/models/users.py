"""People who sign in, and where they sell."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models.functions import Lower
from knox.models import AuthToken

from crm.choices import Role


class Territory(models.Model):
    """An area that reps cover together."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TokenTerms(models.Model):
    """What somebody calls an API token of theirs, and whether it may write.

    A token made by the command has none: it has no name and may do what its person may.
    """

    token = models.OneToOneField(
        AuthToken, models.CASCADE, primary_key=True, related_name="terms"
    )
    name = models.CharField(max_length=100)
    may_write = models.BooleanField()

    class Meta:
        verbose_name_plural = "token terms"

    def __str__(self) -> str:
        return self.name


class TokenUse(models.Model):
    """When an API token last opened, to the minute; none: never since it is noted."""

    token = models.OneToOneField(
        AuthToken, models.CASCADE, primary_key=True, related_name="use"
    )
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.used_at:%Y-%m-%d %H:%M}"


class UserManager(DjangoUserManager["User"]):
    """Makes users from e-mail addresses; there are no user names."""

    def _create_user(self, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self._create_user(email, password, **fields)

    def create_superuser(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        fields |= {"is_staff": True, "is_superuser": True}
        return self._create_user(email, password, **fields)


class User(AbstractUser):
    """Somebody who signs in. Roles are groups; the hourly cost prices their minutes.

    `hourly_cost` is what counts before the first `HourlyRate`, which says since when
    an hour costs more or less.
    """

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    hourly_cost = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal("60.00")
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="users"
    )

    # Times are shown and typed in it; empty: the firm's. Days stay the firm's.
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")

    # Somebody who dictates, or whose keys slip, needs keys without Ctrl to do nothing.
    single_keys = models.BooleanField(default=True, db_default=True)

    wants_digest = models.BooleanField(default=True, db_default=True)
    digest_on = models.DateField(
        null=True,
        blank=True,
        editable=False,
        help_text="the last day on which the daily mail was seen to",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_any_case"),
            models.CheckConstraint(
                condition=models.Q(hourly_cost__gte=0),
                name="user_hourly_cost_not_below_0",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles held, read once per loaded user."""
        if not hasattr(self, "_roles"):
            names = set(self.groups.values_list("name", flat=True))
            self._roles = frozenset(role for role in Role if role.value in names)
        return self._roles

    @property
    def sees_every_account(self) -> bool:
        """Reps see what they own; everybody else works across the firm."""
        return self.is_superuser or bool(self.roles - {Role.REP})
