from crm.management.importing import ImportCommand
from crm.services.imports.jobs import Report, Request
from crm.services.imports.usage import import_usage


class Command(ImportCommand):
    help = "Load monthly use of what customers have from a CSV file; safe to repeat."

    def load(self, request: Request) -> Report:
        return import_usage(request)
