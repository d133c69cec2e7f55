"""A touch is done by what was logged of it, in one act."""

from typing import Any

from django.db import transaction

from campaigns.models import PlannedTouch
from campaigns.services import touches
from crm.choices import Channel
from crm.errors import CannotLogError
from crm.models import Touchpoint, User
from crm.policy import OUTCOMES_WITHOUT_CONTACT
from crm.services import touchpoints


@transaction.atomic
def log_touch(*, actor: User, touch: PlannedTouch, **said: Any) -> Touchpoint:
    """Log a contact that a plan asked for, and count it as the touch; both or neither.

    `said` is what `crm.services.touchpoints.log_touchpoint` takes. Where nobody was
    reached, the attempt is logged and the touch stays open.

    Raises
    ------
    TouchClosedError
        If the touch was done, skipped or cancelled meanwhile.
    CannotLogError
        If the contact cannot have been like that.
    """
    if touch.template.channel == Channel.POST:
        raise CannotLogError("A letter is not logged: say in Today that it was posted.")
    said["note"] = said.get("note") or touch.template.title
    logged = touchpoints.log_touchpoint(actor=actor, account=touch.account, **said)
    if logged.outcome not in OUTCOMES_WITHOUT_CONTACT:
        touches.fulfil(actor=actor, touch=touch, touchpoint=logged)
    return logged
