"""Prospects like the customers of a corner, or like one account, with reasons.

Looked at are the best customers of the corner by CLV. A prospect is as alike as the
sum, over the traits below, of the share of these customers that have the same; what is
not known of a prospect adds nothing. It is likeness in stated traits and no forecast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from clv.models import ValuationRun
from common.templatetags.display import count, counted, share
from crm.choices import AccountKind, SizeBand, Source
from crm.models import Account, User

PATTERN = 200  # customers of a corner that say what is alike
NAMED = 40
LEAST_TRAITS = 2  # one trait in common is no likeness
TRAITS: Mapping[str, str] = {
    "industry": "industry",
    "size_band": "size",
    "region": "region",
    "country": "country",
    "source": "source",
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "size_band": {str(k): str(v) for k, v in SizeBand.choices},
    "source": {str(k): str(v) for k, v in Source.choices},
    "kind": {str(k): str(v) for k, v in AccountKind.choices},
}


@dataclass(frozen=True, slots=True)
class Alike:
    """One prospect, how alike it is, and why."""

    account: Account
    score: float
    reasons: Sequence[str]

    @property
    def why(self) -> str:
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class Similar:
    """Whom the search went out from, and whom it found."""

    pattern: int
    found: Sequence[Alike]

    @property
    def sentence(self) -> str:
        if not self.pattern:
            return "Nobody stands there to be like."
        said = f"{count(self.pattern)} customer{'' if self.pattern == 1 else 's'}"
        if not self.found:
            return f"No prospect shares two known traits with {said}."
        return (
            f"{counted(len(self.found), 'prospect')} most like {said}, by known traits."
        )


def similar_to(user: User, run: ValuationRun, customers: QuerySet[Any]) -> Similar:
    """Return the prospects most like `customers`, ids best first."""
    ids = [pk for (pk,) in customers.values_list("account_id")[:PATTERN]]
    if not ids:
        return Similar(0, [])
    shares = _shares(ids)
    rows = _closest(user, run, ids, shares)
    accounts = Account.objects.select_related("owner").in_bulk([pk for pk, _ in rows])
    return Similar(
        len(ids),
        [
            Alike(accounts[pk], score, _reasons(accounts[pk], shares, len(ids)))
            for pk, score in rows
        ],
    )


def _shares(ids: Sequence[int]) -> dict[str, dict[str, float]]:
    """Return, by trait, the share of the customers that have each value."""
    found: dict[str, dict[str, float]] = {trait: {} for trait in TRAITS}
    rows = Account.objects.filter(pk__in=ids).values_list(*TRAITS)
    for row in rows:
        for trait, value in zip(TRAITS, row, strict=True):
            if value:
                known = found[trait]
                known[value] = known.get(value, 0.0) + 1 / len(ids)
    return found


def _closest(
    user: User,
    run: ValuationRun,
    ids: Sequence[int],
    shares: Mapping[str, Mapping[str, float]],
) -> list[tuple[int, float]]:
    joins, scores, matches = [], [], []
    params: list[Any] = []
    for trait, known in shares.items():
        joins.append(
            f"LEFT JOIN unnest(%s::text[], %s::float8[]) AS {trait}(value, share)"
            f" ON {trait}.value = a.{trait}"
        )
        params += [list(known), list(known.values())]
        scores.append(f"coalesce({trait}.share, 0)")
        matches.append(f"({trait}.share IS NOT NULL)::int")
    owner = "" if user.sees_every_account else "AND a.owner_id = %s"
    params += [run.pk, list(ids), *([] if user.sees_every_account else [user.pk])]
    query = f"""
        SELECT a.id, {" + ".join(scores)} AS score
        FROM crm_account a {" ".join(joins)}
        WHERE a.merged_into_id IS NULL AND a.lost_on IS NULL
            AND EXISTS (
                SELECT FROM clv_valuation v
                WHERE v.run_id = %s AND v.account_id = a.id AND v.order_days = 0
            )
            AND a.id <> ALL (%s) {owner}
            AND {" + ".join(matches)} >= {LEAST_TRAITS}
        ORDER BY score DESC, a.id LIMIT {NAMED}
    """
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [(int(pk), float(score)) for pk, score in cursor.fetchall()]


def _reasons(
    account: Account, shares: Mapping[str, Mapping[str, float]], size: int
) -> list[str]:
    said = []
    for trait, word in TRAITS.items():
        value = getattr(account, trait)
        part = shares[trait].get(value, 0.0) if value else 0.0
        if part:
            name = WORDS.get(trait, {}).get(value, value)
            of = "as this customer" if size == 1 else f"as {share(part)} of them"
            said.append(f"{word} {name}, {of}")
    return said
