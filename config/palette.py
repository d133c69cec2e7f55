"""The palette: pages, commands and records that fit what somebody types."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from clv.models import Valuation, ValuationRun
from common import palette
from common.folding import fold
from common.palette import Command, Hit
from config.shell import menu_of
from crm.models import User
from segments.choices import WorthClass
from segments.models import Membership

MOST_COMMANDS = 6
MOST_OF_A_KIND = 6
CANDIDATES = 40  # the best of these are shown
SHORTEST = 2  # letters from which on records are searched

# What concerns oneself needs no permission.
OWN = (
    Command(
        "Keys on this page",
        "account_change_password",
        "keyboard",
        "",
        words="help shortcuts",
        behaviour="key-help",
    ),
    Command(
        "Change the colours",
        "account_change_password",
        "sun-moon",
        "",
        words="theme dark light",
        behaviour="theme-toggle",
    ),
    Command("Change password", "account_change_password", "key-round", ""),
    Command("Sign out", "account_logout", "log-out", "", words="leave"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """One line: a hit, and what its account is worth."""

    hit: Hit
    worth_class: WorthClass | None = None
    clv: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of one kind."""

    title: str
    lines: Sequence[Found]


def search(user: User, typed: str, *, is_blind: bool = False) -> list[Section]:
    """Return what `user` may open or do, the best of each kind first.

    Records whose name begins with what was typed come first, then those worth most.
    With nothing typed: what they worked on last, and the pages. `is_blind` keeps worth
    out of the lines and of their order.
    """
    text = typed.strip()
    sections = [Section("Go and do", _commands(user, text))]
    if not text or len(text) >= SHORTEST:
        sections += [
            _records(user, source, text, is_blind=is_blind)
            for source in palette.sources_for(user)
        ]
    if not text:
        sections.reverse()
    return [section for section in sections if section.lines]


def _commands(user: User, text: str) -> list[Found]:
    pages = (
        Command(link.title, link.url_name, link.icon, link.permission, words="go open")
        for group in menu_of(user)
        for link in group.links
    )
    allowed = [
        command
        for command in (*palette.commands(), *OWN)
        if not command.permission or user.has_perm(command.permission)
    ]
    fitting = [palette.offered(command, text) for command in (*pages, *allowed)]
    offers = [offer for offer in fitting if offer is not None]
    # "new account X" names one command by two words and another by one.
    most = max((named for named, _ in offers), default=0)
    found = [Found(hit) for named, hit in offers if named == most]
    return found if not text else found[:MOST_COMMANDS]


def _records(
    user: User, source: palette.Source, text: str, *, is_blind: bool
) -> Section:
    hits = source.find(user, text, CANDIDATES if text else MOST_OF_A_KIND)
    lines = [Found(hit) for hit in hits]
    if not is_blind:
        lines = _with_worth(lines)
    if text:
        wanted = fold(text)
        lines.sort(key=lambda line: _rank(line, wanted))
    return Section(source.title, lines[:MOST_OF_A_KIND])


def _rank(line: Found, wanted: str) -> tuple[bool, Decimal, str]:
    begins = fold(line.hit.title).startswith(wanted)
    return (not begins, -(line.clv or Decimal(0)), line.hit.title)


def _with_worth(lines: list[Found]) -> list[Found]:
    keys = [line.hit.account_id for line in lines if line.hit.account_id]
    run = ValuationRun.objects.current()
    if not keys or run is None:
        return lines
    values = Valuation.objects.of_run(run).filter(account_id__in=keys)
    clv = dict(values.values_list("account_id", "clv"))
    open_now = Membership.objects.open().filter(account_id__in=keys)
    classes = dict(open_now.values_list("account_id", "worth_class"))
    return [
        replace(
            line,
            clv=clv.get(line.hit.account_id or 0),
            worth_class=_class_of(classes.get(line.hit.account_id or 0)),
        )
        for line in lines
    ]


def _class_of(value: str | None) -> WorthClass | None:
    return WorthClass(value) if value else None
