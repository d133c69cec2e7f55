"""What an hour of people costs, over the API."""

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import DayField, NamedField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import HourlyRate, User
from crm.services import rates


class RateOut(serializers.ModelSerializer[HourlyRate]):
    """One rate. It holds until the next one of the same person begins."""

    user = serializers.EmailField(source="user.email")

    class Meta:
        model = HourlyRate
        fields = ("id", "user", "valid_from", "amount", "created_at", "updated_at")
        read_only_fields = fields


class RateIn(StrictSerializer):
    """What an hour costs from a day on; the same day again corrects it."""

    user = NamedField(slug_field="email", queryset=User.objects.all())
    valid_from = DayField()
    amount = serializers.DecimalField(max_digits=8, decimal_places=2, min_value=0)


class RateFilter(django_filters.FilterSet):
    user = django_filters.CharFilter("user__email", "iexact", max_length=254)

    class Meta:
        model = HourlyRate
        fields = ("user",)


class RateResource(Listed, Shown, Resource):
    """What an hour of people costs, and since when. Contacts use their day's rate."""

    read_access = permissions.SET_RATES
    write_access = permissions.SET_RATES
    queryset = HourlyRate.objects.select_related("user")
    output = RateOut
    inputs = {"create": RateIn}
    filterset_class = RateFilter
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(rates.set_rate(actor=self.actor, **self.read(request)))

    @extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Take back a rate that has not begun."""
        rates.withdraw_rate(actor=self.actor, rate=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
