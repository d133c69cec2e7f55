"""What people allow and what we think of them: rows are added, never edited."""

import django_filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer
from common.api_fields import DayField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource
from crm import permissions
from crm.models import Consent, Contact, ContactAssessment
from crm.services import assessments, consent

SAID = (
    "channel",
    "topic",
    "is_granted",
    "wording",
    "means",
    "obtained_on",
    "place",
    "proof",
)
JUDGED = ("decision_role", "influence", "attitude", "judged_on", "source")


class ConsentOut(serializers.ModelSerializer[Consent]):
    class Meta:
        model = Consent
        fields = ("id", "contact", *SAID, "recorded_at")
        read_only_fields = fields


class ConsentIn(StrictModelSerializer):
    contact = VisibleField(queryset=Contact.objects.all())
    is_granted = serializers.BooleanField()
    obtained_on = DayField(required=False)

    class Meta:
        model = Consent
        fields = ("contact", *SAID)


class AssessmentOut(serializers.ModelSerializer[ContactAssessment]):
    class Meta:
        model = ContactAssessment
        fields = ("id", "contact", *JUDGED, "recorded_at")
        read_only_fields = fields


class AssessmentIn(StrictModelSerializer):
    contact = VisibleField(queryset=Contact.objects.all())
    judged_on = DayField(required=False)

    class Meta:
        model = ContactAssessment
        fields = ("contact", *JUDGED)


class ConsentFilter(django_filters.FilterSet):
    contact = RecordFilter("contact_id")

    class Meta:
        model = Consent
        fields = ("contact",)


class AssessmentFilter(django_filters.FilterSet):
    contact = RecordFilter("contact_id")

    class Meta:
        model = ContactAssessment
        fields = ("contact",)


class ConsentResource(Listed, Resource):
    """What people allow by channel and topic, with proof; the newest wish counts."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.RECORD_CONSENT
    queryset = Consent.objects.all()
    output = ConsentOut
    inputs = {"create": ConsentIn}
    filterset_class = ConsentFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(consent.record_consent(actor=self.actor, **values))


class AssessmentResource(Listed, Resource):
    """What we think of people's part in decisions, since when and by what."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = ContactAssessment.objects.all()
    output = AssessmentOut
    inputs = {"create": AssessmentIn}
    filterset_class = AssessmentFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(assessments.assess_contact(actor=self.actor, **values))
