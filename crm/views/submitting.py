"""What pages that change one record do alike: try, and show what was refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.editing import Difference, VersionedForm, tell_kept
from common.errors import DomainError, StaleRecordError
from crm.queries.editors import names_since
from crm.requests import SignedInRequest

ASKED, STALE, REFUSED = 200, 409, 422


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a form: kept, or how to show it again: status and conflicts."""

    is_kept: bool = False
    status: int = ASKED
    differences: list[Difference] = field(default_factory=list)


def submit_changes(
    request: SignedInRequest,
    form: VersionedForm,
    change: Callable[..., Any],
    **record: Any,
) -> Submitted:
    """Have `change` store what was entered about the record that `record` names.

    Anything else in `record`, behind it, goes to the service as it is. What is refused
    stands in the form, at its field where it has one.
    """
    if request.method != "POST":
        return Submitted()
    if not form.is_valid():
        return Submitted(status=REFUSED)
    stored = next(iter(record.values()))
    try:
        change(
            actor=request.user,
            expected_version=form.cleaned_data["version"],
            **record,
            **form.values(),
        )
    except StaleRecordError:
        who = names_since(stored, form.seen_at, request.user)
        return Submitted(status=STALE, differences=form.show_conflict(stored, who))
    except DomainError as error:
        form.add_error(field_of(form, error), error.message)
        return Submitted(status=REFUSED)
    tell_kept(request, form, names_since)
    return Submitted(is_kept=True)


def field_of(form: Any, error: DomainError) -> str | None:
    """Return where in `form` an error belongs; None for the whole of it."""
    return error.field if error.field in form.fields else None
