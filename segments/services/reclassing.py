"""Classing the values of today anew, between two nights.

What is wanted stands in a row. Whoever sweeps opens the published run again at its
step of classing, and a worker goes on from there: plans, lists and sums follow as
after any night.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from clv.choices import RunStatus
from clv.models import ValuationRun
from crm.models import User
from crm.services import audit
from segments.errors import NothingToClassError
from segments.models import ClassingRequest


@transaction.atomic
def request_classing(*, actor: User) -> ClassingRequest:
    """Ask for the current values to be classed anew. Asking twice is asking once.

    Raises
    ------
    NothingToClassError
        If nothing has been valued yet.
    """
    if ValuationRun.objects.current() is None:
        raise NothingToClassError
    waiting = ClassingRequest.objects.filter(taken_at=None).first()
    if waiting is not None:
        return waiting
    made = ClassingRequest.objects.create(author=actor)
    audit.record(actor=actor, action="classing.requested", subject=made)
    return made


@transaction.atomic
def open_again(*, steps: Collection[str]) -> ValuationRun | None:
    """Open the current run at its `steps` if classing is wanted; None otherwise.

    Waits for the next sweep while a run is being worked on.
    """
    if not ClassingRequest.objects.filter(taken_at=None).exists():
        return None
    rows = ValuationRun.objects.select_for_update(no_key=True)
    run = rows.filter(is_current=True).first()
    is_busy = ValuationRun.objects.filter(status=RunStatus.RUNNING).exists()
    if run is None or run.lease_until is not None or is_busy:
        return None
    run.steps.filter(name__in=steps).delete()
    ValuationRun.objects.filter(pk=run.pk).update(
        lease_until=Now(), attempts=0, failure=""
    )
    ClassingRequest.objects.filter(taken_at=None).update(taken_at=Now())
    return run
