import datetime as dt
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clv.choices import RunKind, RunStatus
from clv.models import ValuationRun
from clv.services import runs
from common.clock import business_today
from common.errors import DomainError
from config import night

POLL_SECONDS = 0.5
SILENCE = 60.0
OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)


class Command(BaseCommand):
    help = (
        "Value every account, class it and plan its touches; once per day unless asked"
        " to do it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="default: today"
        )
        parser.add_argument(
            "--again", action="store_true", help="value a day anew that has been valued"
        )
        parser.add_argument(
            "--rerun", type=int, metavar="RUN", help="repeat a run from stored inputs"
        )
        parser.add_argument(
            "--queue", action="store_true", help="leave the work to a worker"
        )
        parser.add_argument(
            "--wait", action="store_true", help="with --queue: until it is done"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = self._find_or_make(options)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        if run.status not in OPEN:
            self._report(run)
            return
        if options["queue"]:
            self.stdout.write(f"Run {run.pk} as of {run.as_of} waits for a worker.")
            if not options["wait"]:
                return
        self._report(self._await(run, works=not options["queue"]))

    def _find_or_make(self, options: dict[str, Any]) -> ValuationRun:
        if options["rerun"] is not None:
            return runs.rerun_from_stored(actor=None, run_id=options["rerun"])
        day = options["as_of"] or business_today()
        if options["again"] or day > business_today():
            return runs.request_run(actor=None, as_of=day, kind=RunKind.NIGHTLY)
        run = runs.ensure_night(day)
        if run.status == RunStatus.FAILED:
            return runs.request_run(actor=None, as_of=day, kind=RunKind.NIGHTLY)
        return run

    def _await(self, run: ValuationRun, *, works: bool) -> ValuationRun:
        """Work on the run, or wait for who does, until it is closed."""
        told, since = "", time.monotonic()
        while run.status in OPEN:
            if works and self._work(run):
                run.refresh_from_db()
                continue
            state = self._state(run)
            if state != told:
                told, since = state, time.monotonic()
                self._say(state if not works else f"somebody else works: {state}")
            elif time.monotonic() - since > SILENCE:
                since = time.monotonic()
                self._say(f"still {state}")
            time.sleep(POLL_SECONDS)
            run.refresh_from_db()
        return run

    def _work(self, run: ValuationRun) -> bool:
        """Take our run, or first the one in its way; False if all have workers."""
        due = (*runs.takeable(), run.pk)
        return any(night.execute(run_id, say=self._say) for run_id in due)

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()

    def _state(self, run: ValuationRun) -> str:
        step = run.steps.last()
        if run.status != RunStatus.RUNNING or step is None:
            return str(run.get_status_display()).lower()
        return f"{step.name} ..."

    def _report(self, run: ValuationRun) -> None:
        if run.status == RunStatus.FAILED:
            raise CommandError(f"Run {run.pk} failed: {run.failure}")
        if run.status == RunStatus.CHECKED:
            self.stdout.write(
                f"Run {run.pk} repeats run {run.rerun_of_id} exactly:"
                f" {run.accounts_valued:,} accounts, digest {run.digest[:12]}."
            )
            return
        self.stdout.write(
            f"Run {run.pk} as of {run.as_of}: {run.accounts_valued:,} of"
            f" {run.accounts_present:,} accounts valued, {run.get_status_display()}."
        )
