from django.apps import AppConfig

from common import timelines
from crm.permissions import VIEW_ACCOUNTS, VIEW_LEDGER, VIEW_ORDERS


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "CRM"

    def ready(self) -> None:
        for source in TIMELINE:
            timelines.register(source)


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
EVENTS, TASKS = ("event", "Events", 30), ("task", "Tasks", 40)
COSTS, ACCOUNT = ("cost", "Costs", 50), ("account", "Account", 90)
TIMELINE = (
    _source("contact", CONTACTS, "Contact", "circle", "contacts"),
    _source("order", ORDERS, "Order", "shopping-cart", "orders", VIEW_ORDERS),
    _source("return", ORDERS, "Return", "undo-2", "returns", VIEW_ORDERS),
    _source("event", EVENTS, "Event", "calendar", "events"),
    _source("task", TASKS, "Task done", "circle-check", "tasks"),
    _source("cost", COSTS, "Cost", "receipt", "costs", VIEW_LEDGER),
    _source("owner", ACCOUNT, "New owner", "user-round-cog", "owners"),
    _source("created", ACCOUNT, "Entered here", "file-plus", "created"),
)
