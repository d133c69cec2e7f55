"""Calendar feeds: what a person's own calendar program reads from us."""

from django.db import models
from django.db.models.functions import Now

from crm.models.users import User


class CalendarFeed(models.Model):
    """The secret address of one person's calendar; only its hash is kept."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"feed of {self.user_id}"
