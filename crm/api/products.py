"""Products over the API."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import NamedField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Complement, Product
from crm.models.products import LONGEST_LIFE, LONGEST_TERM
from crm.queries import catalogue
from crm.services import products

WRITABLE = (
    "sku",
    "name",
    "category",
    "list_price",
    "unit_cost",
    "upgrade_to",
    "upgrade_reason",
    "is_active",
    "life_months",
    "term_months",
)


class ProductOut(serializers.ModelSerializer[Product]):
    upgrade_to = serializers.CharField(source="upgrade_to.sku", allow_null=True)

    class Meta:
        model = Product
        fields = ("id", *WRITABLE, "created_at", "updated_at", "version")
        read_only_fields = fields


class ProductIn(StrictModelSerializer):
    upgrade_to = NamedField(
        slug_field="sku",
        queryset=Product.objects.all(),
        required=False,
        allow_null=True,
    )

    class Meta:
        model = Product
        fields = WRITABLE
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "sku": {"validators": []},
            "list_price": {"min_value": 0},
            "unit_cost": {"min_value": 0},
            "life_months": {"min_value": 1, "max_value": LONGEST_LIFE},
            "term_months": {"min_value": 1, "max_value": LONGEST_TERM},
        }


class ProductFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_words", max_length=200)
    sku = django_filters.CharFilter(max_length=60)
    category = django_filters.CharFilter(max_length=100)

    class Meta:
        model = Product
        fields = ("search", "sku", "category", "is_active")

    def by_words(
        self, rows: QuerySet[Product], _name: str, text: str
    ) -> QuerySet[Product]:
        return catalogue.matching(rows, text)


class ProductResource(Listed, Shown, Resource):
    """What we sell, at what price and cost. Everybody sees all of it."""

    read_access = permissions.VIEW_PRODUCTS
    write_access = permissions.CHANGE_PRODUCTS
    queryset = Product.objects.select_related("upgrade_to")
    output = ProductOut
    inputs = {"create": ProductIn, "partial_update": ProductIn}
    filterset_class = ProductFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(products.create_product(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        product = self.get_object()
        version = expected_version(request, product)
        changed = products.change_product(
            actor=self.actor,
            product=product,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)


class ComplementOut(serializers.ModelSerializer[Complement]):
    """One direction of "these two go together"; the other is a row too."""

    product = serializers.CharField(source="from_product.sku")
    other = serializers.CharField(source="to_product.sku")

    class Meta:
        model = Complement
        fields = ("id", "product", "other", "reason", "created_at", "updated_at")
        read_only_fields = fields


class ComplementIn(StrictSerializer):
    """Two products that go together, by their numbers; again replaces the reason."""

    product = NamedField(slug_field="sku", queryset=Product.objects.all())
    other = NamedField(slug_field="sku", queryset=Product.objects.all())
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ComplementFilter(django_filters.FilterSet):
    product = django_filters.CharFilter("from_product__sku", max_length=60)

    class Meta:
        model = Complement
        fields = ("product",)


class ComplementResource(Listed, Shown, Resource):
    """What goes with what. Removing one direction removes the other."""

    read_access = permissions.VIEW_PRODUCTS
    write_access = permissions.CHANGE_CATALOGUES
    queryset = Complement.objects.select_related("from_product", "to_product")
    output = ComplementOut
    inputs = {"create": ComplementIn}
    filterset_class = ComplementFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        said = self.read(request)
        products.link_products(actor=self.actor, **said)
        pair = {"from_product": said["product"], "to_product": said["other"]}
        return self.answer(self.get_queryset().get(**pair))

    @extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
    def destroy(self, request: Request, pk: int) -> Response:
        link = self.get_object()
        products.unlink_products(
            actor=self.actor, product=link.from_product, other=link.to_product
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
