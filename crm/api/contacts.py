"""People at accounts over the API."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import DayField, KeyedData, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.errors import CannotSaveContactsError
from crm.models import Account, Contact
from crm.services import contacts

MOST_AT_ONCE = 500


class ContactOut(serializers.ModelSerializer[Contact]):
    email = serializers.CharField()
    preferred_channel = serializers.CharField(help_text="empty where none is known")
    socials = KeyedData()

    class Meta:
        model = Contact
        fields = (
            "id",
            "account",
            *contacts.FIELDS,
            "successor",
            "moved_from",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class ContactChange(StrictModelSerializer):
    """What may change of a person; they stay at their account."""

    socials = KeyedData(required=False)

    class Meta:
        model = Contact
        fields = contacts.FIELDS


class ContactIn(ContactChange):
    account = VisibleField(queryset=Account.objects.active())

    class Meta:
        model = Contact
        fields = ("account", *contacts.FIELDS)


class ContactsIn(StrictSerializer):
    """People to add together, all or none; errors stand by row."""

    contacts = serializers.ListField(
        child=ContactIn(), min_length=1, max_length=MOST_AT_ONCE
    )


@extend_schema_serializer(many=False)
class ContactsOut(serializers.Serializer[Any]):
    """Those added, in the order of the rows."""

    contacts = ContactOut(many=True)


class DepartureIn(StrictSerializer):
    """When a person left, who took over, and at which account they are now."""

    left_on = DayField()
    successor = VisibleField(queryset=Contact.objects.all(), required=False)
    moved_to = VisibleField(queryset=Account.objects.active(), required=False)


class ContactFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    email = django_filters.CharFilter("email", "iexact", max_length=254)

    class Meta:
        model = Contact
        fields = ("account", "email")


class ContactResource(Listed, Shown, Resource):
    """People at accounts: their part in decisions and how to reach them."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = Contact.objects.all()
    output = ContactOut
    inputs = {
        "create": ContactIn,
        "partial_update": ContactChange,
        "departure": DepartureIn,
        "bulk": ContactsIn,
    }
    outputs = {"bulk": ContactsOut}
    filterset_class = ContactFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(contacts.create_contact(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        contact = self.get_object()
        version = expected_version(request, contact)
        changed = contacts.change_contact(
            actor=self.actor,
            contact=contact,
            expected_version=version,
            **self.read(request),
        )
        return self.answer(changed)

    @extend_schema(
        summary="Add up to 500 people, all or none", responses={201: ContactsOut}
    )
    @action(detail=False, methods=["post"])
    @acts_once
    def bulk(self, request: Request) -> Response:
        """Add people; a refusal names every row that does not fit."""
        rows = self.read(request)["contacts"]
        try:
            made = contacts.create_contacts(actor=self.actor, rows=rows)
        except CannotSaveContactsError as error:
            found = {
                str(number): {one.field or "row": [one.message]}
                for number, one in error.problems.items()
            }
            raise serializers.ValidationError({"contacts": found}) from error
        context = self.get_serializer_context()
        body = ContactsOut({"contacts": made}, context=context).data
        return Response(body, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Note that a person left")
    @action(detail=True, methods=["post"])
    @acts_once
    def departure(self, request: Request, pk: int) -> Response:
        contact = self.get_object()
        values = self.read(request)
        return self.answer(contacts.let_go(actor=self.actor, contact=contact, **values))
