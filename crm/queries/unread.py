"""How many notifications wait for a person."""

from crm.models import Notification, User

MOST_COUNTED = 100


def unread_count(user: User) -> int:
    """Return how many are unread; a hundred stands for more."""
    rows = Notification.objects.visible_to(user).unread().order_by()
    return rows[:MOST_COUNTED].count()
