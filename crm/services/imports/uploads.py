"""Files that come through the browser: kept only as long as they are read."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from crm.import_choices import ImportKind
from crm.models import User
from crm.services.imports.costs import import_costs
from crm.services.imports.holdings import import_holdings
from crm.services.imports.jobs import Report, Request
from crm.services.imports.kinds import (
    import_accounts,
    import_contacts,
    import_products,
)
from crm.services.imports.orders import import_orders
from crm.services.imports.usage import import_usage


class Load(Protocol):
    """The service that loads one kind of file."""

    def __call__(self, request: Request, *, actor: User | None = None) -> Report: ...


LOADERS: Mapping[str, Load] = {
    ImportKind.ACCOUNTS: import_accounts,
    ImportKind.CONTACTS: import_contacts,
    ImportKind.PRODUCTS: import_products,
    ImportKind.ORDERS: import_orders,
    ImportKind.COSTS: import_costs,
    ImportKind.HOLDINGS: import_holdings,
    ImportKind.USAGE: import_usage,
}


def load_upload(
    kind: str, chunks: Iterable[bytes], request: Request, *, actor: User
) -> Report:
    """Load a file of `kind` that arrives in chunks; `request.path` gives its name.

    What was refused stays with the record of the load, and no file is left behind.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / (request.path.name or "file.csv")
        with path.open("wb") as copy:
            for chunk in chunks:
                copy.write(chunk)
        refused = Path(folder) / "refused.csv"
        wanted = replace(request, path=path, refused_path=refused)
        return LOADERS[kind](wanted, actor=actor)
