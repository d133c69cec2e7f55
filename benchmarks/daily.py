"""What people of a big firm enter: owners, traits, products, contacts, tasks, cases.

For a firm of `benchmarks.firm`, which has accounts, orders and costs alone. Rows are
drawn by their numbers, so that a firm filled twice would be the same.
"""

import datetime as dt
from typing import Any

from benchmarks.firm import bare_tables
from benchmarks.lists import _people

TABLES = ("crm_account", "crm_orderline", "crm_touchpoint", "crm_task")
PRODUCTS = 40
SPREAD = """
    UPDATE crm_account SET
        owner_id = (%(owners)s::bigint[])[1 + id %% cardinality(%(owners)s::bigint[])],
        territory_id = (%(areas)s::bigint[])[1 + id %% 12],
        industry = 'Industry ' || id %% 41,
        city = 'Town ' || id %% 997,
        source = (ARRAY['referral', 'outbound', 'trade_fair', 'web', 'advertising',
            'partner', ''])[1 + (id * 31 %% 7)::int],
        relationship_type = (ARRAY['transactional', 'contract', 'partner', ''])
            [1 + (id * 17 %% 4)::int],
        last_contact_on = CASE WHEN id %% 4 > 0
            THEN %(today)s::date - (id * 7919 %% 900)::int END
"""
SOLD = """
    UPDATE crm_orderline SET product_id = %(product)s + id * 7 %% %(products)s,
        discount = CASE WHEN id %% 9 = 0
            THEN round(quantity * unit_price * (id %% 20) / 100, 2) ELSE 0 END
"""
# A tenth is written by the customer; the others took some minutes.
CONTACTS = """
    INSERT INTO crm_touchpoint (account_id, user_id, channel, direction, occurred_at,
        minutes, note, outcome, phase, care, source)
    SELECT account, owner_id, (ARRAY['phone', 'email', 'visit', 'meeting'])[1 + n %% 4],
        CASE WHEN n %% 10 = 1 THEN 'in' ELSE 'out' END,
        %(today)s::date - n * interval '2 minutes',
        CASE WHEN n %% 10 <> 1 THEN 5 + n %% 40 END, 'Contact ' || n,
        CASE WHEN n %% 10 = 1 THEN '' ELSE 'ok' END, 'after',
        (ARRAY['C', 'A', 'R', 'E', ''])[1 + n %% 5], 'typed'
    FROM (SELECT n, 1 + (n::bigint * 7919) %% %(accounts)s AS account
          FROM generate_series(1, %(rows)s) n) drawn
    JOIN crm_account a ON a.id = account
"""
TASKS = """
    INSERT INTO crm_task (account_id, owner_id, title, due_on, kind, priority, status,
        done_at)
    SELECT account, owner_id, 'Task ' || n, %(today)s::date + 20 - n %% 400, 'call',
        'normal', CASE WHEN n %% 400 > 30 THEN 'done' ELSE 'open' END,
        CASE WHEN n %% 400 > 30 THEN %(today)s::date + 20 - n %% 400 END
    FROM (SELECT n, 1 + (n::bigint * 104729) %% %(accounts)s AS account
          FROM generate_series(1, %(rows)s) n) drawn
    JOIN crm_account a ON a.id = account
"""
CASES = """
    INSERT INTO crm_case (account_id, owner_id, sender, title, description, channel,
        kind, urgency, status, opened_at, first_answered_at, answered_after_seconds,
        paused_seconds, resolved_at, resolution, closed_at, source)
    SELECT account, owner_id, '', 'Case ' || n, 'What happened ' || n, 'phone',
        (ARRAY['question', 'complaint', 'fault', 'request'])[1 + n %% 4], 'normal',
        CASE WHEN n %% 20 = 0 THEN 'open' ELSE 'closed' END, opened,
        CASE WHEN n %% 20 > 0 THEN opened + interval '2 hours' END,
        CASE WHEN n %% 20 > 0 THEN 7200 END, 0,
        CASE WHEN n %% 20 > 0 THEN opened + interval '2 days' END, '',
        CASE WHEN n %% 20 > 0 THEN opened + interval '3 days' END, 'typed'
    FROM (SELECT n, 1 + (n::bigint * 15485863) %% %(accounts)s AS account,
            %(today)s::date - n * interval '15 minutes' AS opened
          FROM generate_series(1, %(rows)s) n) drawn
    JOIN crm_account a ON a.id = account
"""
DEALS = """
    INSERT INTO crm_deal (account_id, owner_id, title, stage_id, stage_since, status,
        source, close_on, competitor, note, closed_on, closing_note, loss_reason_id)
    SELECT account, owner_id, 'Deal ' || n,
        (SELECT id FROM crm_dealstage ORDER BY position LIMIT 1 OFFSET n %% 4),
        %(today)s::date - n %% 300 * interval '1 day',
        (ARRAY['open', 'won', 'won', 'lost'])[1 + n %% 4], '',
        %(today)s::date + 60 - n %% 120, '', '',
        CASE WHEN n %% 4 > 0 THEN %(today)s::date - n %% 300 END, '',
        CASE WHEN n %% 4 = 3 THEN (SELECT min(id) FROM crm_deallossreason) END
    FROM (SELECT n, 1 + (n::bigint * 32452843) %% %(accounts)s AS account
          FROM generate_series(1, %(rows)s) n) drawn
    JOIN crm_account a ON a.id = account
"""
# An eighth of the touches is still to be done.
TOUCHES = """
    INSERT INTO campaigns_plannedtouch (account_id, template_id, lineage, period,
        due_on, owner_role, status, closed_at, closed_by_id, reason)
    SELECT n, t.id, t.lineage, 'bench', %(today)s::date + 14 - (n %% 160)::int, 'rep',
        CASE WHEN n %% 160 > 20 THEN 'done' ELSE 'due' END,
        CASE WHEN n %% 160 > 20 THEN %(today)s::date + 16 - (n %% 160)::int END,
        CASE WHEN n %% 160 > 20 THEN a.owner_id END, ''
    FROM generate_series(1, %(accounts)s, 3) n JOIN crm_account a ON a.id = n,
        (SELECT id, lineage FROM campaigns_touchtemplate ORDER BY id LIMIT 1) t
"""
DRAWN = ((CONTACTS, 400_000), (TASKS, 100_000), (CASES, 50_000), (DEALS, 20_000))


def fill(today: dt.date) -> None:
    """Add what people enter to a firm that has accounts and orders, as of a day."""
    from django.db import connection  # noqa: PLC0415

    from campaigns.services import plans  # noqa: PLC0415
    from crm.choices import Role  # noqa: PLC0415
    from crm.models import Account, Product, Territory, User  # noqa: PLC0415

    _people(Role)
    plans.ensure_plans()
    areas = Territory.objects.bulk_create(
        Territory(name=f"Area {n}") for n in range(12)
    )
    products = Product.objects.bulk_create(
        Product(sku=f"P{n}", name=f"Product {n}", category="Goods")
        for n in range(PRODUCTS)
    )
    accounts = Account.objects.count()
    reps = User.objects.filter(email__startswith="rep")
    params: dict[str, Any] = {
        "owners": list(reps.values_list("pk", flat=True)),
        "areas": [one.pk for one in areas],
        "product": products[0].pk,
        "products": PRODUCTS,
        "today": today,
        "accounts": accounts,
    }
    with connection.cursor() as cursor, bare_tables(TABLES):
        for statement in (SPREAD, SOLD):
            cursor.execute(statement, params)
        cursor.execute(TOUCHES, params)
    enter(today)


def enter(today: dt.date) -> None:
    """Add contacts, tasks, cases and deals to a firm whose accounts have owners."""
    from django.db import connection  # noqa: PLC0415

    from crm.models import Account  # noqa: PLC0415

    params: dict[str, Any] = {"today": today, "accounts": Account.objects.count()}
    with connection.cursor() as cursor, bare_tables(TABLES):
        for statement, rows in DRAWN:
            least = min(rows, params["accounts"])
            cursor.execute(statement, params | {"rows": least})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
