from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clv.models import SummaryState
from clv.services import selfcheck


class Command(BaseCommand):
    help = "Works out the sums of all accounts anew and tells what was different."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="only compare; exit code 1 if a sum differs",
        )

    def handle(self, **options: Any) -> None:
        state = SummaryState.objects.first()
        if state is None:
            self.stdout.write("No night has kept sums yet.")
            return
        only_checks = options["check"]
        found = (
            selfcheck.check_summaries() if only_checks else selfcheck.check_and_mend()
        )
        self.stdout.write(
            f"{found.accounts:,} accounts compared as of {state.as_of},"
            f" {found.differing:,} differ."
        )
        for difference in found.differences:
            self.stdout.write(f"  {difference}")
        if not found.differing:
            return
        if only_checks:
            raise CommandError("The sums kept are not those of orders and ledger.")
        self.stdout.write("They were written anew.")
