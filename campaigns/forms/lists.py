"""Values that are changed in lists: in one cell, or on many rows at once."""

from collections.abc import Callable, Mapping

from django import forms

from campaigns.forms.assignments import plan_fields
from crm.choices import (
    Attitude,
    CaseKind,
    CaseUrgency,
    DecisionRole,
    ListKey,
    RelationshipType,
    SizeBand,
    Source,
    Stage,
)
from crm.models import Tag, Territory, User
from segments.choices import WorthClass
from segments.services.overrides import LONGEST_REASON

Maker = Callable[[User], forms.Field]


def _text(longest: int, *, is_required: bool = False) -> Maker:
    return lambda _user: forms.CharField(max_length=longest, required=is_required)


def _choice(choices: object, *, is_required: bool = False) -> Maker:
    offered = list(choices)  # type: ignore[call-overload]
    return lambda _user: forms.ChoiceField(choices=offered, required=is_required)


def _person(user: User) -> forms.Field:
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    if not user.sees_every_account:
        people = people.filter(pk=user.pk)
    return forms.ModelChoiceField(people, empty_label=None)


def _anybody(_user: User) -> forms.Field:
    """Return everybody who may be given a case; who gets it sees it."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    return forms.ModelChoiceField(people, empty_label=None)


def _territory(_user: User) -> forms.Field:
    rows = Territory.objects.order_by("name")
    return forms.ModelChoiceField(rows, required=False, empty_label="None")


def _any_tag(_user: User) -> forms.Field:
    return forms.ModelChoiceField(Tag.objects.order_by("name"), empty_label=None)


def _day(_user: User) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))


ACCOUNT_FIELDS: Mapping[str, Maker] = {
    "name": _text(300, is_required=True),
    "owner": _person,
    "territory": _territory,
    "stage": _choice(Stage.choices, is_required=True),
    "industry": _text(80),
    "city": _text(100),
    "size_band": _choice(SizeBand.choices),
    "source": _choice(Source.choices),
    "relationship_type": _choice(RelationshipType.choices),
    "tags": _text(600),
}
FIELDS: Mapping[str, Mapping[str, Maker]] = {
    ListKey.ACCOUNTS: ACCOUNT_FIELDS,
    ListKey.PROSPECTS: ACCOUNT_FIELDS,
    ListKey.CONTACTS: {
        "name": _text(300, is_required=True),
        "title": _text(150),
        "phone": _text(40),
        "email": lambda _user: forms.EmailField(required=False),
        "decision_role": _choice(DecisionRole.choices),
        "attitude": _choice(Attitude.choices),
        "tags": _text(600),
    },
    ListKey.TASKS: {
        "title": _text(300, is_required=True),
        "due_on": _day,
        "owner": _person,
    },
    ListKey.CASES: {
        "title": _text(300, is_required=True),
        "urgency": _choice(CaseUrgency.choices, is_required=True),
        "kind": _choice(CaseKind.choices, is_required=True),
        "owner": _anybody,
    },
}


class CellForm(forms.Form):
    """One value of one record, and the version that it was read from."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(
        self, *args: object, list_key: str, field: str, user: User, **options: object
    ) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.auto_id = "cell_%s"
        made = FIELDS[list_key][field](user)
        made.label = ""
        made.widget.attrs |= {"data-edit-input": "", "aria-label": "New value"}
        self.fields["value"] = made


_ASKED = {"set_due_on": "To which day", "set_owner": "To whom"}


class BulkForm(forms.Form):
    """What one action on many rows needs to know."""

    def __init__(
        self, *args: object, list_key: str, action: str, user: User, **options: object
    ) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.auto_id = "bulk_%s"
        if action == "add_task":
            self.fields["title"] = _text(300, is_required=True)(user)
            self.fields["title"].label = "What is to be done"
            self.fields["due_on"] = _day(user)
            self.fields["due_on"].label = "By"
            if user.sees_every_account:
                self.fields["owner"] = forms.ModelChoiceField(
                    User.objects.filter(is_active=True).order_by("name", "pk"),
                    required=False,
                    label="Who",
                    empty_label="The owner of each account",
                )
        elif action == "add_tag":
            self.fields["tag"] = forms.CharField(
                max_length=60, help_text="A new word becomes a new tag."
            )
        elif action == "mark_done":
            pass  # nothing more to say
        elif action == "remove_tag":
            self.fields["tag"] = _any_tag(user)
        elif action == "add_plan":
            self.fields |= plan_fields()
        elif action == "set_class":
            self.fields |= {
                "worth_class": forms.ChoiceField(
                    label="Class", choices=WorthClass.choices
                ),
                "reason": forms.CharField(
                    label="Reason, for those who ask", max_length=LONGEST_REASON
                ),
                "expires_on": _day(user),
            }
            self.fields["expires_on"].label = "Until and including"
        else:
            made = FIELDS[list_key][action.removeprefix("set_")](user)
            made.label = _ASKED.get(action, "New value")
            self.fields["value"] = made
