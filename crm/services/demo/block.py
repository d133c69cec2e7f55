"""One block of the demo firm: some thousand accounts with all that happened to them."""

from dataclasses import dataclass

import numpy as np

from crm.choices import Source
from crm.services.demo import accounts, agreements, care, costs, orders, things, truth
from crm.services.demo.catalogue import Shelf
from crm.services.demo.truth import (
    DAYS_PER_YEAR,
    WINDOW_DAYS,
    Dates,
    Flags,
    Floats,
    Ints,
)

BEYOND = 10 * WINDOW_DAYS  # a day that never comes
LOST_AFTER_DAYS = (110, 240)  # of silence, an account that has left is called lost
SILENT_INTERVALS = 3.0  # and after this many of its usual intervals
CALLED_LOST = 0.8


@dataclass(frozen=True, slots=True)
class FirstIds:
    """The first free number of each table that a block numbers itself."""

    account: int = 1
    contact: int = 1
    order: int = 1
    line: int = 1
    holding: int = 1
    touchpoint: int = 1

    def after(self, block: "Block") -> "FirstIds":
        return FirstIds(
            account=self.account + len(block.firms.ids),
            contact=self.contact + len(block.people.ids),
            order=self.order + len(block.story.day),
            line=self.line + len(block.lines.order),
            holding=self.holding
            + len(block.holdings.customer)
            + int(block.agreed.terms.sum()),
            touchpoint=self.touchpoint + len(block.touches.firm),
        )


@dataclass(frozen=True, slots=True)
class Block:
    """Everything drawn for one block. `customers` are places of buyers in `firms`."""

    first: FirstIds
    begin: np.datetime64
    firms: accounts.Firms
    sites: list[str]
    phones: list[str]
    people: accounts.People
    customers: Ints
    traits: truth.Traits
    story: truth.Story
    shelf: Shelf
    lines: orders.Lines
    returns: orders.Returns
    lost_day: Ints  # per customer, BEYOND if not lost
    referrer: Ints  # per account, place of another account or -1
    is_owned: Flags
    touches: care.Touches
    tasks: care.Promises
    events: care.Heard
    holdings: things.Holdings
    use: things.Use
    agreed: agreements.Agreements
    ledger: list[costs.Costs]

    @property
    def revenue(self) -> Ints:
        """Return each line's revenue in cents."""
        return orders.line_revenue(self.lines, self.shelf)

    @property
    def firm_of_order(self) -> Ints:
        return self.customers[self.story.customer]

    def dates(self, day: Ints) -> Dates:
        return self.begin + day


def draw_block(
    rng: np.random.Generator,
    model: truth.Truth,
    shelf: Shelf,
    first: FirstIds,
    is_owned: Flags,
    begin: np.datetime64,
) -> Block:
    """Draw one block; the same generator state gives the same block."""
    firms = accounts.draw_firms(rng, model, first.account + np.arange(len(is_owned)))
    sites = accounts.websites(firms)
    people = accounts.draw_people(rng, firms, sites, first.contact)
    customers = np.flatnonzero(~firms.is_prospect)
    traits = truth.draw_traits(
        rng, model, firms.rate_factor[customers], firms.margin_factor[customers]
    )
    story = truth.act_out(rng, model, traits, begin)
    # Their own chance, so that all others stay who they are.
    traits, story, agreed = agreements.agree(
        rng.spawn(1)[0], model, traits, story, begin
    )
    lines = orders.fill_orders(rng, story, shelf)
    returns = orders.make_returns(rng, model, story, lines, shelf)
    left_day = _left_days(story)
    lost_day = _lost_days(rng, traits, left_day)
    met = np.maximum(
        WINDOW_DAYS - rng.integers(10, care.PROSPECT_DAYS, len(is_owned)), 0
    )
    met[customers] = story.first_day
    cared = _cared(
        rng,
        firms=firms,
        customers=customers,
        traits=traits,
        story=story,
        left_day=left_day,
        met=met,
        is_owned=is_owned,
    )
    touches = care.draw_touches(rng, cared, people, begin)
    holdings = things.draw_holdings(
        rng, firms.size[customers], story.first_day, left_day
    )
    return Block(
        first=first,
        begin=begin,
        firms=firms,
        sites=sites,
        phones=accounts.phones(rng, firms),
        people=people,
        customers=customers,
        traits=traits,
        story=story,
        shelf=shelf,
        lines=lines,
        returns=returns,
        lost_day=lost_day,
        referrer=_referrers(rng, firms, met),
        is_owned=is_owned,
        touches=touches,
        tasks=care.draw_tasks(rng, touches, people),
        events=care.draw_events(rng, cared, people),
        holdings=holdings,
        use=things.draw_use(rng, holdings),
        agreed=agreed,
        ledger=_costs(
            rng,
            firms=firms,
            customers=customers,
            traits=traits,
            story=story,
            shelf=shelf,
            lines=lines,
            returns=returns,
            met=met,
        ),
    )


def _left_days(story: truth.Story) -> Ints:
    """Return the day of the last order of those who have left, else BEYOND."""
    size = len(story.is_alive)
    last = np.searchsorted(story.customer, np.arange(size), side="right") - 1
    return np.where(story.is_alive, BEYOND, story.day[last])


def _lost_days(rng: np.random.Generator, traits: truth.Traits, left: Ints) -> Ints:
    """Call most of those lost who have left and been silent for long."""
    wait = rng.integers(*LOST_AFTER_DAYS, len(left))
    wait = np.maximum(wait, SILENT_INTERVALS / traits.rate).astype(np.int64)
    noticed = rng.random(len(left)) < CALLED_LOST
    day = left + wait
    return np.where(noticed & (day < WINDOW_DAYS - 1), day, BEYOND)


def _cared(
    rng: np.random.Generator,
    *,
    firms: accounts.Firms,
    customers: Ints,
    traits: truth.Traits,
    story: truth.Story,
    left_day: Ints,
    met: Ints,
    is_owned: Flags,
) -> care.Cared:
    """Say how much attention each owned account gets, and from when to when."""
    size = len(is_owned)
    per_year = care.TOUCHES_PER_YEAR[firms.size] * rng.lognormal(-0.1, 0.5, size)
    first_order, left = np.full(size, BEYOND), np.full(size, BEYOND)
    per_year[firms.is_prospect] = care.PROSPECT_TOUCHES
    per_year[customers[traits.is_darling]] = care.DARLING_TOUCHES
    per_year[customers[traits.is_gem]] = care.GEM_TOUCHES
    first_order[customers], left[customers] = story.first_day, left_day
    is_darling = np.zeros(size, bool)
    is_darling[customers] = traits.is_darling
    end = np.minimum(left + care.GIVING_UP_DAYS, WINDOW_DAYS - 1)
    owned = np.flatnonzero(is_owned)
    return care.Cared(
        firm=owned,
        begin=np.maximum(met - care.COURTING_DAYS * ~firms.is_prospect, 0)[owned],
        end=end[owned],
        first_order=first_order[owned],
        left=left[owned],
        per_year=per_year[owned],
        is_darling=is_darling[owned],
    )


def _referrers(rng: np.random.Generator, firms: accounts.Firms, met: Ints) -> Ints:
    """Name for each referred account a customer who came before it."""
    buyers = np.flatnonzero(~firms.is_prospect)
    buyers = buyers[np.argsort(met[buyers], kind="stable")]
    earlier = np.searchsorted(met[buyers], met)
    pick = np.floor(rng.random(len(met)) * earlier).astype(np.int64)
    is_referred = firms.source == accounts.SOURCES.index(Source.REFERRAL)
    return np.where(is_referred & (earlier > 0), buyers[pick], -1)


def _costs(
    rng: np.random.Generator,
    *,
    firms: accounts.Firms,
    customers: Ints,
    traits: truth.Traits,
    story: truth.Story,
    shelf: Shelf,
    lines: orders.Lines,
    returns: orders.Returns,
    met: Ints,
) -> list[costs.Costs]:
    revenue = np.bincount(lines.order, orders.line_revenue(lines, shelf))
    end = np.minimum(_left_days(story) + LOST_AFTER_DAYS[0], WINDOW_DAYS - 1)
    firm_of_line = customers[story.customer[lines.order]]
    return [
        costs.winning(rng, firms, met),
        costs.onboarding(rng, firms, customers, story.first_day),
        costs.delivery(
            rng, story, customers, revenue.astype(np.int64), traits.is_darling
        ),
        costs.dunning(rng, story, customers),
        costs.handling(rng, returns, firm_of_line),
        costs.mailings(rng, customers, story.first_day, end),
        costs.service(rng, customers, story.first_day, end, traits),
    ]


def revenue_between(block: Block, start: int, end: int) -> Ints:
    """Return cents of revenue per account of the block in days [start, end)."""
    day = block.story.day[block.lines.order]
    counted = (day >= start) & (day < end)
    firm = block.firm_of_order[block.lines.order]
    total = np.bincount(firm[counted], block.revenue[counted], len(block.firms.ids))
    return total.astype(np.int64)


def true_margin(block: Block, model: truth.Truth) -> Floats:
    """Return each customer's true mean margin of the next 36 months, after returns."""
    count = truth.expected_orders(block.traits, block.story.is_alive)
    margin = count * block.traits.margin * (1 - model.return_loss)
    agreed = block.agreed
    margin[agreed.customer] = agreements.true_margin(agreed, block.traits, model)
    return margin


def true_orders_per_year(block: Block) -> Floats:
    per_year = block.traits.rate * DAYS_PER_YEAR
    agreed = block.agreed
    per_year[agreed.customer] = agreements.true_orders_per_year(agreed, block.traits)
    return per_year
