"""The accounts of the demo firm and the people there."""

import unicodedata
from dataclasses import dataclass

import numpy as np

from crm.choices import Attitude, DecisionRole, RelationshipType, SizeBand, Source
from crm.services.demo import words
from crm.services.demo.truth import SIZE_MARGIN, SIZE_RATE, Flags, Floats, Ints, Truth

SIZES = (SizeBand.MICRO, SizeBand.SMALL, SizeBand.MEDIUM, SizeBand.LARGE)
SIZE_ODDS = (0.34, 0.38, 0.21, 0.07)
SOURCES = (
    Source.REFERRAL,
    Source.OUTBOUND,
    Source.TRADE_FAIR,
    Source.WEB,
    Source.ADVERTISING,
    Source.PARTNER,
)
SOURCE_ODDS = (0.19, 0.26, 0.15, 0.24, 0.10, 0.06)
RELATIONSHIPS = (
    RelationshipType.TRANSACTIONAL,
    RelationshipType.CONTRACT,
    RelationshipType.PARTNER,
    RelationshipType.RESELLER,
    RelationshipType.UNKNOWN,
)
RELATIONSHIP_ODDS = (0.58, 0.24, 0.04, 0.03, 0.11)
SUBSIDIARIES = 0.03
WON_FROM_RIVAL = 0.12
FIRST_NUMBER = 10_000  # customer numbers look like K-10001
LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "ł": "l"}
)
TERRITORIES = tuple(words.TERRITORIES)
COUNTRIES = tuple(country for country, _, _ in words.TERRITORIES.values())
CITIES = tuple(
    (name, region, at, weight)
    for at, (_, _, cities) in enumerate(words.TERRITORIES.values())
    for name, (region, weight) in cities.items()
)


@dataclass(frozen=True, slots=True)
class Firms:
    """A block of accounts; indexes point into the tuples above."""

    ids: Ints
    names: list[str]
    territory: Ints
    city: Ints
    industry: Ints
    size: Ints
    source: Ints
    relationship: Ints
    parent: Ints  # place in the block, or -1
    rival: Ints  # place in COMPETITORS, or -1
    is_prospect: Flags

    @property
    def rate_factor(self) -> Floats:
        by_industry = np.array([one.rate for one in words.INDUSTRIES])
        by_size = np.array([SIZE_RATE[size] for size in SIZES])
        factor: Floats = by_industry[self.industry] * by_size[self.size]
        return factor

    @property
    def margin_factor(self) -> Floats:
        by_industry = np.array([one.margin for one in words.INDUSTRIES])
        by_size = np.array([SIZE_MARGIN[size] for size in SIZES])
        factor: Floats = by_industry[self.industry] * by_size[self.size]
        return factor

    def country(self, place: int) -> str:
        return COUNTRIES[int(self.territory[place])]


def draw_firms(rng: np.random.Generator, truth: Truth, ids: Ints) -> Firms:
    size = len(ids)
    weights = np.array([weight for _, _, _, weight in CITIES], float)
    homes = np.array([at for _, _, at, _ in CITIES])
    shares = np.array([share for _, share, _ in words.TERRITORIES.values()])
    inside = np.bincount(homes, weights)
    city = rng.choice(len(CITIES), size, p=weights / inside[homes] * shares[homes])
    trades = np.array([one.weight for one in words.INDUSTRIES])
    territory, band = homes[city], rng.choice(len(SIZES), size, p=SIZE_ODDS)
    industry = rng.choice(len(trades), size, p=trades / trades.sum())
    is_prospect = rng.random(size) < truth.prospects
    is_prospect[0] = False  # somebody has to buy
    firms = Firms(
        ids=ids,
        names=[],
        territory=territory,
        city=city,
        industry=industry,
        size=band,
        source=rng.choice(len(SOURCES), size, p=SOURCE_ODDS),
        relationship=rng.choice(len(RELATIONSHIPS), size, p=RELATIONSHIP_ODDS),
        parent=_draw_parents(rng, territory, band),
        rival=np.where(
            rng.random(size) < WON_FROM_RIVAL,
            rng.integers(0, len(words.COMPETITORS), size),
            -1,
        ),
        is_prospect=is_prospect,
    )
    _name_firms(rng, firms)
    return firms


def _draw_parents(rng: np.random.Generator, territory: Ints, band: Ints) -> Ints:
    """Give a few accounts a larger one of the same territory as their parent."""
    parent = np.full(len(band), -1)
    is_child = (rng.random(len(band)) < SUBSIDIARIES) & (band < len(SIZES) - 1)
    for home in range(len(TERRITORIES)):
        large = np.flatnonzero((band == len(SIZES) - 1) & (territory == home))
        children = np.flatnonzero(is_child & (territory == home))
        if large.size:
            parent[children] = rng.choice(large, children.size)
    return parent


def _name_firms(rng: np.random.Generator, firms: Firms) -> None:
    """Fill in the names; within a block no two are the same while choices last."""
    draws = rng.random((len(firms.ids), 5))
    cores = [_core_name(firms, place, draw) for place, draw in enumerate(draws)]
    taken: set[str] = set()
    for place, draw in enumerate(draws):
        country, city = firms.country(place), CITIES[firms.city[place]][0]
        form, core = _pick(words.LEGAL_FORMS[country], draw[4]), cores[place]
        choices = [f"{core} {form}", f"{core} {city} {form}"]
        if firms.parent[place] >= 0:
            core = _without_city(firms, cores, firms.parent[place])
            choices = [f"{core} {city} {form}"]
        families = words.LAST_NAMES[country]
        start = int(draw[3] * len(families))
        rest = (*families[start:], *families[:start])
        choices += [f"{family} & {core} {form}" for family in rest]
        name = next((one for one in choices if one not in taken), choices[-1])
        taken.add(name)
        firms.names.append(name)


def _without_city(firms: Firms, cores: list[str], place: int) -> str:
    return cores[place].removesuffix(f" {CITIES[firms.city[place]][0]}")


def _core_name(firms: Firms, place: int, draw: Floats) -> str:
    """Return a name without its legal form, in the manner of the country."""
    country, city = firms.country(place), CITIES[firms.city[place]][0]
    trade = _pick(words.INDUSTRIES[firms.industry[place]].trades[country], draw[1])
    family = _pick(words.LAST_NAMES[country], draw[2])
    if draw[0] < 0.36:  # noqa: PLR2004  share of family firms
        who = family
    elif draw[0] < 0.52:  # noqa: PLR2004  then partners
        who = f"{family} & {_pick(words.LAST_NAMES[country], draw[3])}"
    elif draw[0] < 0.84:  # noqa: PLR2004  then names from the landscape
        who = _pick(words.STEMS[country], draw[2])
    else:
        return f"{trade} {city}"
    return f"{trade} {who}" if country == "PL" else f"{who} {trade}"


def _pick(pool: tuple[str, ...], draw: float) -> str:
    return pool[int(draw * len(pool))]


def slug(name: str) -> str:
    """Return a name as it stands in a web address."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(LETTERS))
    spelt = (c for c in plain if not unicodedata.combining(c))
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in spelt)
    return "-".join(kept.split())


def phones(rng: np.random.Generator, firms: Firms) -> list[str]:
    numbers = rng.integers(10_000, 999_999, (len(firms.ids), 2))
    return [
        f"{words.DIALLING[firms.country(place)]}{head % 900 + 100} {tail}"
        for place, (head, tail) in enumerate(numbers.tolist())
    ]


def websites(firms: Firms) -> list[str]:
    """Return addresses under a name that cannot exist."""
    sites = []
    for place, name in enumerate(firms.names):
        forms = words.LEGAL_FORMS[firms.country(place)]
        form = max((one for one in forms if name.endswith(f" {one}")), key=len)
        sites.append(f"https://www.{slug(name.removesuffix(form))}.example")
    return sites


# -- People --------------------------------------------------------------------------

ROLES = (
    DecisionRole.DECIDER,
    DecisionRole.ECONOMIC_BUYER,
    DecisionRole.INFLUENCER,
    DecisionRole.USER,
    DecisionRole.GATEKEEPER,
    DecisionRole.CHAMPION,
    DecisionRole.UNKNOWN,
)
LATER_ROLE_ODDS = (0.10, 0.16, 0.22, 0.22, 0.10, 0.12, 0.08)
FIRST_ROLE_ODDS = (0.40, 0.26, 0.10, 0.04, 0.06, 0.10, 0.04)
ATTITUDES = (
    Attitude.SUPPORTER, Attitude.NEUTRAL, Attitude.CRITIC, Attitude.UNKNOWN,
)  # fmt: skip
ATTITUDE_ODDS = (0.30, 0.38, 0.08, 0.24)
MOST_PEOPLE = np.array([1, 2, 3, 4])  # by size
INFLUENCE_UNKNOWN = 0.3
DO_NOT_CONTACT = 0.02
HAS_LEFT = 0.04


@dataclass(frozen=True, slots=True)
class People:
    """Contacts of a block; `firm` is the account's place in it."""

    ids: Ints
    firm: Ints
    first_names: list[str]
    names: list[str]
    titles: list[str]
    emails: list[str]
    phones: list[str]
    role: Ints
    attitude: Ints
    influence: Ints  # 0 when not known
    preference: Ints
    need: Ints
    do_not_contact: Flags
    has_left: Flags

    def of_firm(self, firm: Ints, draw: Floats) -> Ints:
        """Return one person's place for each account asked about."""
        first = np.searchsorted(self.firm, firm)
        count = np.searchsorted(self.firm, firm, side="right") - first
        return first + np.floor(draw * count).astype(np.int64)


def draw_people(
    rng: np.random.Generator, firms: Firms, sites: list[str], first_id: int
) -> People:
    count = rng.integers(1, MOST_PEOPLE[firms.size], endpoint=True)
    firm = np.repeat(np.arange(len(count)), count)
    size = len(firm)
    is_first = np.diff(firm, prepend=-1) > 0
    role = np.where(
        is_first,
        rng.choice(len(ROLES), size, p=FIRST_ROLE_ODDS),
        rng.choice(len(ROLES), size, p=LATER_ROLE_ODDS),
    )
    first_names, names, titles, emails = _introduce(rng, firms, firm, role, sites)
    numbers = phones(rng, firms)
    known = rng.random(size) >= INFLUENCE_UNKNOWN
    return People(
        ids=first_id + np.arange(size),
        firm=firm,
        first_names=first_names,
        names=names,
        titles=titles,
        emails=emails,
        phones=[f"{numbers[at]}-{11 + n % 80}" for n, at in enumerate(firm.tolist())],
        role=role,
        attitude=rng.choice(len(ATTITUDES), size, p=ATTITUDE_ODDS),
        influence=np.where(
            known, np.clip(6 - role + rng.integers(-1, 1, size), 1, 5), 0
        ),
        preference=rng.integers(0, len(words.PREFERENCES), size),
        need=rng.integers(0, len(words.NEEDS), size),
        do_not_contact=rng.random(size) < DO_NOT_CONTACT,
        has_left=~is_first & (rng.random(size) < HAS_LEFT),
    )


def _introduce(
    rng: np.random.Generator, firms: Firms, firm: Ints, role: Ints, sites: list[str]
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return first names, names, titles and addresses of people."""
    first_names, names, titles, emails = [], [], [], []
    spelt: dict[str, str] = {}
    rows = zip(firm.tolist(), role.tolist(), rng.random((len(firm), 3)), strict=True)
    for at, part, draw in rows:
        country = firms.country(at)
        first = _pick(words.FIRST_NAMES[country], draw[0])
        last = _pick(words.LAST_NAMES[country], draw[1])
        titled = words.TITLES.get(ROLES[part], words.TITLES["influencer"])
        local = [spelt.setdefault(name, slug(name)) for name in (first, last)]
        first_names.append(first)
        names.append(f"{first} {last}")
        titles.append(_pick(titled, draw[2]))
        emails.append(f"{'.'.join(local)}@{sites[at].removeprefix('https://www.')}")
    return first_names, names, titles, emails
