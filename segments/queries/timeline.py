"""What classes bring to the timeline of an account: its changes of class."""

from collections.abc import Sequence

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Subquery,
    TextField,
    Value,
    When,
)

from crm.queries.entries import Entries, joined, labels, of_accounts
from segments.choices import WorthClass
from segments.models import Membership


def class_changes(account_ids: Sequence[int]) -> Entries:
    """Return from which class to which, and why; the first class counts too."""
    left = Membership.objects.filter(
        account=OuterRef("account"), until=OuterRef("since")
    ).annotate(label=labels("worth_class", WorthClass.choices))
    was = Subquery(left.values("label")[:1], output_field=TextField())
    return Entries(
        of_accounts(Membership.objects.all(), account_ids),
        at="since",
        is_day=True,
        columns={
            "title": joined(
                Value("Class: "),
                Case(
                    When(Exists(left), then=joined(was, Value(" → "))),
                    default=Value(""),
                    output_field=TextField(),
                ),
                labels("worth_class", WorthClass.choices),
            ),
            "text": F("reason"),
        },
        searched=("reason",),
    )
