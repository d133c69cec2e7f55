"""Merges of duplicate accounts over the API: made, listed, undone."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import StrictSerializer
from common.api_fields import VisibleField
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm import permissions
from crm.models import Account, AccountMerge
from crm.services import merging


class MergeOut(serializers.ModelSerializer[AccountMerge]):
    """One merge; `moved` names the rows that went over, by kind."""

    made_by = serializers.EmailField(source="made_by.email")

    class Meta:
        model = AccountMerge
        fields = (
            "id",
            "survivor",
            "merged",
            "made_by",
            "made_at",
            "moved",
            "before",
            "after",
            "undone_at",
        )
        read_only_fields = fields


class MergeIn(StrictSerializer):
    """Which account stays, which goes into it, and what is taken over from it."""

    survivor = VisibleField(queryset=Account.objects.active())
    merged = VisibleField(queryset=Account.objects.active())
    take_over = serializers.ListField(
        child=serializers.ChoiceField(choices=merging.CHOSEN),
        required=False,
        max_length=len(merging.CHOSEN),
    )


class UndoIn(StrictSerializer):
    """Nothing needs to be said."""


class MergeResource(Listed, Shown, Resource):
    """Duplicates merged into the accounts that stay."""

    read_access = permissions.CHANGE_ACCOUNTS
    write_access = permissions.CHANGE_ACCOUNTS
    queryset = AccountMerge.objects.select_related("made_by")
    output = MergeOut
    inputs = {"create": MergeIn, "undo": UndoIn}

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        return self.answer(
            merging.merge_accounts(
                actor=self.actor,
                survivor=values["survivor"],
                merged=values["merged"],
                take_over=frozenset(values.get("take_over", ())),
            )
        )

    @extend_schema(summary="Make two accounts of one again")
    @action(detail=True, methods=["post"])
    @acts_once
    def undo(self, request: Request, pk: int) -> Response:
        merge = self.get_object()
        self.read(request)
        return self.answer(merging.undo_merge(actor=self.actor, merge=merge))
