"""Words of what is captured without typing."""

from django.db.models import TextChoices


class MailboxSecurity(TextChoices):
    """How a connection to a mailbox is protected."""

    TLS = "tls", "TLS from the start (port 993)"
    STARTTLS = "starttls", "STARTTLS (port 143)"
    NONE = "none", "None, only within the own network"


class MeetingStatus(TextChoices):
    """Where a meeting of a calendar stands."""

    PROPOSED = "proposed", "Proposed"
    LOGGED = "logged", "Logged"
    DISMISSED = "dismissed", "Did not take place"
    WITHDRAWN = "withdrawn", "Withdrawn by the calendar"
