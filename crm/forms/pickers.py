"""Fields that find a record of `crm` by typing."""

from common.form_fields import Typeahead


def product_typeahead() -> Typeahead:
    """Return the input for one of very many products."""
    return Typeahead("api:product-list", none_found="No product has these words.")
