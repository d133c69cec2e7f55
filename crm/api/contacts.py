"""People at accounts over the API."""

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, expected_version
from common.api_fields import KeyedData, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, Contact
from crm.services import contacts

WRITABLE = (
    "name",
    "title",
    "email",
    "phone",
    "decision_role",
    "influence",
    "attitude",
    "needs",
    "preferences",
    "socials",
    "do_not_contact",
    "left_on",
)


class ContactOut(serializers.ModelSerializer[Contact]):
    email = serializers.CharField()
    socials = KeyedData()

    class Meta:
        model = Contact
        fields = ("id", "account", *WRITABLE, "created_at", "updated_at", "version")
        read_only_fields = fields


class ContactChange(StrictModelSerializer):
    """What may change of a person; they stay at their account."""

    socials = KeyedData(required=False)

    class Meta:
        model = Contact
        fields = WRITABLE


class ContactIn(ContactChange):
    account = VisibleField(queryset=Account.objects.active())

    class Meta:
        model = Contact
        fields = ("account", *WRITABLE)


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
    inputs = {"create": ContactIn, "partial_update": ContactChange}
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
