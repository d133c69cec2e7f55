"""Who does the touches of an account whose owner left: the manager of its area."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from campaigns.choices import OwnerRole, TouchStatus
from crm.models import Account, Territory
from crm.queries.responsible import managers_of

GOES_TO = "The owner left; it goes to "

# Joined where `a` is the account: who stands in for an owner who left, with the words;
# nobody where the owner is there. `home_id` is the area of the owner.
STAND_INS = """
LEFT JOIN unnest(
    %(left_owner)s::bigint[], %(left_home)s::bigint[], %(left_area)s::bigint[],
    %(left_person)s::bigint[], %(left_reason)s::text[]
) AS stand_in(owner_id, home_id, area_id, person_id, reason)
    ON stand_in.owner_id = a.owner_id AND stand_in.area_id
        IS NOT DISTINCT FROM coalesce(a.territory_id, stand_in.home_id)
"""


def stand_ins(accounts: Sequence[int] | None = None) -> dict[str, Any]:
    """Return, as arrays, who stands in for owners who left, by owner and area.

    Without any manager the touches stay in nobody's name, which the reason says.
    """
    rows = Account.objects.filter(owner__is_active=False)
    if accounts is not None:
        rows = rows.filter(pk__in=accounts)
    area = Coalesce(F("territory"), F("owner__territory"))
    combined = rows.order_by().values_list("owner", "owner__territory", area)
    found = sorted(set(combined), key=str)
    areas = Territory.objects.in_bulk({pk for *_, pk in found if pk})
    people = [managers_of(areas.get(pk))[:1] for *_, pk in found]
    return {
        "left_owner": [owner for owner, *_ in found],
        "left_home": [home for _, home, _ in found],
        "left_area": [pk for *_, pk in found],
        "left_person": [one[0].pk if one else None for one in people],
        "left_reason": [
            f"{GOES_TO}{one[0].name}."[:300]
            if one
            else "The owner left, and nobody stands in: assign the account."
            for one in people
        ],
    }


def pass_on(accounts: Sequence[int] | None = None) -> None:
    """Give open touches of owners who left to who stands in, and back where one is.

    What somebody gave to a colleague stays with them while they are with us.
    """
    some = "" if accounts is None else "AND t.account_id = ANY(%(accounts)s::bigint[])"
    parameters = stand_ins(accounts) | {
        "accounts": None if accounts is None else list(accounts),
        "due": TouchStatus.DUE,
        "rep": OwnerRole.REP,
        "left": f"{GOES_TO[:14]}%",
    }
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK.format(some=some), parameters)
        if parameters["left_owner"]:
            cursor.execute(_PASS_ON.format(some=some), parameters)


def stand_in_for_absent(candidates: Sequence[int]) -> None:
    """Give candidates whose person is away all their time to who stands in."""
    if not candidates:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ABSENT, [list(candidates)])
        rows = cursor.fetchall()
        areas = Territory.objects.in_bulk({area for _, area, _, _ in rows if area})
        for candidate, area, person, name in rows:
            others = [m for m in managers_of(areas.get(area)) if m.pk != person]
            if others:
                reason = f"{name} is away; it goes to {others[0].name}."[:300]
                cursor.execute(_GIVE, [others[0].pk, reason, candidate])


_ABSENT = """
    SELECT c.id, coalesce(a.territory_id, p.territory_id), p.id, p.name
    FROM pg_temp.campaigns_candidate c
    JOIN crm_account a ON a.id = c.account_id JOIN crm_user p ON p.id = c.person_id
    WHERE c.id = ANY(%s::bigint[])
"""
_GIVE = """
    UPDATE pg_temp.campaigns_candidate SET assigned_to_id = %s, reason = %s
    WHERE id = %s
"""
_GIVE_BACK = """
UPDATE campaigns_plannedtouch t SET assigned_to_id = NULL, reason = ''
FROM crm_account a LEFT JOIN crm_user o ON o.id = a.owner_id
WHERE a.id = t.account_id AND t.status = %(due)s AND t.owner_role = %(rep)s {some}
  AND (
    (t.reason LIKE %(left)s AND o.is_active)
    OR EXISTS (
        SELECT FROM crm_user p WHERE p.id = t.assigned_to_id AND NOT p.is_active)
  )
"""
_PASS_ON = f"""
UPDATE campaigns_plannedtouch touch
SET assigned_to_id = passed.person_id, reason = passed.reason
FROM (
    SELECT t.id, stand_in.person_id, stand_in.reason
    FROM campaigns_plannedtouch t
    JOIN crm_account a ON a.id = t.account_id
    {STAND_INS}
    WHERE t.status = %(due)s AND t.owner_role = %(rep)s {{some}}
      AND (t.assigned_to_id IS NULL OR t.reason LIKE %(left)s)
      AND stand_in.owner_id IS NOT NULL
      AND (t.assigned_to_id, t.reason)
        IS DISTINCT FROM (stand_in.person_id, stand_in.reason)
) passed
WHERE passed.id = touch.id
"""
