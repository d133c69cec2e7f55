from crm.management.importing import ImportCommand
from crm.services.imports.jobs import Report, Request
from crm.services.imports.orders import import_orders


class Command(ImportCommand):
    help = "Load orders from a CSV file; safe to repeat."

    def load(self, request: Request) -> Report:
        return import_orders(request)
