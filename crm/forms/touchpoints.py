"""The quick log's form: one line of shorthand about one account."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db.models import F, Max
from django.utils import timezone

from common.clock import business_today
from common.errors import DomainError
from common.zones import zone_of
from crm import policy
from crm.choices import Channel
from crm.forms.chips import WORDS_OF_KIND
from crm.models import Account, Contact, User
from crm.queries.people import REACHED
from crm.services import touchpoints
from crm.services.shorthand import Person, Understood, read_line
from crm.services.shorthand_people import LONGEST_NAME
from crm.services.touchpoints import FollowUp

LONGEST_LINE = 1_000
MATCHES_SHOWN = 8
NOON = dt.time(12)  # of a day whose time nobody said


class QuickLogForm(forms.Form):
    """One line, an account, and a token that makes a resent form store once.

    The account is given by its key, or found by the words of `search` when they fit
    exactly one. `matches` holds the candidates otherwise. `contact` is the person
    assumed where the line names nobody, `meant` the one meant where a name fits
    several. `zone` is one that a program names, otherwise that of the actor counts;
    `typed_at` says when a line was typed that is sent later.
    """

    line = forms.CharField(
        label="What happened",
        max_length=LONGEST_LINE,
        error_messages={
            "required": "Write what happened, such as: call 12m pricing ok"
        },
    )
    search = forms.CharField(
        label="Account", max_length=200, required=False, widget=forms.TextInput()
    )
    account = forms.ModelChoiceField(
        Account.objects.none(),
        required=False,
        error_messages={"invalid_choice": "This account is not yours, or is gone."},
    )
    contact = forms.IntegerField(required=False)
    meant = forms.IntegerField(required=False)
    occurred_at = forms.DateTimeField(
        label="When, if not now",
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    zone = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    typed_at = forms.CharField(max_length=40, required=False)
    form_token = forms.UUIDField(widget=forms.HiddenInput)
    seconds = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        actor: User,
        account: Account | None = None,
        line: str = "",
        assumes: bool = False,
        only: Account | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.mine = Account.objects.active().visible_to(actor)
        if only is not None:  # asked of the actor, whoever's account it is
            self.mine = Account.objects.active().filter(pk=only.pk)
        self.fields["account"].queryset = self.mine  # type: ignore[attr-defined]
        self.chosen: Account | None = None
        self.matches: list[Account] = []
        self.people: list[Contact] = []
        self.understood = Understood()
        self.assumed: Contact | None = None
        self.assumes = assumes or not self.is_bound
        self.now = timezone.now()
        self.own_zone = zone_of(actor)
        if account is not None:
            self._choose(account)
        self.initial.setdefault("form_token", uuid.uuid4())
        self.initial.setdefault("line", line)
        if line and not self.is_bound:
            self.understood = self._read(line)

    def begin(self, *, channel: str, contact: str, minutes: int = 0) -> None:
        """Begin an empty line with who was called or written to, how, and how long."""
        if channel not in WORDS_OF_KIND or self.typed:
            return
        person = next((c for c in self.people if str(c.pk) == contact), None)
        words = [
            WORDS_OF_KIND[Channel(channel)],
            *([f"{minutes}m"] if minutes else ()),
            *(person.name.split()[:LONGEST_NAME] if person else ()),
        ]
        self.initial["line"] = " ".join(words) + " "
        self.initial["meant"] = person.pk if person else None
        self.understood = self._read(self.typed)

    def clean_seconds(self) -> int | None:
        """Return how long typing took; what nobody can take as a time is not known."""
        said = self.cleaned_data["seconds"]
        taken = int(said) if said.isascii() and said.isdigit() else 0
        return taken if 0 < taken <= policy.LONGEST_ENTRY_SECONDS else None

    def clean_zone(self) -> ZoneInfo:
        """Return the zone that is named; that of the actor where none is known."""
        name = self.cleaned_data["zone"]
        return ZoneInfo(name) if name in available_timezones() else self.own_zone

    def clean_typed_at(self) -> dt.datetime:
        """Return when the line was typed; a clock that runs ahead counts as now."""
        try:
            typed_at = dt.datetime.fromisoformat(self.cleaned_data["typed_at"])
        except ValueError:
            return self.now
        return min(typed_at, self.now) if typed_at.tzinfo else self.now

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

    @property
    def typed(self) -> str:
        """Return the line as it stands in the input."""
        source = self.data if self.is_bound else self.initial
        return str(source.get("line", ""))

    def chosen_contact(self) -> Contact | None:
        """Return the person that the line names, else the one assumed."""
        person = self.understood.person
        named = next((c for c in self.people if person and c.pk == person.pk), None)
        if named or self.understood.candidates:
            return named
        if self.understood.channel == Channel.NOTE or self.understood.stranger:
            return None
        return self.assumed

    def refusal(self) -> str:
        """Return why saving would be refused: who left, or what the person wished."""
        contact, said = self.chosen_contact(), self.understood
        if contact is None:
            return ""
        at = self._said_at()
        if gone := touchpoints.departure(contact, on=timezone.localdate(at)):
            return gone
        refused = touchpoints.refusal(
            contact, channel=said.channel, direction=said.direction, at=at
        )
        hint = "If they reached out to you, write “from” before the name."
        return f"{refused} {hint}" if refused else ""

    def _said_at(self) -> dt.datetime:
        """Return about when the contact was, also of a line still being typed."""
        when = self.understood.when
        if when is None:
            return timezone.now()
        at = dt.datetime.combine(when.day, when.time or NOON)
        return at.replace(tzinfo=self._zone())

    def values(self) -> dict[str, Any]:
        """Return what a valid form says, as `log_touchpoint` takes it."""
        said, promise = self.understood, self.understood.promise
        follow_up = FollowUp(promise.title, promise.due_on) if promise else None
        return {
            "account": self.chosen,
            "contact": self.chosen_contact(),
            "channel": said.channel,
            "direction": said.direction,
            "occurred_at": self.moment(),
            "minutes": said.minutes,
            "note": said.note,
            "outcome": said.outcome,
            "phase": said.phase,
            "care": said.care,
            "ratings": said.ratings,
            "follow_up": follow_up,
            "form_token": self.cleaned_data["form_token"],
            "entry_seconds": self.cleaned_data["seconds"],
        }

    def moment(self) -> dt.datetime:
        """Return when the contact was: as the line says, as the field says, or now."""
        zone, typed_at = self.cleaned_data["zone"], self.cleaned_data["typed_at"]
        when = self.understood.when
        if when is not None:
            if when.time is None and when.day == typed_at.astimezone(zone).date():
                return typed_at  # type: ignore[no-any-return]
            return dt.datetime.combine(when.day, when.time or NOON, tzinfo=zone)
        if stated := self.cleaned_data.get("occurred_at"):
            naive = timezone.make_naive(stated)
            return naive.replace(tzinfo=zone)
        return typed_at  # type: ignore[no-any-return]

    def _zone(self) -> ZoneInfo:
        said = self.cleaned_data if self.is_bound else {}
        zone: ZoneInfo = said.get("zone") or self.own_zone
        return zone

    def _choose(self, account: Account) -> None:
        self.chosen = account
        self.matches = []
        spoken = Max("touchpoints__occurred_at", filter=REACHED)
        people = Contact.objects.filter(account=account).annotate(spoken_at=spoken)
        here = F("left_on").asc(nulls_first=True)
        order = F("spoken_at").desc(nulls_last=True)
        self.people = list(people.order_by(here, order, "name", "pk"))
        self.assumed = self._assumed()

    def _assumed(self) -> Contact | None:
        """Return whom the form says to assume; unasked, who was spoken with last."""
        key = str(self.data.get("contact", "?"))
        said = next((c for c in self.people if str(c.pk) == key), None)
        if said or not key or not self.assumes:
            return said
        last = self.people[0] if self.people else None
        if last is None or last.spoken_at is None:  # type: ignore[attr-defined]
            return None
        is_reachable = last.left_on is None and not last.do_not_contact
        return last if is_reachable else None

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
        said = self.cleaned_data if self.is_bound else self.initial
        today = (said.get("typed_at") or self.now).astimezone(self._zone()).date()
        people = [
            Person(c.pk, c.name, has_left=bool(c.left_on and c.left_on <= today))
            for c in self.people
        ]
        read = read_line(line, people=people, today=today, chosen=said.get("meant"))
        if read.promise and read.promise.due_on < business_today():
            # Typed on a day that is past meanwhile: what was promised is due now.
            return replace(read, promise=replace(read.promise, due_on=business_today()))
        return read
