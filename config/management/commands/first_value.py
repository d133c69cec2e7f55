from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from clv.models import DemoFirm, ValuationRun
from crm.models import Account


class Command(BaseCommand):
    help = "Let a worker value the firm for the first time; at once if that was done."

    def handle(self, *_args: Any, **_options: Any) -> None:
        current = ValuationRun.objects.current()
        # A demo firm comes with values of past months, not with those of its last day.
        demo = DemoFirm.objects.last()
        if current is not None and (demo is None or current.as_of >= demo.as_of):
            return
        if not Account.objects.active().exists():
            return
        call_command("nightly", queue=True, wait=True, stdout=self.stdout)
