"""Products: add them and change what is known of them."""

from typing import Any

from django.db import IntegrityError, transaction

from common.versions import save_changes
from crm.errors import CannotSaveProductError
from crm.models import Product, User
from crm.services import audit

TAKEN = "Another product has this number."


def create_product(*, actor: User, **fields: Any) -> Product:
    """Add one product.

    Raises
    ------
    CannotSaveProductError
        If the number (SKU) is taken.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                product = Product.objects.create(**fields)
        except IntegrityError as error:
            raise CannotSaveProductError(TAKEN, field="sku") from error
        product.refresh_from_db()
        audit.record(actor=actor, action="product.created", subject=product)
    return product


def change_product(
    *,
    actor: User,
    product: Product,
    expected_version: int | None = None,
    **changes: Any,
) -> Product:
    """Change one product. Lines that were sold keep the cost that they had.

    Raises
    ------
    CannotSaveProductError
        If the number (SKU) is taken, or the product would be its own upgrade.
    StaleRecordError
        If somebody else changed it since `expected_version`.
    """
    if changes.get("upgrade_to") == product:
        raise CannotSaveProductError(
            "A product is no upgrade of itself.", field="upgrade_to"
        )
    with transaction.atomic():
        try:
            with transaction.atomic():
                save_changes(product, expected_version=expected_version, **changes)
        except IntegrityError as error:
            raise CannotSaveProductError(TAKEN, field="sku") from error
        audit.record(
            actor=actor,
            action="product.changed",
            subject=product,
            fields=sorted(changes),
        )
    return product
