"""Who has bought or held a product."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q

from crm.choices import OrderStatus
from crm.models import Holding, OrderLine, Product


def has_product(product: Product, until: dt.date) -> Q:
    """Keep accounts that bought the product up to `until`, or had it by then."""
    bought = OrderLine.objects.filter(
        account=OuterRef("pk"),
        product=product,
        status=OrderStatus.CONFIRMED,
        ordered_on__lte=until,
    )
    held = Holding.objects.filter(
        account=OuterRef("pk"), product=product, acquired_on__lte=until
    )
    return Q(Exists(bought)) | Q(Exists(held))
