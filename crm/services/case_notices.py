"""What people are told of cases.

The texts name no account, so a case may be told to who does not see the account.
"""

from django.urls import reverse

from crm.choices import NotificationKind
from crm.models import Case, User
from crm.services import notifications

LONGEST_TITLE = 120


def url_of(case: Case) -> str:
    return reverse("campaigns:case_detail", args=[case.pk])


def brief(case: Case) -> str:
    """Return number and title, short enough for a sentence."""
    title = case.title
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 1]}…"
    return f"{case.number} “{title}”"


def given(*, actor: User | None, case: Case) -> None:
    """Tell the owner that a case is theirs now."""
    _say(actor, case.owner, case, f"{actor} gave you the case {brief(case)}.")


def escalated(*, actor: User | None, case: Case, to: User, reason: str) -> None:
    """Tell the person to whom a case was escalated, and its owner."""
    why = f": {reason[:200]}" if reason else "."
    who = str(actor) if actor else "The clock"
    _say(actor, to, case, f"{who} escalated the case {brief(case)} to you{why}")
    if case.owner != to:
        _say(actor, case.owner, case, f"{who} escalated {brief(case)} to {to}{why}")


def customer_wrote(*, actor: User | None, case: Case) -> None:
    _say(actor, case.owner, case, f"The customer wrote again about {brief(case)}.")


def told(*, user: User, case: Case, text: str) -> None:
    """Tell somebody what a clock says."""
    _say(None, user, case, text)


def _say(actor: User | None, user: User | None, case: Case, text: str) -> None:
    """Tell `user`, unless it was their own act; without an actor the clock speaks."""
    if actor is None:
        notifications.tell(
            user=user, kind=NotificationKind.CASE, text=text, url=url_of(case)
        )
        return
    notifications.notify(
        user=user,
        actor=actor,
        kind=NotificationKind.CASE,
        text=text,
        url=url_of(case),
    )
