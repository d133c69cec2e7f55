"""Who has bought or held a product."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from crm.choices import OrderStatus
from crm.models import Holding, OrderLine, Product
from crm.queries.merged import WITH_SURVIVORS

# Accounts with the product in the name of one that was merged into them.
MERGED = f"""{WITH_SURVIVORS}
    SELECT s.account_id FROM survivor s
    WHERE EXISTS (
        SELECT 1 FROM crm_orderline l WHERE l.account_id = s.member_id
            AND l.product_id = %s AND l.status = 'confirmed' AND l.ordered_on <= %s
    ) OR EXISTS (
        SELECT 1 FROM crm_holding h WHERE h.account_id = s.member_id
            AND h.product_id = %s AND h.acquired_on <= %s
    )"""


def has_product(product: Product, until: dt.date) -> Q:
    """Keep accounts that bought the product up to `until`, or had it by then.

    What was bought or held in the name of a merged account counts where it went.
    """
    bought = OrderLine.objects.filter(
        account=OuterRef("pk"),
        product=product,
        status=OrderStatus.CONFIRMED,
        ordered_on__lte=until,
    )
    held = Holding.objects.filter(
        account=OuterRef("pk"), product=product, acquired_on__lte=until
    )
    merged = RawSQL(MERGED, [product.pk, until] * 2)  # noqa: S611  values are given
    return Q(Exists(bought)) | Q(Exists(held)) | Q(pk__in=merged)
