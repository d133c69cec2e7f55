"""What a class-wide touch goes to: how many, who is left out why, and how it reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet

from campaigns import policy
from campaigns.engine.letters import not_covered
from campaigns.engine.merge import BadFieldError, gaps, merge
from campaigns.models import PlannedTouch
from campaigns.queries.letters import address_of, is_complete, recipients_of
from campaigns.queries.merging import values_of
from campaigns.queries.recipients import Recipient
from crm.models import Account, Contact

SAMPLES = 5
LOOKED_AT = 500  # for who is left out; the service judges all


@dataclass(frozen=True, slots=True)
class Sample:
    """A text as it reads for one account; `problem` says why it cannot be merged."""

    account: Account
    contact: Contact | None
    subject: str = ""
    body: str = ""
    gaps: Sequence[str] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One account that does not get it, or not now, and why."""

    account: Account
    why: str
    is_for_now: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets a touch of many: the first ones judged, and how many there are."""

    count: int
    last: int
    left_out: Sequence[LeftOut]
    no_address: Sequence[Account]
    looked_at: int
    scripts: Sequence[str]

    @property
    def parts(self) -> range:
        """Return the files of letters, from 1."""
        return range(1, -(-self.count // policy.MOST_LETTERS) + 1)


def audience(rows: QuerySet[PlannedTouch]) -> Audience:
    """Return who the touches are for."""
    count = rows.count()
    last = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    some = list(in_order(rows)[:LOOKED_AT])
    people = recipients_of(some)
    left_out = [
        LeftOut(touch.account, found.refusal.message, found.is_for_now)
        for touch in some
        if (found := people[touch.account_id]).refusal
    ]
    texts = [line for t in some for line in address_of(t.account, None)]
    return Audience(
        count=count,
        last=last,
        left_out=left_out,
        no_address=[t.account for t in some if not is_complete(t.account)],
        looked_at=len(some),
        scripts=not_covered(texts),
    )


def in_order(rows: QuerySet[PlannedTouch]) -> QuerySet[PlannedTouch]:
    """Return touches as a file of letters has them: by account, then by number."""
    related = rows.select_related("account__owner", "template")
    return related.order_by("account__name", "pk")


def samples_of(
    subject: str, body: str, accounts: Sequence[Account], people: dict[int, Recipient]
) -> list[Sample]:
    """Return how a text reads for each account."""
    return [_sample(subject, body, one, people.get(one.pk)) for one in accounts]


def sample_accounts(rows: QuerySet[Account]) -> list[Account]:
    """Return a few accounts that differ: those with people whose needs are known."""
    told = rows.filter(contacts__left_on=None).exclude(contacts__needs="")
    found = list(told.select_related("owner").order_by("pk").distinct()[:SAMPLES])
    if len(found) < SAMPLES:
        others = rows.exclude(pk__in=[one.pk for one in found]).select_related("owner")
        order = F("last_contact_on").desc(nulls_last=True)
        found += others.order_by(order, "pk")[: SAMPLES - len(found)]
    return found


def _sample(
    subject: str, body: str, account: Account, found: Recipient | None
) -> Sample:
    contact = found.contact if found else None
    values = values_of(account, contact)
    try:
        return Sample(
            account,
            contact,
            merge(subject, values),
            merge(body, values),
            list(dict.fromkeys([*gaps(subject, values), *gaps(body, values)])),
            found.refusal.message if found and found.refusal else "",
        )
    except BadFieldError as error:
        return Sample(account, contact, problem=str(error))
