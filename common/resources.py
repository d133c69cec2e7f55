"""What every resource of the API does alike."""

from typing import Any, ClassVar

from django.db.models import Model
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from common.api import NewestFirst, etag_of, refuse_unknown_parameters


class Resource(GenericViewSet[Any]):
    """One kind of record: who may read and write it, how it reads and is written.

    `output` writes a record, `inputs` names the serializer that reads the body of
    each action. `statuses` holds what actions answer instead of 200 (create: 201).
    Rows come through `visible_to`, so that a colleague's record is not found; only
    what `is_shared` is the whole firm's.
    """

    read_access: ClassVar[str]
    write_access: ClassVar[str | None] = None
    output: ClassVar[type[BaseSerializer[Any]]]
    inputs: ClassVar[dict[str, type[BaseSerializer[Any]]]] = {}
    outputs: ClassVar[dict[str, type[BaseSerializer[Any]]]] = {}
    statuses: ClassVar[dict[str, int]] = {}
    list_parameters: ClassVar[frozenset[str]] = frozenset()
    is_shared: ClassVar[bool] = False
    filterset_class: ClassVar[Any] = None
    metadata_class = None
    lookup_value_converter = "int"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_unknown_parameters(request, self._known_parameters())

    def check_permissions(self, request: Request) -> None:
        """Refuse what nobody may do as such, not for want of a permission."""
        if self.action is None and request.user.is_authenticated:
            raise MethodNotAllowed(request.method or "")
        super().check_permissions(request)

    def _known_parameters(self) -> frozenset[str]:
        if self.action != "list":
            return frozenset()
        known = self.list_parameters
        if self.filterset_class is not None:
            known |= frozenset(self.filterset_class.base_filters)
        if isinstance(self.paginator, NewestFirst):
            known |= self.paginator.parameters
        return known

    @property
    def actor(self) -> Any:
        """Return who calls; the permission check has let nobody anonymous pass."""
        return self.request.user

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows if self.is_shared else rows.visible_to(self.actor)

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return self.outputs.get(self.action, self.output)

    def read(self, request: Request) -> dict[str, Any]:
        """Return the checked body of this action."""
        reader = self.inputs[self.action](
            data=request.data,
            partial=self.action == "partial_update",
            context=self.get_serializer_context(),
        )
        reader.is_valid(raise_exception=True)
        values: dict[str, Any] = reader.validated_data
        return values

    def answer(self, record: Model) -> Response:
        """Write one record with its ETag."""
        code = self.statuses.get(
            self.action,
            status.HTTP_201_CREATED if self.action == "create" else status.HTTP_200_OK,
        )
        response = Response(self.get_serializer(record).data, status=code)
        if hasattr(record, "version"):
            response["ETag"] = etag_of(record)
        return response


class Listed:
    """Answers GET on the collection, page by page."""

    def list(self: Any, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(  # type: ignore[no-any-return]
            self.get_serializer(rows, many=True).data
        )


class Shown:
    """Answers GET on one record."""

    def retrieve(self: Any, request: Request, pk: int) -> Response:
        return self.answer(self.get_object())  # type: ignore[no-any-return]
