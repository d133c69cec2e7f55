"""A file of any kind to load."""

from django import forms

from crm.forms.cost_files import CostFileForm
from crm.import_choices import ImportKind
from crm.services.imports.staging import DECIMAL_MARKS

# In the order in which a firm loads them: each names what came before.
KINDS = (
    ImportKind.ACCOUNTS,
    ImportKind.CONTACTS,
    ImportKind.PRODUCTS,
    ImportKind.ORDERS,
    ImportKind.HOLDINGS,
    ImportKind.USAGE,
)
DATES = ("DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "YYYY/MM/DD")


class DataFileForm(CostFileForm):
    """A CSV file, what it holds, and how its numbers and days are written."""

    kind = forms.ChoiceField(
        label="What it holds", choices=[(one.value, one.label) for one in KINDS]
    )
    decimal = forms.ChoiceField(
        label="Decimals",
        required=False,
        choices=[("", "As it looks"), *((m, m.capitalize()) for m in DECIMAL_MARKS)],
    )
    date_format = forms.ChoiceField(
        label="Days",
        required=False,
        choices=[("", "2026-01-31, 20260131, 31.01.2026"), *((d, d) for d in DATES)],
    )
    field_order = ("kind", "file", "source", "decimal", "date_format")

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["file"].help_text = "UTF-8, with a line of headers"
