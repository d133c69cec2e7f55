from crm.management.importing import ImportCommand
from crm.services.imports.holdings import import_holdings
from crm.services.imports.jobs import Report, Request


class Command(ImportCommand):
    help = "Load what customers have from a CSV file; safe to repeat."

    def load(self, request: Request) -> Report:
        return import_holdings(request)
