"""The quick log's form: one line of shorthand about one account."""

import uuid
from typing import Any

from django import forms
from django.db.models import F, Max, Q
from django.utils import timezone

from common.clock import business_today
from common.errors import DomainError
from crm import policy
from crm.choices import Direction
from crm.models import Account, Contact, User
from crm.services.shorthand import Person, Understood, read_line

LONGEST_LINE = 1_000
MATCHES_SHOWN = 8


class QuickLogForm(forms.Form):
    """One line, an account, and a token that makes a resent form store once.

    The account is given by its key, or found by the words of `search` when they fit
    exactly one. `matches` holds the candidates otherwise.
    """

    line = forms.CharField(
        label="What happened",
        max_length=LONGEST_LINE,
        error_messages={
            "required": "Write what happened, such as: call 12m pricing ok"
        },
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "enterkeyhint": "done",
                "placeholder": "call 12m Anna pricing ok +fri send offer",
            }
        ),
    )
    search = forms.CharField(
        label="Account", max_length=200, required=False, widget=forms.TextInput()
    )
    account = forms.ModelChoiceField(Account.objects.none(), required=False)
    occurred_at = forms.DateTimeField(
        label="When, if not now",
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, actor: User, account: Account | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.mine = Account.objects.active().visible_to(actor)
        self.fields["account"].queryset = self.mine  # type: ignore[attr-defined]
        self.chosen: Account | None = None
        self.matches: list[Account] = []
        self.people: list[Contact] = []
        self.understood = Understood()
        if account is not None:
            self._choose(account)
        self.initial.setdefault("form_token", uuid.uuid4())

    def clean_occurred_at(self) -> Any:
        return self.cleaned_data["occurred_at"] or timezone.now()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        account = data.get("account") or self._found(data.get("search") or "")
        if account is not None:
            self._choose(account)
        elif "account" not in self.errors:
            self.add_error("search", self._which())
        if line := data.get("line"):
            self.understood = self._read(line)
            for problem in self.understood.problems:
                self.add_error("line", problem)
        return data

    def read(self) -> Understood:
        """Return what an unfinished form says so far, without judging it."""
        if self._errors is None:  # type: ignore[attr-defined]
            self.full_clean()
        return self.understood

    def add_refusal(self, error: DomainError) -> None:
        """Show a refusal at the input that can mend it."""
        field = error.field if error.field in {"occurred_at", "search"} else "line"
        self.add_error(field, error.message)

    @property
    def example(self) -> str:
        """Return a line to imitate, with the person last spoken with."""
        name = self.people[0].name.split()[0] if self.people else "Anna"
        return f"call 12m {name} pricing ok +fri send offer"

    def chosen_contact(self) -> Contact | None:
        """Return the person that the line names."""
        person = self.understood.person
        return next((c for c in self.people if person and c.pk == person.pk), None)

    def names_somebody_who_refused(self) -> bool:
        """Tell whether saving will be refused because the person asked for peace."""
        contact, said = self.chosen_contact(), self.understood
        is_ours = said.direction == Direction.OUT
        is_refusable = said.channel in policy.REFUSABLE_CHANNELS
        return bool(contact and contact.do_not_contact and is_ours and is_refusable)

    def _choose(self, account: Account) -> None:
        self.chosen = account
        self.matches = []
        spoken = Max("touchpoints__occurred_at", filter=Q(touchpoints__voided_at=None))
        people = Contact.objects.filter(account=account).annotate(spoken_at=spoken)
        here = F("left_on").asc(nulls_first=True)
        order = F("spoken_at").desc(nulls_last=True)
        self.people = list(people.order_by(here, order, "name", "pk"))

    def _found(self, words: str) -> Account | None:
        if not words.strip():
            return None
        found = self.mine.matching(words).order_by("name", "pk")
        self.matches = list(found[:MATCHES_SHOWN])
        return self.matches[0] if len(self.matches) == 1 else None

    def _which(self) -> str:
        if self.matches:
            return "Several accounts fit. Choose one."
        if self.cleaned_data.get("search"):
            return "No account of yours fits these words."
        return "Choose an account: type the beginning of its name."

    def _read(self, line: str) -> Understood:
        today = business_today()
        people = [
            Person(c.pk, c.name, has_left=bool(c.left_on and c.left_on <= today))
            for c in self.people
        ]
        return read_line(line, people=people, today=today)
