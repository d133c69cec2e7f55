import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.services import demo_firm
from common.clock import business_today
from crm.errors import DemoRefusedError
from crm.models import User

SMALL_FIRM = 20_000  # accounts; the past of a bigger one is valued on request only
MONTHS_OF_HISTORY = 6


class Command(BaseCommand):
    help = "Fill an empty database with the demo firm Nordlicht Office Supply."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accounts",
            type=int,
            default=demo_firm.DEFAULT_ACCOUNTS,
            help="how many accounts, up to 1,000,000 and beyond (default: %(default)s)",
        )
        parser.add_argument(
            "--seed",
            type=int,
            default=demo_firm.DEFAULT_SEED,
            help="the same seed and day give the same firm (default: %(default)s)",
        )
        parser.add_argument(
            "--as-of",
            type=dt.date.fromisoformat,
            default=None,
            metavar="DATE",
            help="last day of the 36 months (default: today)",
        )
        parser.add_argument(
            "--history-nights",
            type=int,
            default=None,
            metavar="N",
            help="value the last N month ends too, so that there are trends "
            f"(default: {MONTHS_OF_HISTORY}, or 0 above {SMALL_FIRM:,} accounts)",
        )
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing instead of failing when the database is in use",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["if_empty"] and User.objects.exists():
            return
        try:
            firm = demo_firm.load_demo_firm(
                accounts=options["accounts"],
                seed=options["seed"],
                as_of=options["as_of"] or business_today(),
            )
        except DemoRefusedError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Nordlicht Office Supply: {firm.accounts:,} accounts as of {firm.as_of}, "
            f"seed {firm.seed}."
        )
        nights = options["history_nights"]
        if nights is None:
            nights = MONTHS_OF_HISTORY if firm.accounts <= SMALL_FIRM else 0
        for day in _month_ends(firm.as_of, nights):
            call_command("nightly", as_of=day, stdout=self.stdout)
        demo_firm.tell_worth_at_start()


def _month_ends(as_of: dt.date, count: int) -> Iterator[dt.date]:
    """Yield the last `count` month ends before `as_of`, oldest first."""
    for back in range(count - 1, -1, -1):
        months = as_of.year * 12 + as_of.month - 1 - back
        yield dt.date(months // 12, months % 12 + 1, 1) - dt.timedelta(days=1)
