"""Closed lists of words about imported files."""

from django.db.models import TextChoices


class ImportKind(TextChoices):
    ORDERS = "orders", "Orders"
    COSTS = "costs", "Costs"
    HOLDINGS = "holdings", "Holdings"
    USAGE = "usage", "Use"
    ACCOUNTS = "accounts", "Accounts"
    CONTACTS = "contacts", "Contacts"
    PRODUCTS = "products", "Products"


class ImportStatus(TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
