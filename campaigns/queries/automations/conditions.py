"""Conditions: what must hold of an account, each with the words that say why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from campaigns.queries.automations import options
from campaigns.queries.automations.base import Spec, Values
from campaigns.queries.automations.facts import Facts
from campaigns.queries.automations.params import Kind, Param
from common.clock import business_today
from common.templatetags.display import money
from crm.choices import RelationshipType, Stage
from segments.choices import WorthClass

NOT_KNOWN = "not known"
SHOWN = 80  # letters of what somebody said


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds at one account: what it asks for, and what is there."""

    holds: bool
    asks: str
    found: str

    @property
    def why_not(self) -> str:
        return f"{self.asks[:1].upper()}{self.asks[1:]}: {self.found}."


Check = Callable[[Values, Facts], tuple[bool, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Spec):
    """One kind of condition and how it is checked."""

    check: Check

    def verdict(self, values: Values, facts: Facts) -> Verdict:
        holds, found = self.check(values, facts)
        return Verdict(holds, self.say(values), found)


def verdicts(conditions: list[Values], facts: Facts) -> list[Verdict]:
    """Return what every condition says of an account, in order."""
    return [CONDITIONS[one["kind"]].verdict(one, facts) for one in conditions]


def _choice(
    key: str,
    label: str,
    options_of: Callable[[], options.Options],
    found: Callable[[Facts], tuple[str, str]],
) -> Condition:
    """Return a condition on one word of an account: one of these, or none of these.

    `found` gives the word and how it is said. Where it is not known, the account is
    none of these.
    """
    wanted = Param("wanted", label, Kind.CHOICES, options_of)

    def say(values: Values) -> str:
        verb = "is" if values["op"] == "is" else "is not"
        return f"{label.lower()} {verb} {wanted.said(values['wanted'])}"

    def check(values: Values, facts: Facts) -> tuple[bool, str]:
        word, said = found(facts)
        is_among = word in values["wanted"]
        return is_among == (values["op"] == "is"), f"it is {said or NOT_KNOWN}"

    return Condition(key, label, params=(_OP, wanted), say=say, check=check)


def _labelled(value: str, labels: Mapping[str, str]) -> tuple[str, str]:
    return value, str(labels.get(value, "")) if value else ""


def _class_of(facts: Facts) -> tuple[str, str]:
    return _labelled(facts.worth_class, dict(WorthClass.choices))


def _stage_of(facts: Facts) -> tuple[str, str]:
    return _labelled(facts.account.stage, dict(Stage.choices))


def _relationship_of(facts: Facts) -> tuple[str, str]:
    return _labelled(facts.account.relationship_type, dict(RelationshipType.choices))


def _territory_of(facts: Facts) -> tuple[str, str]:
    territory = facts.account.territory
    return (str(territory.pk), str(territory)) if territory else ("", "")


def _owner_of(facts: Facts) -> tuple[str, str]:
    owner = facts.account.owner
    return (str(owner.pk), str(owner)) if owner else ("", "")


def _clv(values: Values, facts: Facts) -> tuple[bool, str]:
    if facts.clv is None:
        return False, f"it is {NOT_KNOWN}"
    amount = Decimal(values["amount"])
    holds = facts.clv >= amount if values["bound"] == "least" else facts.clv <= amount
    return holds, f"it is {money(facts.clv)}"


def _say_clv(values: Values) -> str:
    bound = "at least" if values["bound"] == "least" else "at most"
    return f"CLV is {bound} {money(Decimal(values['amount']))}"


def _wallet(values: Values, facts: Facts) -> tuple[bool, str]:
    left = facts.wallet_left
    if left is None:
        return False, f"it is {NOT_KNOWN}"
    return left >= Decimal(values["amount"]), f"{money(left)} is left"


def _industry(values: Values, facts: Facts) -> tuple[bool, str]:
    industry = facts.account.industry
    is_it = bool(industry) and industry.casefold() == values["industry"].casefold()
    return is_it == (values["op"] == "is"), f"it is {industry or NOT_KNOWN}"


def _say_industry(values: Values) -> str:
    verb = "is" if values["op"] == "is" else "is not"
    return f"industry {verb} {values['industry']}"


def _tag(values: Values, facts: Facts) -> tuple[bool, str]:
    has_one = bool(facts.tag_ids & set(values["wanted"]))
    found = "it has one of them" if has_one else "it has none of them"
    return has_one == (values["op"] == "is"), found


def _say_tag(values: Values) -> str:
    verb = "has" if values["op"] == "is" else "does not have"
    return f"the account {verb} the tag {_tags.said(values['wanted'])}"


def _words(values: Values, facts: Facts) -> tuple[bool, str]:
    said = facts.needs if values["where"] == "needs" else facts.preferences
    wanted = values["words"].casefold()
    for text in said:
        if wanted in text.casefold():
            return True, f"somebody there said “{text[:SHOWN]}”"
    return False, "nobody there said so"


def _quiet(values: Values, facts: Facts) -> tuple[bool, str]:
    last = facts.account.last_contact_on
    if last is None:
        return True, "nobody was in contact yet"
    days = (business_today() - last).days
    return days >= values["days"], f"the last one was {days} days ago"


_OP = Param("op", "Is or is not", Kind.CHOICE, options.is_or_not, default="is")
_tags = Param("wanted", "Tags", Kind.CHOICES, options.tags)

_ALL = (
    _choice("class", "Class", options.worth_classes, _class_of),
    Condition(
        "clv",
        "CLV",
        params=(
            Param(
                "bound",
                "At least or at most",
                Kind.CHOICE,
                options.at_least_or_most,
                default="least",
            ),
            Param(
                "amount", "Amount", Kind.AMOUNT, least=-999_999_999, most=999_999_999
            ),
        ),
        say=_say_clv,
        check=_clv,
    ),
    Condition(
        "wallet",
        "Left in the wallet",
        params=(
            Param("amount", "At least", Kind.AMOUNT, default="1", most=999_999_999),
        ),
        say=lambda values: f"{money(Decimal(values['amount']))} or more is justified",
        check=_wallet,
    ),
    _choice("stage", "Stage", options.stages, _stage_of),
    _choice(
        "relationship", "Relationship", options.relationship_types, _relationship_of
    ),
    _choice("territory", "Territory", options.territories, _territory_of),
    Condition(
        "industry",
        "Industry",
        params=(_OP, Param("industry", "Industry", Kind.TEXT, most=80)),
        say=_say_industry,
        check=_industry,
    ),
    Condition("tag", "Tag", params=(_OP, _tags), say=_say_tag, check=_tag),
    _choice("owner", "Owner", options.people, _owner_of),
    Condition(
        "words",
        "What somebody there needs or likes",
        params=(
            Param("where", "Where", Kind.CHOICE, options.where_said, default="needs"),
            Param("words", "Holds the words", Kind.TEXT, most=100),
        ),
        say=lambda values: f"somebody’s {values['where']} hold “{values['words']}”",
        check=_words,
    ),
    Condition(
        "quiet",
        "No contact for some days",
        params=(Param("days", "Days", Kind.NUMBER, default=14, least=1, most=3_650),),
        say=lambda values: f"nobody was in contact for {values['days']} days",
        check=_quiet,
    ),
)
CONDITIONS: Mapping[str, Condition] = {one.key: one for one in _ALL}
