"""When things happen. Messages are only doorbells: what is due stands in PostgreSQL.

Every message carries at most an id, may come twice or never, and expires when the next
one is due anyway.
"""

import logging
from collections.abc import Sequence
from typing import Any

from celery import group, shared_task
from kombu.exceptions import OperationalError

from campaigns.services import (
    answer_mails,
    asked_starts,
    case_watch,
    sending,
    standings,
)
from campaigns.services.automations import firing, webhooks
from clv.services import runs, sharing
from config import night
from crm.services import allocation, calendars, digests, mailbox_reading
from segments.queries import members

log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
DIGEST_SECONDS = 900.0
CASES_SECONDS = 60.0
MAILS_SECONDS = 10.0
CATCH_UP_SECONDS = 10.0
STARTS_SECONDS = 5.0
AUTOMATIONS_SECONDS = 60.0
WEBHOOKS_SECONDS = 15.0
CAPTURE_SECONDS = 5.0  # a look at whose turn it is; servers are asked less often
LONGEST_MAILING = 600  # seconds
ALLOCATION_SECONDS = 1800.0
LONGEST_ALLOCATION = 1800  # seconds
LONGEST_SWEEP = 60  # seconds
LONGEST_SHARD = 1800  # seconds
CALL_EXPIRES = 600  # seconds; a later helper would find nothing to do
LONGEST_RUN = 6 * 3600  # seconds; the lease, not this, finds a lost worker


@shared_task(
    name="clv.sweep_runs",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_SWEEP,
    time_limit=LONGEST_SWEEP + 15,
)
def sweep_runs() -> None:
    """Make sure of the night and hand what is due to a worker."""
    night.class_again()
    for run_id in runs.sweep().run_ids:
        execute_run.apply_async((run_id,), expires=2 * SWEEP_SECONDS)


@shared_task(
    name="clv.execute_run",
    queue="bulk",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_RUN,
    time_limit=LONGEST_RUN + 60,
)
def execute_run(run_id: int) -> None:
    """Work through one run, unless somebody else does."""
    night.execute(run_id, call_helpers=call_helpers)


@shared_task(
    name="clv.value_shard",
    queue="bulk",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_SHARD,
    time_limit=LONGEST_SHARD + 60,
)
def value_shard(run_id: int, number: int) -> None:
    """Value one block of accounts, unless somebody else does or has."""
    sharing.help_with(run_id, number, groups=members.CODES)


@shared_task(
    name="crm.send_digests",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_MAILING,
    time_limit=LONGEST_MAILING + 15,
)
def send_digests() -> None:
    """Send the daily mails that are due and were not sent today."""
    digests.send_due()


@shared_task(
    name="crm.read_sources",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=3 * LONGEST_SWEEP,
    time_limit=3 * LONGEST_SWEEP + 15,
)
def read_sources() -> None:
    """Look into the mailboxes and calendars whose turn it is."""
    mailbox_reading.read_due()
    calendars.read_due()


@shared_task(
    name="campaigns.watch_cases",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_SWEEP,
    time_limit=LONGEST_SWEEP + 15,
)
def watch_cases() -> None:
    """Tell whose clocks of cases end soon or have ended, each once."""
    case_watch.watch()


@shared_task(
    name="campaigns.run_automations",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_SWEEP,
    time_limit=LONGEST_SWEEP + 15,
)
def run_automations() -> None:
    """Let automations look at what happened since they last did."""
    firing.run_all()


@shared_task(
    name="campaigns.call_webhooks",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_SWEEP,
    time_limit=LONGEST_SWEEP + 15,
)
def call_webhooks() -> None:
    """Send the messages to other systems that are due."""
    webhooks.send_due()


@shared_task(
    name="crm.apply_allocations",
    queue="bulk",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_ALLOCATION,
    time_limit=LONGEST_ALLOCATION + 60,
)
def apply_allocations() -> None:
    """Spread shared costs of months that are over, by the rules that say so."""
    allocation.apply_due()


@shared_task(
    name="campaigns.send_answers",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_MAILING,
    time_limit=LONGEST_MAILING + 15,
)
def send_answers() -> None:
    """Send the answers by mail that are due and were not sent yet."""
    answer_mails.send_due()


@shared_task(
    name="campaigns.send_mails",
    queue="quick",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=3 * LONGEST_SWEEP,
    time_limit=3 * LONGEST_SWEEP + 15,
)
def send_mails() -> None:
    """Send mails to customers that are due; the journal says which."""
    sending.send_due()


@shared_task(
    name="campaigns.catch_up",
    queue="bulk",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_MAILING,
    time_limit=LONGEST_MAILING + 15,
)
def catch_up() -> None:
    """Bring next touches up to date in lists, where many of them have changed."""
    standings.catch_up()


@shared_task(
    name="campaigns.start_asked",
    queue="bulk",
    acks_late=True,
    ignore_result=True,
    soft_time_limit=LONGEST_MAILING,
    time_limit=LONGEST_MAILING + 15,
)
def start_asked() -> None:
    """Start the campaigns whose start was asked for, each once."""
    asked_starts.start_asked()


def call_helpers(run_id: int, numbers: Sequence[int]) -> None:
    """Ring for each shard; who has the run begins with the first, helpers at the end.

    Without a broker nobody comes, and the caller does the work alone.
    """
    calls = group(value_shard.s(run_id, number) for number in reversed(numbers))
    try:
        calls.apply_async(expires=CALL_EXPIRES, retry=False)
    except OperationalError as away:
        log.info("No helpers for run %s: %s", run_id, away)


BEAT: dict[str, Any] = {
    "sweep-runs": {
        "task": "clv.sweep_runs",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "send-mails": {
        "task": "campaigns.send_mails",
        "schedule": MAILS_SECONDS,
        "options": {"expires": MAILS_SECONDS},
    },
    "catch-up": {
        "task": "campaigns.catch_up",
        "schedule": CATCH_UP_SECONDS,
        "options": {"expires": CATCH_UP_SECONDS},
    },
    "start-campaigns": {
        "task": "campaigns.start_asked",
        "schedule": STARTS_SECONDS,
        "options": {"expires": STARTS_SECONDS},
    },
    "read-sources": {
        "task": "crm.read_sources",
        "schedule": CAPTURE_SECONDS,
        "options": {"expires": CAPTURE_SECONDS},
    },
    "watch-cases": {
        "task": "campaigns.watch_cases",
        "schedule": CASES_SECONDS,
        "options": {"expires": CASES_SECONDS},
    },
    "run-automations": {
        "task": "campaigns.run_automations",
        "schedule": AUTOMATIONS_SECONDS,
        "options": {"expires": AUTOMATIONS_SECONDS},
    },
    "call-webhooks": {
        "task": "campaigns.call_webhooks",
        "schedule": WEBHOOKS_SECONDS,
        "options": {"expires": WEBHOOKS_SECONDS},
    },
    "apply-allocations": {
        "task": "crm.apply_allocations",
        "schedule": ALLOCATION_SECONDS,
        "options": {"expires": ALLOCATION_SECONDS},
    },
    "send-digests": {
        "task": "crm.send_digests",
        "schedule": DIGEST_SECONDS,
        "options": {"expires": DIGEST_SECONDS},
    },
    "send-answers": {
        "task": "campaigns.send_answers",
        "schedule": DIGEST_SECONDS,
        "options": {"expires": DIGEST_SECONDS},
    },
}
