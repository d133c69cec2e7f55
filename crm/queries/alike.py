"""Accounts that may be the same firm: by name, website or telephone."""

import re
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Func, Q, TextField

from common.folding import Folded, fold, words_of
from crm.models import Account, User

# Words that say how a firm is owned, not which firm it is.
LEGAL_FORMS = frozenset(
    [
        "gmbh",
        "ag",
        "kg",
        "kgaa",
        "ohg",
        "ug",
        "eg",
        "ek",
        "ev",
        "co",
        "mbh",
        "se",
        "inc",
        "llc",
        "ltd",
        "limited",
        "corp",
        "plc",
        "bv",
        "nv",
        "vof",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "aps",
        "as",
        "ab",
        "oy",
        "oyj",
        "sp",
        "zoo",
        "doo",
        "kft",
        "sro",
    ]
)
CANDIDATES = 50
SHOWN = 5
SHORTEST = 3  # letters of a name from which on it is compared
GROUPS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Alike:
    """One account that may be the same, and what both share.

    `account` is somebody else's if `is_visible` is False: then only its name and owner
    are shown, so that one asks.
    """

    account: Account
    why: str
    is_visible: bool


def core_of(name: str) -> str:
    """Return what names a firm: its folded words without legal forms."""
    words = re.sub(r"(?<=\b\w)\.(?=\w\b)", "", fold(name))  # B.V. is BV
    kept = [word for word in words_of(words) if word not in LEGAL_FORMS]
    return " ".join(kept or words_of(words))


def alike(
    user: User, *, name: str, website: str = "", phone: str = "", but: int = 0
) -> list[Alike]:
    """Return accounts that may be the one described; the surest first."""
    core = core_of(name)
    wanted = Q(pk__in=[])
    if len(core) >= SHORTEST:
        named = Account.objects.matching(core).order_by().values("pk")[:CANDIDATES]
        wanted |= Q(pk__in=list(named.values_list("pk", flat=True)))
    if website:
        wanted |= Q(website=website)
    if phone:
        wanted |= Q(phone=phone)
    rows = Account.objects.active().filter(wanted).exclude(pk=but)
    found = [
        (rank, row, why)
        for row in rows.select_related("owner")
        for rank, why in _reasons(row, core, website, phone)
    ]
    found.sort(key=lambda one: (one[0], one[1].name, one[1].pk))
    seen: dict[int, Alike] = {}
    for _, row, why in found:
        is_visible = user.sees_every_account or row.owner_id == user.pk
        seen.setdefault(row.pk, Alike(row, why, is_visible))
    return list(seen.values())[:SHOWN]


def _reasons(
    row: Account, core: str, website: str, phone: str
) -> list[tuple[int, str]]:
    found = []
    own = core_of(row.name)
    if core and own == core:
        found.append((0, "the same name"))
    if website and row.website == website:
        found.append((1, "the same website"))
    if phone and row.phone == phone:
        found.append((2, "the same telephone"))
    if core and own.startswith(core):
        found.append((3, "a name that begins so"))
    return found


class Core(Func):
    """The same as `core_of`, in the database; '' where only legal forms are left."""

    template = (
        "trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace("
        r"%(expressions)s, '(\m\w)\.(?=\w\M)', '\1', 'g')"
        ", '[^[:alnum:]]+', ' ', 'g')"
        r", '\m(" + "|".join(sorted(LEGAL_FORMS)) + r")\M', '', 'g')"
        ", ' +', ' ', 'g'))"
    )
    output_field = TextField()


def duplicates(user: User) -> list[list[Account]]:
    """Return groups of accounts of the same name but for legal form, case and accent.

    The largest first, at most `GROUPS_SHOWN`.
    """
    rows = Account.objects.active().visible_to(user).order_by()
    groups = (
        rows.annotate(core=Core(Folded("name")))
        .exclude(core="")
        .values("core")
        .annotate(keys=ArrayAgg("pk", order_by="pk"), members=Count("pk"))
        .filter(members__gt=1)
        .order_by("-members", "core")
    )
    found = [group["keys"] for group in groups[:GROUPS_SHOWN]]
    keys = [key for group in found for key in group]
    accounts = Account.objects.select_related("owner").in_bulk(keys)
    return [[accounts[key] for key in group] for group in found]
