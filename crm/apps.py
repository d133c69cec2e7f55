from django.apps import AppConfig

from common import agendas, marks, palette, timelines
from crm.permissions import (
    CHANGE_ACCOUNTS,
    LOG_TOUCHPOINTS,
    MANAGE_USERS,
    VIEW_ACCOUNTS,
    VIEW_LEDGER,
    VIEW_ORDERS,
    VIEW_PRODUCTS,
)


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "CRM"

    def ready(self) -> None:
        marks.register("events", "crm.queries.events.marks")
        for source in TIMELINE:
            timelines.register(source)
        for item in AGENDA:
            agendas.register(item)
        for title, permission, name, order in (
            ("Accounts", VIEW_ACCOUNTS, "find_accounts", 10),
            ("People", VIEW_ACCOUNTS, "find_people", 20),
            ("Tasks", VIEW_ACCOUNTS, "find_tasks", 36),
            ("Products", VIEW_PRODUCTS, "find_products", 40),
        ):
            query = f"crm.queries.found.{name}"
            palette.add_source(palette.Source(title, permission, query, order))
        for command in COMMANDS:
            palette.add_command(command)


def _source(
    key: str,
    kind: tuple[str, str, int],
    word: str,
    icon: str,
    query: str,
    permission: str = VIEW_ACCOUNTS,
) -> timelines.Source:
    return timelines.Source(
        key=key,
        kind=kind[0],
        kind_title=kind[1],
        word=word,
        icon=icon,
        query=f"crm.queries.timeline_sources.{query}",
        permission=permission,
        order=kind[2],
    )


CONTACTS, ORDERS = ("contact", "Contacts", 10), ("order", "Orders", 20)
GOALS = ("goal", "Goals and journal", 45)
EVENTS, TASKS = ("event", "Events", 30), ("task", "Tasks", 40)
PRODUCTS = ("product", "Products", 45)
COSTS, ACCOUNT = ("cost", "Costs", 50), ("account", "Account", 90)
TIMELINE = (
    _source("contact", CONTACTS, "Contact", "circle", "contacts"),
    _source("order", ORDERS, "Order", "shopping-cart", "orders", VIEW_ORDERS),
    _source("return", ORDERS, "Return", "undo-2", "returns", VIEW_ORDERS),
    _source("event", EVENTS, "Event", "calendar", "events"),
    _source("task", TASKS, "Task done", "circle-check", "tasks"),
    _source("goal", GOALS, "Goal", "goal", "goal_evidence"),
    _source("journal", GOALS, "Journal", "lightbulb", "journal_evidence"),
    _source("cost", COSTS, "Cost", "receipt", "costs", VIEW_LEDGER),
    _source("holding", PRODUCTS, "Has", "package", "holdings"),
    _source("holdingend", PRODUCTS, "Ended", "package-x", "holdings_stopped"),
    _source("owner", ACCOUNT, "New owner", "user-round-cog", "owners"),
    _source("created", ACCOUNT, "Entered here", "file-plus", "created"),
)

COMMANDS = (
    palette.Command(
        "Log a contact",
        "crm:quick_log",
        "phone",
        LOG_TOUCHPOINTS,
        words="call mail meeting visit note add new",
        behaviour="quick-log",
    ),
    palette.Command(
        "New account",
        "crm:account_create",
        "plus",
        CHANGE_ACCOUNTS,
        words="create add company firm customer prospect",
        prefill="name",
    ),
    palette.Command(
        "New task",
        "crm:task_new",
        "list-checks",
        LOG_TOUCHPOINTS,
        words="create add promise remind to do",
        prefill="title",
    ),
    palette.Command(
        "Capture without typing",
        "crm:capture_list",
        "plug",
        LOG_TOUCHPOINTS,
        words="mailbox mail imap calendar ical connect meetings drop address",
    ),
    palette.Command(
        "Duplicates",
        "crm:merge_list",
        "merge",
        CHANGE_ACCOUNTS,
        words="merge double same undo",
    ),
    palette.Command(
        "New person who signs in",
        "crm:user_create",
        "user-plus",
        MANAGE_USERS,
        words="create add invite user colleague",
        prefill="name",
    ),
)
AGENDA = (
    agendas.Source(
        key="goal",
        label="Goal to review",
        query="crm.queries.reviews.goals_to_review",
        permission=VIEW_ACCOUNTS,
    ),
    agendas.Source(
        key="hypothesis",
        label="Hypothesis to check",
        query="crm.queries.reviews.hypotheses_to_check",
        permission=VIEW_ACCOUNTS,
    ),
    agendas.Source(
        key="task",
        label="Promised",
        query="crm.queries.agenda.open_tasks",
        permission=VIEW_ACCOUNTS,
    ),
    agendas.Source(
        key="captured",
        label="Captured",
        query="crm.queries.agenda.captured",
        permission=VIEW_ACCOUNTS,
        action="Say how",
        url_name="crm:touchpoint_edit",
        done="Confirm",
    ),
    agendas.Source(
        key="meeting",
        label="Met",
        query="crm.queries.agenda.meetings",
        permission=LOG_TOUCHPOINTS,
        action="Say how",
        url_name="crm:meeting",
        done="Confirm",
        on_settled="crm.services.meetings.confirm_item",
        on_unsettled="crm.services.meetings.take_back_item",
    ),
    agendas.Source(
        key="reply",
        label="Wants an answer",
        query="crm.queries.agenda.unanswered",
        permission=VIEW_ACCOUNTS,
        action="Log",
        url_name="crm:quick_log",
        in_query=True,
        done="No answer needed",
    ),
)
