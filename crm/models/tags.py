"""Tags: coloured words that people put on accounts and contacts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from common.versions import Versioned
from crm.choices import TagColour


class Tag(Versioned):
    """One word of the firm's own, the same for accounts and contacts.

    One that is retired stays where it is, and is put on nothing more.
    """

    name = models.CharField(max_length=60)
    colour = models.CharField(
        max_length=10, choices=TagColour.choices, default=TagColour.GREY
    )
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="tag_name_unique_any_case"),
            models.CheckConstraint(condition=~Q(name=""), name="tag_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
