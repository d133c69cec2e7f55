"""Accounts over the API."""

from typing import Any, ClassVar

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, expected_version
from common.api_fields import KeyedData, NamedField, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, Territory, User
from crm.services import accounts


class AccountOut(serializers.ModelSerializer[Account]):
    owner = serializers.EmailField(source="owner.email", allow_null=True)
    website = serializers.CharField()
    territory = serializers.CharField(source="territory.name", allow_null=True)
    attributes = KeyedData()

    class Meta:
        model = Account
        fields = (
            "id",
            *accounts.FIELDS,
            "last_contact_on",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class AccountIn(StrictModelSerializer):
    """What people and systems may say of an account; foreign records are unknown."""

    owner = NamedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    territory = NamedField(
        slug_field="name",
        queryset=Territory.objects.all(),
        required=False,
        allow_null=True,
    )
    parent = VisibleField(  # type: ignore[assignment]
        queryset=Account.objects.active(), required=False, allow_null=True
    )
    referred_by = VisibleField(
        queryset=Account.objects.active(), required=False, allow_null=True
    )
    attributes = KeyedData(required=False)

    class Meta:
        model = Account
        fields = accounts.FIELDS
        # The service says it better, and the database decides.
        extra_kwargs: ClassVar[dict[str, Any]] = {"external_id": {"validators": []}}


class AccountFilter(django_filters.FilterSet):
    """Which accounts: words of name, city or number; stage; owner."""

    search = django_filters.CharFilter(method="by_words", max_length=200)
    owner = django_filters.CharFilter("owner__email", max_length=254)
    external_id = django_filters.CharFilter(max_length=100)

    class Meta:
        model = Account
        fields = ("search", "stage", "owner", "external_id")

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.matching(value)


class AccountResource(Listed, Shown, Resource):
    """Firms and people that we sell to, hope to, or used to."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = Account.objects.active().select_related("owner", "territory")
    output = AccountOut
    inputs = {"create": AccountIn, "partial_update": AccountIn}
    filterset_class = AccountFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(accounts.create_account(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        account = self.get_object()
        version = expected_version(request, account)
        changed = accounts.change_account(
            actor=self.actor,
            account=account,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)
