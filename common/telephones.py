"""Telephone numbers as people write them: only the last digits tell them apart."""

from django.db.models import Func, TextField

# A country's prefix is written or not; so many digits name a telephone all the same.
COMPARED = 9
FEWEST = 6


def digits_of(number: str) -> str:
    """Return the last digits of a telephone number; nothing of anything else."""
    digits = "".join(sign for sign in number if sign in "0123456789")
    is_number = not set(number) - set("0123456789 +-/().")
    return digits[-COMPARED:] if is_number and len(digits) >= FEWEST else ""


class LastDigits(Func):
    """The same of a column, in the database."""

    template = f"right(regexp_replace(%(expressions)s, '[^0-9]', '', 'g'), {COMPARED})"
    output_field = TextField()
