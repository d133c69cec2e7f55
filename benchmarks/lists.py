"""Lists at a firm's full size: server time, queries and bytes of each kind of page.

    python -m benchmarks.lists --accounts 1000000

Builds a firm in a PostgreSQL of its own, values it over two nights (so that there is a
change to sort by), and asks Django's test client for each page as a manager would:
every request runs the whole stack but the network. `--data FOLDER` keeps the firm.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.night import prepare

ROUNDS = 30
PAGES_DEEP = 40
LINES_PER_ACCOUNT = 2
NIGHT = ("summarise", "fit", "value", "classify", "plan", "list")

Ask = Callable[[Any], Any]


def dress(accounts: int) -> None:
    """Give the firm's accounts what lists narrow and sort by: people, owners, places."""
    from django.db import connection  # noqa: PLC0415

    from crm.choices import Role  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415

    if User.objects.exists():
        return
    _people(Role)
    keys = list(User.objects.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE crm_account DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE crm_account SET owner_id = (%s::bigint[])[1 + id %% %s],"
            " city = 'Town ' || id %% 997, industry = 'Industry ' || id %% 41,"
            " last_contact_on = CASE WHEN id %% 4 > 0"
            " THEN current_date - (id * 7919 %% 900)::int END",
            [keys, len(keys)],
        )
        cursor.execute("ALTER TABLE crm_account ENABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO crm_touchpoint (account_id, user_id, channel, direction,"
            " occurred_at, note, outcome, phase, care, source)"
            " SELECT 1, %s, 'phone', 'out', now() - n * interval '1 hour', 'Call ' || n,"
            " '', 'after', '', 'manual' FROM generate_series(1, 50000) n",
            [keys[0]],
        )
        cursor.execute("VACUUM ANALYZE")


def _people(roles: Any) -> None:
    from django.contrib.auth.models import Group  # noqa: PLC0415

    from crm.models import User  # noqa: PLC0415

    manager = User.objects.create_user("manager@bench.example", name="Manager")
    manager.groups.add(Group.objects.get(name=roles.MANAGER))
    for number in range(40):
        rep = User.objects.create_user(
            f"rep{number}@bench.example", name=f"Rep {number:02}"
        )
        rep.groups.add(Group.objects.get(name=roles.REP))


def value(first: dt.date) -> None:
    """Work through two nights up to the lists, so that values have a day before."""
    from clv.choices import RunStatus  # noqa: PLC0415
    from clv.services import execution, runs  # noqa: PLC0415
    from config import night  # noqa: PLC0415

    chain = [group for group in night.NIGHT if group[-1].name in NIGHT]
    for ahead in (0, 1):
        run = runs.request_run(actor=None, as_of=first + dt.timedelta(days=ahead))
        execution.execute_run(run.pk, {run.kind: chain})
        run.refresh_from_db()
        if run.status != RunStatus.PUBLISHED:
            raise SystemExit(f"run {run.pk}: {run.status} {run.failure}")
        steps = {step.name: step.seconds for step in run.steps.all()}
        print(", ".join(f"{name} {took:.1f} s" for name, took in steps.items() if took))


def pages(accounts: int) -> dict[str, Ask]:
    """Return what is asked for, by the words of its line."""
    some = accounts // 2
    sorts = {
        "CLV": "-clv",
        "what is expected": "-future",
        "change": "-trend",
        "margin of the year": "-margin",
        "realised profit": "-profit",
        "last order": "-last_order",
        "next touch": "next_touch",
        "last contact": "-last_contact",
        "name": "name",
        "owner": "owner",
        "class": "class",
    }
    asked: dict[str, Ask] = {
        f"list by {words}": _get(f"/accounts/?sort={sort}")
        for words, sort in sorts.items()
    }
    asked |= {
        "filter by class, best first": _get("/accounts/?class=general"),
        "filter by class, worst class": _get("/accounts/?class=never_profitable"),
        "filter by owner": _get("/accounts/?owner=2&sort=-margin"),
        "filter by industry and class": _get(
            "/accounts/?industry=Industry+7&class=general&sort=-trend"
        ),
        "search by prefix": _get(f"/accounts/?search={str(some)[:4]}"),
        "search what all match": _get("/accounts/?search=firm"),
        "sums of the whole list": _get("/lists/accounts/_totals/?sort=-clv"),
        "account page": _get(f"/accounts/{some}/"),
        "account with 50,000 contacts, timeline": _get("/accounts/1/?tab=timeline"),
        "quick log": _log(some),
    }
    return asked


def _get(url: str) -> Ask:
    return lambda client: client.get(url)


def _log(account: int) -> Ask:
    def log(client: Any) -> Any:
        import uuid  # noqa: PLC0415

        line = {"account": account, "line": "call 12m ok", "form_token": uuid.uuid4()}
        return client.post("/log/", line)

    return log


def deep_page(client: Any, sort: str) -> Ask:
    """Go many pages forward, by the links that the pages offer; return the last step."""
    url = f"/accounts/?sort={sort}"
    for _ in range(PAGES_DEEP):
        cursor = client.get(url).context["page"].next
        url = f"/accounts/?sort={sort}&cursor={cursor}"
    return _get(url)


def middle_page(sort: str) -> Ask:
    """Return the page in the middle of the whole list."""
    from campaigns.queries.lists.accounts import AccountList  # noqa: PLC0415
    from clv.models import Valuation, ValuationRun  # noqa: PLC0415
    from common.paging import segmented_page  # noqa: PLC0415
    from crm.models import User  # noqa: PLC0415

    run = ValuationRun.objects.current()
    count = Valuation.objects.filter(run=run).count()
    middle = Valuation.objects.filter(run=run).order_by("-clv")[count // 2]
    manager = User.objects.get(email="manager@bench.example")
    listing = AccountList(user=manager, given={"sort": sort}, run=run)
    segment = listing.segments()[0]
    rows = segment.rows.filter(clv__lte=middle.clv)
    narrow = type(segment)(rows, segment.sort)
    cursor = segmented_page([narrow], name=listing.sort).next
    return _get(f"/accounts/?sort={sort}&cursor={cursor}")


def measure(ask: Ask, client: Any, rounds: int) -> tuple[float, float, int, int]:
    """Return median and 95 % in ms, queries and bytes of one page."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    ask(client)
    with CaptureQueriesContext(connection) as captured:
        answer = ask(client)
    if answer.status_code >= 400:
        raise SystemExit(f"{answer.status_code}: {answer.content[:300]!r}")
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask(client)
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
    return statistics.median(times), p95, len(captured), len(answer.content)


def compare(accounts: int, rounds: int) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from crm.models import User  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(User.objects.get(email="manager@bench.example"))
    asked = pages(accounts)
    asked["page 41 by CLV"] = deep_page(client, "-clv")
    asked["page in the middle by CLV"] = middle_page("-clv")
    asked["page 41 by change"] = deep_page(client, "-trend")
    print(f"{accounts:,} accounts\n")
    print("| page | p50 ms | p95 ms | queries | KB |\n|---|---|---|---|---|")
    for words, ask in asked.items():
        p50, p95, queries, size = measure(ask, client, rounds)
        print(f"| {words} | {p50:.0f} | {p95:.0f} | {queries} | {size / 1024:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lists-") as own:
        folder = (options.data or Path(own)).resolve()
        server = prepare(folder)
        try:
            _run(options.accounts, options.rounds)
        finally:
            server.stop()


def _run(accounts: int, rounds: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    from clv.models import ValuationRun  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    from benchmarks import firm  # noqa: PLC0415

    first = firm.ensure(accounts, accounts * LINES_PER_ACCOUNT)
    dress(accounts)
    if not ValuationRun.objects.published().exists():
        value(first)
    compare(accounts, rounds)


if __name__ == "__main__":
    main()
