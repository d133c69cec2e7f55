"""Tasks over the API: promised, changed, done, given up, open again."""

import django_filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictModelSerializer, StrictSerializer, expected_version
from common.api_fields import NamedField, RecordFilter, VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.choices import TaskStatus
from crm.models import Account, Contact, Deal, Task, User
from crm.services import tasks

WRITABLE = (
    "title",
    "due_on",
    "due_at",
    "minutes",
    "kind",
    "priority",
    "contact",
    "deal",
    "owner",
)


class TaskOut(serializers.ModelSerializer[Task]):
    owner = serializers.EmailField(source="owner.email")

    class Meta:
        model = Task
        fields = (
            "id",
            "account",
            *WRITABLE,
            "status",
            "done_at",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class TaskChange(StrictModelSerializer):
    """What may change of an open task. `due_at` is in its owner's time zone."""

    contact = VisibleField(
        queryset=Contact.objects.all(), required=False, allow_null=True
    )
    deal = VisibleField(queryset=Deal.objects.all(), required=False, allow_null=True)
    owner = NamedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
    )

    class Meta:
        model = Task
        fields = WRITABLE


class TaskIn(TaskChange):
    """Something to do for an account, or for nobody in particular."""

    account = VisibleField(
        queryset=Account.objects.active(), required=False, allow_null=True, default=None
    )

    class Meta:
        model = Task
        fields = ("account", *WRITABLE)


class TaskNothingIn(StrictSerializer):
    """No body."""


class TaskFilter(django_filters.FilterSet):
    account = RecordFilter("account_id")
    owner = RecordFilter("owner_id")
    deal = RecordFilter("deal_id")
    status = django_filters.ChoiceFilter(choices=TaskStatus.choices)

    class Meta:
        model = Task
        fields = ("account", "owner", "deal", "status")


class TaskResource(Listed, Shown, Resource):
    """What people promised to do by a day. Given up, never deleted."""

    read_access = permissions.VIEW_ACCOUNTS
    write_access = permissions.LOG_TOUCHPOINTS
    queryset = Task.objects.select_related("owner")
    output = TaskOut
    inputs = {
        "create": TaskIn,
        "partial_update": TaskChange,
        "done": TaskNothingIn,
        "cancel": TaskNothingIn,
        "reopen": TaskNothingIn,
    }
    filterset_class = TaskFilter

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(tasks.create_task(actor=self.actor, **values))

    def partial_update(self, request: Request, pk: int) -> Response:
        task = self.get_object()
        version = expected_version(request, task)
        changed = tasks.change_task(
            actor=self.actor, task=task, expected_version=version, **self.read(request)
        )
        return self.answer(changed)

    @action(detail=True, methods=["post"])
    @acts_once
    def done(self, request: Request, pk: int) -> Response:
        task = self.get_object()
        self.read(request)
        return self.answer(tasks.complete_task(actor=self.actor, task=task))

    @action(detail=True, methods=["post"])
    @acts_once
    def cancel(self, request: Request, pk: int) -> Response:
        task = self.get_object()
        self.read(request)
        return self.answer(tasks.cancel_task(actor=self.actor, task=task))

    @action(detail=True, methods=["post"])
    @acts_once
    def reopen(self, request: Request, pk: int) -> Response:
        task = self.get_object()
        self.read(request)
        return self.answer(tasks.reopen_task(actor=self.actor, task=task))
