"""Products: add them and change what is known of them."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from common.versions import save_changes
from crm.errors import CannotSaveProductError
from crm.models import Complement, Product, User
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


def link_products(
    *, actor: User, product: Product, other: Product, reason: str = ""
) -> None:
    """Say that two products go together; again replaces the reason.

    Raises
    ------
    CannotSaveProductError
        If it is the same product, or one the other's upgrade.
    """
    if product == other:
        raise CannotSaveProductError(
            "A product does not go with itself.", field="other"
        )
    if other.pk == product.upgrade_to_id or product.pk == other.upgrade_to_id:
        raise CannotSaveProductError(
            "One is the upgrade of the other, so it takes its place.", field="other"
        )
    with transaction.atomic():
        for one, two in ((product, other), (other, product)):
            Complement.objects.update_or_create(
                from_product=one,
                to_product=two,
                defaults={"reason": reason.strip(), "updated_at": timezone.now()},
            )
        audit.record(
            actor=actor, action="product.linked", subject=product, other=other.pk
        )


def unlink_products(*, actor: User, product: Product, other: Product) -> None:
    """Say that two products do not go together.

    Raises
    ------
    CannotSaveProductError
        If they were not linked.
    """
    with transaction.atomic():
        rows = Complement.objects.filter(
            Q(from_product=product, to_product=other)
            | Q(from_product=other, to_product=product)
        )
        if not rows.delete()[0]:
            raise CannotSaveProductError("These two are not linked.")
        audit.record(
            actor=actor, action="product.unlinked", subject=product, other=other.pk
        )
