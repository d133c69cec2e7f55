"""A file of costs to load."""

import re
from typing import Any

from django import forms

LARGEST_FILE = 20 * 1024 * 1024  # bytes; bigger ones go by the command
SOURCE = re.compile(r"[\w.-]+")
TAKEN = frozenset({"typed", "touchpoint", "plan", "allocation", "reversal"})


class CostFileForm(forms.Form):
    """A CSV file, and where it comes from."""

    file = forms.FileField(
        label="CSV file",
        help_text="With columns kind, amount and day; account, id, document and note",
    )
    source = forms.CharField(
        label="Comes from",
        max_length=40,
        initial="import",
        help_text="Ids are told apart by it, such as erp",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                "Files above 20 MB are loaded by manage.py import_costs."
            )
        return file

    def clean_source(self) -> str:
        words = str(self.cleaned_data["source"]).strip()
        if not SOURCE.fullmatch(words) or words in TAKEN:
            raise forms.ValidationError(
                "One word of letters, digits, dots and hyphens that is not our own."
            )
        return words
