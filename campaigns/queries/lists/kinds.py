"""The lists there are, by key: one mechanism shows each of them."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from campaigns.permissions import ADD_TO_CAMPAIGNS, ASSIGN_PLANS
from campaigns.queries.lists.accounts import AccountList
from campaigns.queries.lists.base import Listing
from campaigns.queries.lists.cases import CaseList
from campaigns.queries.lists.contacts import ContactList
from campaigns.queries.lists.deliveries import DeliveryList
from campaigns.queries.lists.prospects import ProspectListing
from campaigns.queries.lists.tasks import TaskList
from clv.models import ValuationRun
from crm import permissions
from crm.choices import ListKey
from crm.models import User
from segments.permissions import OVERRIDE_CLASSES

Maker = Callable[[User, Mapping[str, Any]], Listing]


@dataclass(frozen=True, slots=True)
class Kind:
    """One list: how it is made, where it stands, and what is said when it is empty."""

    key: ListKey
    title: str
    noun: str
    make: Maker
    url_name: str
    export_url_name: str
    empty_title: str
    empty_text: str
    create_url_name: str = ""
    create_label: str = ""
    create_key: str = ""
    also_url_name: str = ""
    also_label: str = ""
    change_permission: str = permissions.CHANGE_ACCOUNTS
    shows_worth: bool = False
    bulk_actions: Sequence[tuple[str, str, str]] = ()
    is_journal: bool = False

    def may_change(self, user: User) -> bool:
        """Tell whether `user` may edit rows here; a journal only grows."""
        return not self.is_journal and user.has_perm(self.change_permission)

    def actions(self, user: User) -> list[tuple[str, str]]:
        """Return what `user` may do with many rows at once: key and words."""
        return [
            (key, label)
            for key, label, permission in self.bulk_actions
            if user.has_perm(permission)
        ]

    @property
    def target(self) -> str:
        return f"#{self.noun}-list"

    @property
    def all_url(self) -> str:
        return reverse(self.url_name) + "?view=all"

    @property
    def all_label(self) -> str:
        return f"Show all {self.noun}s"

    @property
    def no_match(self) -> str:
        return f"No {self.noun} matches"


def run_of(given: Mapping[str, Any]) -> ValuationRun | None:
    """Return the run whose values are shown: the current one or that of a past day."""
    try:
        day = dt.date.fromisoformat(given.get("as_of") or "")
    except ValueError:
        return ValuationRun.objects.current()
    return ValuationRun.objects.as_of(day)


def _accounts(user: User, given: Mapping[str, Any]) -> Listing:
    return AccountList(user=user, given=given, run=run_of(given))


def _contacts(user: User, given: Mapping[str, Any]) -> Listing:
    return ContactList(user=user, given=given)


def _prospects(user: User, given: Mapping[str, Any]) -> Listing:
    return ProspectListing(user=user, given=given)


def _cases(user: User, given: Mapping[str, Any]) -> Listing:
    return CaseList(user=user, given=given)


def _deliveries(user: User, given: Mapping[str, Any]) -> Listing:
    return DeliveryList(user=user, given=given)


def _tasks(user: User, given: Mapping[str, Any]) -> Listing:
    return TaskList(user=user, given=given)


CHANGE = permissions.CHANGE_ACCOUNTS
OF_CONTACTS = (
    ("add_tag", "Add a tag", CHANGE),
    ("remove_tag", "Take a tag off", CHANGE),
    ("set_decision_role", "Set the decision role", CHANGE),
    ("set_attitude", "Set the attitude", CHANGE),
)
OF_TASKS = (
    ("mark_done", "Mark as done", permissions.LOG_TOUCHPOINTS),
    ("set_due_on", "Move to a day", CHANGE),
    ("set_owner", "Give to somebody", permissions.ASSIGN_ACCOUNTS),
)
OF_CASES = (
    ("set_urgency", "Set the urgency", permissions.CHANGE_CASES),
    ("set_owner", "Give to somebody", permissions.CHANGE_CASES),
)
OF_ACCOUNTS = (
    ("set_owner", "Assign an owner", permissions.ASSIGN_ACCOUNTS),
    ("add_tag", "Add a tag", CHANGE),
    ("remove_tag", "Take a tag off", CHANGE),
    ("add_plan", "Add to a plan", ASSIGN_PLANS),
    ("add_campaign", "Add to a campaign", ADD_TO_CAMPAIGNS),
    ("add_task", "Add a task to each", CHANGE),
    ("set_stage", "Set the stage", CHANGE),
    ("set_industry", "Set the industry", CHANGE),
    ("set_size_band", "Set the size", CHANGE),
    ("set_source", "Set the source", CHANGE),
    ("set_relationship_type", "Set the relationship", CHANGE),
    ("set_territory", "Set the territory", CHANGE),
    ("set_class", "Set the class by hand", OVERRIDE_CLASSES),
)
KINDS: Mapping[str, Kind] = {
    kind.key.value: kind
    for kind in (
        Kind(
            key=ListKey.ACCOUNTS,
            title="Accounts",
            noun="account",
            make=_accounts,
            url_name="campaigns:account_list",
            export_url_name="campaigns:account_export",
            empty_title="No accounts yet",
            empty_text="Add the first one here; managers load whole files under"
            " Import. An account is yours once you are its owner.",
            create_url_name="crm:account_create",
            create_label="New account",
            shows_worth=True,
            bulk_actions=OF_ACCOUNTS,
        ),
        Kind(
            key=ListKey.PROSPECTS,
            title="Prospects",
            noun="prospect",
            make=_prospects,
            url_name="campaigns:prospect_list",
            export_url_name="campaigns:prospect_export",
            empty_title="No prospects",
            empty_text="An account that you see and that has not ordered shows here,"
            " with a worth, from the night after it was added.",
            create_url_name="crm:account_create",
            create_label="New account",
            also_url_name="campaigns:profile_list",
            also_label="Ideal profiles",
            bulk_actions=OF_ACCOUNTS,
        ),
        Kind(
            key=ListKey.CONTACTS,
            title="Contacts",
            noun="contact",
            make=_contacts,
            url_name="campaigns:contact_list",
            export_url_name="campaigns:contact_export",
            empty_title="No contacts yet",
            empty_text="People are added on the page of their account, under People.",
            bulk_actions=OF_CONTACTS,
        ),
        Kind(
            key=ListKey.TASKS,
            title="Tasks",
            noun="task",
            make=_tasks,
            url_name="campaigns:task_list",
            export_url_name="campaigns:task_export",
            empty_title="Nothing is open",
            empty_text="A task is added with T, here or on the page of an account, or"
            " follows from a line in the quick log, such as “+fri send offer”.",
            create_url_name="crm:task_new",
            create_label="New task",
            create_key="t",
            bulk_actions=OF_TASKS,
        ),
        Kind(
            key=ListKey.DELIVERIES,
            title="Mails",
            noun="mail",
            make=_deliveries,
            url_name="campaigns:delivery_list",
            export_url_name="campaigns:delivery_export",
            empty_title="No mail was written yet",
            empty_text="A mail begins with “Send” at a touch in Today, with a sending"
            " of marketing, or with an automation.",
            is_journal=True,
        ),
        Kind(
            key=ListKey.CASES,
            title="Cases",
            noun="case",
            make=_cases,
            url_name="campaigns:case_list",
            export_url_name="campaigns:case_export",
            empty_title="No case is open",
            empty_text="A case begins with C, wherever you are, or with a message that"
            " another system posts here. What is settled stands under Status.",
            create_url_name="campaigns:case_create",
            create_label="New case",
            also_url_name="campaigns:level_list",
            also_label="Service levels",
            bulk_actions=OF_CASES,
        ),
    )
}
