"""The four worth classes, from most to least worth caring for."""

from django.db.models import TextChoices


class WorthClass(TextChoices):
    CURRENT_KEY = "current_key", "Current key"
    POTENTIAL_KEY = "potential_key", "Potential key"
    GENERAL = "general", "General"
    NEVER_PROFITABLE = "never_profitable", "Never profitable"

    @property
    def rank(self) -> int:
        """Return 1 for the most valuable class to 4."""
        return list(type(self)).index(self) + 1


class Dimension(TextChoices):
    """What worth is summed up by each night, beside the class."""

    OWNER = "owner", "Rep"
    TERRITORY = "territory", "Territory"
    INDUSTRY = "industry", "Industry"
    RELATIONSHIP = "relationship", "Relationship"
