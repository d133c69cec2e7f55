from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from clv.models import ValuationRun
from crm.models import Account


class Command(BaseCommand):
    help = "Let a worker value the firm for the first time; at once if that was done."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if ValuationRun.objects.current() is not None:
            return
        if not Account.objects.active().exists():
            return
        call_command("nightly", queue=True, wait=True, stdout=self.stdout)
