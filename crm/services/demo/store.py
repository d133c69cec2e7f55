"""Blocks of the demo firm into tables."""

from collections.abc import Mapping, Sequence

import numpy as np

from crm.choices import (
    AccountKind,
    Channel,
    CostKind,
    Direction,
    HoldingStatus,
    LossReason,
    OrderStatus,
    Stage,
    TaskStatus,
    TouchpointSource,
)
from crm.models import (
    Account,
    Consent,
    Contact,
    Holding,
    LedgerEntry,
    LifeEvent,
    Order,
    OrderLine,
    OrderReturn,
    Task,
    Touchpoint,
    Usage,
    User,
)
from crm.services.demo import accounts, addresses, care, notes, things, words
from crm.services.demo.agreements import TERM_DAYS
from crm.services.demo.block import BEYOND, Block
from crm.services.demo.catalogue import CONTRACT, ITEMS, LEASED_SKUS
from crm.services.demo.copying import NULL, Pool, copy_rows
from crm.services.demo.truth import WINDOW_DAYS, Dates, Flags, Ints

SOURCE = "demo"
STAGES = (Stage.PROSPECT, Stage.CUSTOMER, Stage.FORMER)
LOSSES = (
    LossReason.PRICE,
    LossReason.COMPETITOR,
    LossReason.SERVICE,
    LossReason.NO_NEED,
    LossReason.CLOSED,
    LossReason.UNKNOWN,
)
NEVER = np.datetime64("NaT")
MINUTES_PER_HOUR = 60


def store_block(
    block: Block, reps: Sequence[User], event_types: Mapping[str, int]
) -> None:
    """Append everything of one block; foreign keys inside it hold at its end."""
    owner = _owners(block, reps)
    _store_accounts(block, owner, reps)
    _store_people(block)
    _store_orders(block)
    _store_holdings(block)
    _store_agreements(block)
    _store_touches(block, owner)
    _store_ledger(block, reps)
    _store_events(block, event_types)


def _owners(block: Block, reps: Sequence[User]) -> Ints:
    ids = np.array([rep.pk for rep in reps])
    return np.where(block.is_owned, ids[block.firms.territory], NULL)


def _store_accounts(block: Block, owner: Ints, reps: Sequence[User]) -> None:
    firms, size = block.firms, len(block.firms.ids)
    acquired = np.full(size, NEVER, "datetime64[D]")
    acquired[block.customers] = block.dates(block.story.first_day)
    lost = np.full(size, NEVER, "datetime64[D]")
    is_lost = block.lost_day < BEYOND
    lost[block.customers[is_lost]] = block.dates(block.lost_day[is_lost])
    stage = np.where(firms.is_prospect, 0, np.where(np.isnat(lost), 1, 2))
    territories = np.array([rep.territory_id for rep in reps])
    copy_rows(
        Account,
        id=firms.ids,
        name=firms.names,
        kind=AccountKind.FIRM.value,
        stage=Pool(STAGES, stage),
        relationship_type=Pool(accounts.RELATIONSHIPS, firms.relationship),
        industry=Pool([one.name for one in words.INDUSTRIES], firms.industry),
        size_band=Pool(accounts.SIZES, firms.size),
        street=addresses.streets(firms),
        postcode=addresses.postcodes(firms),
        city=Pool([city for city, _, _, _ in accounts.CITIES], firms.city),
        region=Pool([region for _, region, _, _ in accounts.CITIES], firms.city),
        country=Pool(accounts.COUNTRIES, firms.territory),
        phone=block.phones,
        website=block.sites,
        note="",
        owner=owner,
        territory=territories[firms.territory],
        source=Pool(accounts.SOURCES, firms.source),
        parent=_ids_at(firms.ids, firms.parent),
        referred_by=_ids_at(firms.ids, block.referrer),
        won_from=Pool(("", *words.COMPETITORS), firms.rival + 1),
        acquired_on=acquired,
        lost_on=lost,
        # Why an account was lost has nothing to do with the truth: people guess.
        loss_reason=Pool(("", *LOSSES), np.where(stage == 2, 1 + firms.ids % 6, 0)),  # noqa: PLR2004
        external_id=[f"K-{accounts.FIRST_NUMBER + n}" for n in firms.ids.tolist()],
        attributes="{}",
        last_contact_on=_last_contacts(block),
    )


def _ids_at(ids: Ints, place: Ints) -> Ints:
    return np.where(place < 0, NULL, ids[place])


def _last_contacts(block: Block) -> Dates:
    touches = block.touches
    is_contact = touches.channel != care.CHANNELS.index(Channel.NOTE)
    is_contact &= touches.outcome != care.NO_ANSWER
    last = np.full(len(block.firms.ids), -1)
    np.maximum.at(last, touches.firm[is_contact], touches.day[is_contact])
    return np.where(last < 0, NEVER, block.dates(last))


def _store_people(block: Block) -> None:
    people = block.people
    left = block.dates(WINDOW_DAYS - 30 - people.ids % 300)
    copy_rows(
        Contact,
        id=people.ids,
        account=block.firms.ids[people.firm],
        name=people.names,
        title=people.titles,
        email=people.emails,
        phone=people.phones,
        decision_role=Pool(accounts.ROLES, people.role),
        influence=np.ma.masked_equal(people.influence, 0),
        attitude=Pool(accounts.ATTITUDES, people.attitude),
        needs=Pool(words.NEEDS, people.need),
        preferences=Pool(words.PREFERENCES, people.preference),
        socials="{}",
        do_not_contact=people.do_not_contact,
        left_on=np.where(people.has_left, left, NEVER),
    )
    asked = np.flatnonzero(people.ids % 5 < 3)  # noqa: PLR2004  three of five said
    granted = (people.ids[asked] % 9 > 0) & ~people.do_not_contact[asked]
    copy_rows(
        Consent,
        contact=people.ids[asked],
        channel=Channel.EMAIL.value,
        topic=Pool(("Offers", "Magazine"), people.ids[asked] % 2),
        is_granted=granted,
        wording="May Nordlicht Office Supply write to you about its offers?",
        proof=Pool(
            ("Order form", "Web form, confirmed", "On the phone"), people.ids[asked] % 3
        ),
    )


def _store_orders(block: Block) -> None:
    story, lines, returns = block.story, block.lines, block.returns
    ids = block.first.order + np.arange(len(story.day))
    account = block.firms.ids[block.firm_of_order]
    copy_rows(
        Order,
        id=ids,
        account=account,
        ordered_on=block.dates(story.day),
        status=OrderStatus.CONFIRMED.value,
        source=SOURCE,
        external_id=[f"N-{n:06d}" for n in ids.tolist()],
    )
    shelf = block.shelf
    line_ids = block.first.line + np.arange(len(lines.order))
    unknown = ~shelf.is_cost_known[lines.item]
    copy_rows(
        OrderLine,
        id=line_ids,
        order=ids[lines.order],
        account=account[lines.order],
        ordered_on=block.dates(story.day[lines.order]),
        status=OrderStatus.CONFIRMED.value,
        product=shelf.row[lines.item] + 1,
        quantity=lines.quantity * 1_000,
        unit_price=shelf.price[lines.item] * 100,
        discount=lines.discount,
        unit_cost=np.ma.masked_array(shelf.cost[lines.item] * 100, unknown),
    )
    order = lines.order[returns.line]
    copy_rows(
        OrderReturn,
        line=line_ids[returns.line],
        account=account[order],
        returned_on=block.dates(returns.day),
        quantity=returns.quantity * 1_000,
        refund=returns.refund,
        cost_recovered=returns.recovered,
        reason=Pool(
            ("Wrong article", "Damaged in transit", "Ordered too many", "Not needed"),
            returns.line % 4,
        ),
        source=SOURCE,
    )


def _store_holdings(block: Block) -> None:
    held, use = block.holdings, block.use
    rows = {item.sku: row + 1 for row, item in enumerate(ITEMS)}
    products = np.array([rows[sku] for sku in LEASED_SKUS])
    ids = block.first.holding + np.arange(len(held.customer))
    copy_rows(
        Holding,
        id=ids,
        account=block.firms.ids[block.customers[held.customer]],
        product=products[held.item],
        quantity=held.quantity * 1_000,
        acquired_on=block.dates(held.begin),
        ends_on=block.dates(held.end),
        status=held.statuses,
    )
    this_month = (block.begin + WINDOW_DAYS - 1).astype("datetime64[M]")
    copy_rows(
        Usage,
        holding=ids[use.holding],
        metric=Pool(things.METRICS, use.metric),
        month=(this_month - use.month).astype("datetime64[D]"),
        value=use.value,
        value_note=Pool(("", *notes.VALUE_NOTES), use.note),
    )


def _store_agreements(block: Block) -> None:
    """Append one holding for each term of each contract, in a chain."""
    agreed = block.agreed
    row = np.repeat(np.arange(len(agreed.terms)), agreed.terms)
    number = np.arange(row.size) - (np.cumsum(agreed.terms) - agreed.terms)[row]
    is_last = number == agreed.terms[row] - 1
    ids = block.first.holding + len(block.holdings.customer) + np.arange(row.size)
    begin = agreed.begin[row] + TERM_DAYS * number
    statuses = (HoldingStatus.REPLACED, HoldingStatus.ENDED, HoldingStatus.ACTIVE)
    copy_rows(
        Holding,
        id=ids,
        account=block.firms.ids[block.customers[agreed.customer[row]]],
        product=np.full(row.size, ITEMS.index(CONTRACT) + 1),
        quantity=agreed.units[row] * 1_000,
        acquired_on=block.dates(begin),
        ends_on=block.dates(begin + TERM_DAYS),
        status=Pool(statuses, is_last * (1 + agreed.is_running[row])),
        replaced_by=np.where(is_last, NULL, ids + 1),
    )


def _store_touches(block: Block, owner: Ints) -> None:
    touches, tasks = block.touches, block.tasks
    ids = block.first.touchpoint + np.arange(len(touches.firm))
    ratings = np.ma.masked_equal(touches.ratings, 0)
    has_note_only = touches.channel == care.CHANNELS.index(Channel.NOTE)
    direction = np.where(has_note_only, 2, touches.is_inbound)
    copy_rows(
        Touchpoint,
        id=ids,
        account=block.firms.ids[touches.firm],
        contact=block.people.ids[touches.person],
        user=owner[touches.firm],
        channel=Pool(care.CHANNELS, touches.channel),
        direction=Pool((Direction.OUT, Direction.IN, Direction.NONE), direction),
        occurred_at=_moments(block, touches.minute),
        minutes=np.ma.masked_equal(touches.minutes, 0),
        note=touches.notes,
        outcome=Pool(care.OUTCOMES, touches.outcome),
        phase=Pool(care.PHASES, touches.phase),
        care=Pool(care.CARES, touches.care),
        rating_people=ratings[:, 0],
        rating_information=ratings[:, 1],
        rating_deliverables=ratings[:, 2],
        source=TouchpointSource.DEMO.value,
    )
    firm = touches.firm[tasks.touch]
    done = _moments(block, tasks.due * care.MINUTES_PER_DAY + 13 * MINUTES_PER_HOUR)
    copy_rows(
        Task,
        account=block.firms.ids[firm],
        owner=owner[firm],
        title=tasks.titles,
        due_on=block.dates(tasks.due),
        status=Pool((TaskStatus.DONE, TaskStatus.OPEN), tasks.is_open.astype(np.int64)),
        done_at=np.where(tasks.is_open, np.datetime64("NaT"), done),
        touchpoint=ids[tasks.touch],
        created_by=owner[firm],
    )


def _moments(block: Block, minute: Ints) -> Dates:
    moments: Dates = block.begin.astype("datetime64[m]") + minute
    return moments


def _store_ledger(block: Block, reps: Sequence[User]) -> None:
    for part in block.ledger:
        copy_rows(
            LedgerEntry,
            account=block.firms.ids[part.firm],
            kind=part.kind.value,
            amount=part.amount,
            incurred_on=block.dates(part.day),
            document="",
            note=Pool(part.notes, part.note),
            source=SOURCE,
        )
    hourly = np.array([int(rep.hourly_cost * 100) for rep in reps])
    touches = block.touches
    rate = hourly[block.firms.territory[touches.firm]]
    # Minutes × hourly cost, rounded half up to the cent.
    cents = (touches.minutes * rate * 2 + MINUTES_PER_HOUR) // (2 * MINUTES_PER_HOUR)
    paid = np.flatnonzero(cents > 0)
    ids = block.first.touchpoint + paid
    copy_rows(
        LedgerEntry,
        account=block.firms.ids[touches.firm[paid]],
        kind=CostKind.ACCOUNT_MANAGEMENT.value,
        amount=cents[paid],
        incurred_on=block.dates(touches.day[paid]),
        touchpoint=ids,
        document="",
        note=Pool(_minute_notes(), touches.minutes[paid]),
        source=SOURCE,
    )


def _minute_notes() -> list[str]:
    most = int(care.MINUTES.max())
    return [f"{n} minutes of contact" for n in range(most + 1)]


def _store_events(block: Block, event_types: Mapping[str, int]) -> None:
    events = block.events
    kinds = np.array([event_types[key] for key in notes.EVENT_ODDS])
    personal: Flags = events.kind == list(notes.EVENT_ODDS).index("birth")
    copy_rows(
        LifeEvent,
        account=block.firms.ids[events.firm],
        contact=np.where(personal, block.people.ids[events.person], NULL),
        type=kinds[events.kind],
        occurred_on=block.dates(events.day),
        note=events.notes,
        source=SOURCE,
    )
