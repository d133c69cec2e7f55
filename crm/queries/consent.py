"""What people allow: the wishes that count, and whom one may approach how."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from common.clock import business_today
from crm import policy
from crm.choices import Channel, Direction
from crm.models import Consent, Contact, Touchpoint


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one person may not be approached; `code` is stable, `message` is for people.

    Codes: left, do_not_contact, withdrawn, no_consent, cap.
    """

    code: str
    message: str


def may_contact(
    contact: Contact,
    channel: str,
    topic: str | None = None,
    *,
    at: dt.datetime | None = None,
    but: int | None = None,
) -> Refusal | None:
    """Return why nobody may approach this person over `channel`, or None if one may.

    Who left and who asked to be left alone is refused; so is a channel whose newest
    wish is no, for all topics or for this one. Writing about a topic over a channel of
    OPT_IN_CHANNELS needs a yes. Channels such as meetings, which a person takes part in
    themselves, are only refused when the person left. Who set a limit is not contacted
    more often within CAP_WINDOW before `at` (now); the contact `but` does not count.
    Reads `contact.consents`, which lists prefetch, and asks once for who set a limit.
    """
    refused = refused_on_record(contact, channel, topic)
    if refused or channel not in policy.REFUSABLE_CHANNELS:
        return refused
    return _refused_by_cap(contact, at or timezone.now(), but)


def refused_on_record(
    contact: Contact, channel: str, topic: str | None = None
) -> Refusal | None:
    """Return what of a person's own record forbids, however often we were in touch.

    Lists ask this: it needs no query where `contact.consents` is prefetched.
    """
    if contact.has_left(business_today()):
        return Refusal("left", f"{contact} left on {contact.left_on:%d %b %Y}.")
    if channel not in policy.REFUSABLE_CHANNELS:
        return None
    if contact.do_not_contact:
        why = contact.do_not_contact_reason
        reason = f" ({why})" if why else ""
        return Refusal(
            "do_not_contact", f"{contact} asked not to be contacted{reason}."
        )
    return _refused_by_wish(contact, channel, (topic or "").strip())


def contacts_within_cap(contact: Contact, at: dt.datetime) -> QuerySet[Touchpoint]:
    """Return what counts against a person's limit at a moment, the oldest first."""
    rows = Touchpoint.objects.standing().filter(
        contact=contact,
        direction=Direction.OUT,
        channel__in=policy.REFUSABLE_CHANNELS,
        occurred_at__gt=at - policy.CAP_WINDOW,
        occurred_at__lte=at,
    )
    return rows.exclude(outcome__in=policy.OUTCOMES_WITHOUT_CONTACT).order_by(
        "occurred_at", "pk"
    )


def _refused_by_cap(
    contact: Contact, at: dt.datetime, but: int | None
) -> Refusal | None:
    cap = contact.contact_cap
    if cap is None or contact.pk is None:
        return None
    moments = list(
        contacts_within_cap(contact, at)
        .exclude(pk=but or 0)
        .values_list("occurred_at", flat=True)
    )
    if len(moments) < cap:
        return None
    free_on = timezone.localdate(moments[-cap] + policy.CAP_WINDOW)
    times = "once" if cap == 1 else f"{cap} times"
    return Refusal(
        "cap",
        f"{contact} wants to hear from us {times} in {policy.CAP_WINDOW.days} days at "
        f"most, and has. The next is welcome from {free_on:%d %b %Y}.",
    )


def current_wishes(contact: Contact) -> list[Consent]:
    """Return the wish that counts for each channel and topic, newest first."""
    newest: dict[tuple[str, str], Consent] = {}
    for consent in sorted(contact.consents.all(), key=_said, reverse=True):
        newest.setdefault((consent.channel, consent.topic.casefold()), consent)
    return list(newest.values())


def _said(consent: Consent) -> tuple[dt.date, dt.datetime, int]:
    return consent.said_on, consent.recorded_at, consent.pk


def _refused_by_wish(contact: Contact, channel: str, topic: str) -> Refusal | None:
    wishes = {
        wish.topic.casefold(): wish
        for wish in current_wishes(contact)
        if wish.channel == channel
    }
    general, special = wishes.get(""), wishes.get(topic.casefold()) if topic else None
    if special is not None and not special.is_granted:
        return _withdrawn(contact, special)
    is_renewed = special is not None and general and _said(special) > _said(general)
    if general is not None and not general.is_granted and not is_renewed:
        return _withdrawn(contact, general)
    if topic and channel in policy.OPT_IN_CHANNELS and not (general or special):
        label = str(Channel(channel).label).lower()
        return Refusal(
            "no_consent",
            f"{contact} has not agreed to {label} about {topic}. Ask first, and record "
            "the answer with its proof.",
        )
    return None


def _withdrawn(contact: Contact, wish: Consent) -> Refusal:
    label = str(wish.get_channel_display()).lower()
    about = f" about {wish.topic}" if wish.topic else ""
    return Refusal(
        "withdrawn",
        f"{contact} said no to {label}{about} on {wish.said_on:%d %b %Y}.",
    )
