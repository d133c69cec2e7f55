import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from clv.models import DemoFirm, ValuationRun
from crm.models import Account

SMALL_FIRM = 20_000  # accounts; a bigger one would keep the first start waiting
MONTHS_OF_HISTORY = 6  # month ends valued before today, so that a demo has trends


class Command(BaseCommand):
    help = "Let a worker value the firm for the first time; at once if that was done."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if ValuationRun.objects.current() is not None:
            return
        if not Account.objects.active().exists():
            return
        for day in _history():
            call_command(
                "nightly", as_of=day, queue=True, wait=True, stdout=self.stdout
            )
        call_command("nightly", queue=True, wait=True, stdout=self.stdout)


def _history() -> Iterator[dt.date]:
    """Yield the last month ends of a small demo firm, oldest first; else nothing."""
    firm = DemoFirm.objects.last()
    if firm is None or firm.accounts > SMALL_FIRM:
        return
    for back in range(MONTHS_OF_HISTORY - 1, -1, -1):
        months = firm.as_of.year * 12 + firm.as_of.month - 1 - back
        yield dt.date(months // 12, months % 12 + 1, 1) - dt.timedelta(days=1)
