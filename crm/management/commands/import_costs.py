from crm.management.importing import ImportCommand
from crm.services.imports.costs import import_costs
from crm.services.imports.jobs import Report, Request


class Command(ImportCommand):
    help = "Load costs from a CSV file into the ledger; safe to repeat."

    def load(self, request: Request) -> Report:
        return import_costs(request)
