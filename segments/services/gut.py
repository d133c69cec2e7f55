"""Naming one's best accounts before their figures are seen, and freezing that."""

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clv.models import ValuationRun
from common.clock import business_today
from common.templatetags.display import count
from crm.models import Account, User
from crm.services import audit
from segments.errors import NominationRefusedError
from segments.models import Nomination, NominationEntry
from segments.queries.gut import nominable, places_among, quarter_of


@transaction.atomic
def name_account(*, actor: User, account: Account) -> Nomination:
    """Put an account on the list that `actor` is gathering this quarter.

    Raises
    ------
    NominationRefusedError
        If the list is submitted or full, or the account is not one to name.
    """
    nomination = _gathered(actor)
    known = nominable(actor, _run())
    if not known.filter(pk=account.pk).exists():
        raise NominationRefusedError(
            f"{account} cannot be named: name accounts that you own and that a night"
            " has valued.",
            field="account",
        )
    named = nomination.entries.exclude(account=account).count()
    places = places_among(known.count())
    if named >= places:
        raise NominationRefusedError(
            f"{count(places)} are named already. Take one off first.", field="account"
        )
    nomination.entries.get_or_create(account=account, defaults={"is_named": True})
    return nomination


@transaction.atomic
def unname_account(*, actor: User, account: Account) -> Nomination:
    """Take an account off the list again; one that is not on it changes nothing."""
    nomination = _gathered(actor)
    nomination.entries.filter(account=account).delete()
    return nomination


@transaction.atomic
def submit(*, actor: User) -> Nomination:
    """Freeze the list that was gathered beside what the current night says.

    Raises
    ------
    NominationRefusedError
        If too few or too many are named, one is not one's own any more, or the list of
        the quarter was submitted before.
    """
    nomination = _gathered(actor)
    return _freeze(actor, nomination)


@transaction.atomic
def nominate(*, actor: User, accounts: Collection[int]) -> Nomination:
    """Name accounts and submit them at once, in place of what was gathered.

    Raises
    ------
    NominationRefusedError
        As `submit`; nothing is gathered or submitted then.
    """
    nomination = _gathered(actor)
    nomination.entries.all().delete()
    known = Account.objects.filter(pk__in=accounts)
    if known.count() != len(set(accounts)):
        raise NominationRefusedError("There is no such account.", field="accounts")
    NominationEntry.objects.bulk_create(
        NominationEntry(nomination=nomination, account=one, is_named=True)
        for one in known
    )
    return _freeze(actor, nomination)


def _gathered(actor: User) -> Nomination:
    """Return the list of this quarter, locked; refuse one that is submitted."""
    quarter = quarter_of(business_today())
    Nomination.objects.get_or_create(author=actor, quarter=quarter)
    rows = Nomination.objects.select_for_update()
    nomination = rows.get(author=actor, quarter=quarter)
    if nomination.is_submitted:
        raise NominationRefusedError(
            "This quarter's list is submitted and stays as it is. The next one can be"
            " named from the first day of the next quarter."
        )
    return nomination


def _run() -> ValuationRun:
    run = ValuationRun.objects.current()
    if run is None:
        raise NominationRefusedError(
            "No night has valued accounts yet, so there is nothing to compare with."
        )
    return run


def _freeze(actor: User, nomination: Nomination) -> Nomination:
    run = _run()
    among = nominable(actor, run).count()
    size = places_among(among)
    named = list(nomination.entries.values_list("account_id", flat=True))
    _check(actor, run, named, size)
    rows = _ranked(run, actor, size, named)
    nomination.entries.all().delete()
    entries = NominationEntry.objects.bulk_create(
        NominationEntry(
            nomination=nomination, is_named=row["account_id"] in named, **row
        )
        for row in rows
    )
    nomination.run, nomination.as_of = run, run.as_of
    nomination.size, nomination.among = size, among
    nomination.both = sum(one.is_named and one.is_best for one in entries)
    nomination.both_by_clv = sum(
        one.is_named and (one.clv_rank or 0) <= size for one in entries
    )
    nomination.submitted_at = timezone.now()
    nomination.save()
    audit.record(
        actor=actor,
        action="nomination.submitted",
        subject=nomination,
        accounts=sorted(named),
        both=nomination.both,
    )
    return nomination


def _check(actor: User, run: ValuationRun, named: list[int], size: int) -> None:
    if not size:
        raise NominationRefusedError("Who owns one account has nothing to choose from.")
    known = set(nominable(actor, run).filter(pk__in=named).values_list("pk", flat=True))
    if strange := set(named) - known:
        names = Account.objects.visible_to(actor).filter(pk__in=strange)
        said = ", ".join(str(one) for one in names) or "An account"
        raise NominationRefusedError(
            f"{said} cannot be named: name accounts that you own and that a night has"
            " valued.",
            field="accounts",
        )
    if len(named) != size:
        raise NominationRefusedError(
            f"Name exactly {count(size)}; {count(len(named))}"
            f" {'is' if len(named) == 1 else 'are'} named.",
            field="accounts",
        )


def _ranked(
    run: ValuationRun, actor: User, size: int, named: list[int]
) -> list[dict[str, Any]]:
    """Return the named and the best accounts with their ranks among all of `actor`."""
    given: dict[str, Any] = {
        "run": run.pk,
        "author": actor.pk,
        "size": size,
        "named": named,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RANKED, given)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_RANKED = """
SELECT *, rank <= %(size)s AS is_best FROM (
    SELECT v.account_id, v.future_value, v.clv, v.margin,
        row_number() OVER (ORDER BY v.future_value DESC, v.account_id) AS rank,
        row_number() OVER (ORDER BY v.clv DESC, v.account_id) AS clv_rank
    FROM clv_valuation v JOIN crm_account a ON a.id = v.account_id
    WHERE v.run_id = %(run)s AND a.owner_id = %(author)s AND a.merged_into_id IS NULL
) ranked
WHERE rank <= %(size)s OR account_id = ANY(%(named)s)
ORDER BY rank
"""
