import pytest

from crm.services.imports.costs import import_costs
from crm.services.imports.jobs import Request
from crm.services.imports.orders import import_orders


@pytest.fixture
def load(db, tmp_path):
    """Import text as a file of orders, or of costs; return the report."""

    def run(text, *, costs=False, kind=None, name="file.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        importer = kind or (import_costs if costs else import_orders)
        return importer(Request(path=path, **{"source": "test"} | options))

    return run
