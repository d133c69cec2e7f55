"""Row versions: nobody overwrites a change that they have not seen."""

from typing import Any, TypeVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from common.errors import StaleRecordError


class Timestamped(models.Model):
    """A row that knows when it was made and last written."""

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class Versioned(Timestamped):
    """A row that people edit; `version` grows with every edit."""

    version = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        abstract = True


Record = TypeVar("Record", bound=Versioned)


def save_changes(
    record: Record, *, expected_version: int | None = None, **changes: Any
) -> Record:
    """Write `changes` if nobody else wrote since `expected_version` was read.

    Without an expected version the record's own is used. The UPDATE itself checks
    the version, so two writers cannot both win.

    Raises
    ------
    StaleRecordError
        If the stored version differs; nothing is changed then.
    """
    version = record.version if expected_version is None else expected_version
    rows = type(record)._default_manager.filter(pk=record.pk, version=version)
    if not rows.update(**changes, version=F("version") + 1, updated_at=timezone.now()):
        raise StaleRecordError
    record.refresh_from_db()
    return record
