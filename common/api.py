"""The API's house rules: deny by default, refuse what is not known, say why."""

from typing import IO, TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest
from django_filters.rest_framework import DjangoFilterBackend
from knox.auth import TokenAuthentication
from rest_framework import serializers
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    ParseError,
    PermissionDenied,
    ValidationError,
)
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common.errors import StaleRecordError

if TYPE_CHECKING:  # rest_framework.views itself imports this module
    from rest_framework.views import APIView

MAX_DEPTH = 30
LARGEST_ID = 2**63 - 1
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class ApiToken(TokenAuthentication):
    """Signs in by ``Authorization: Token …``; the database holds only its hash."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        if not token.isalnum():  # which also means ASCII, for bytes
            raise AuthenticationFailed("Invalid token.")
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        return found

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Refuse what is no reading of a token that may only read."""
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found and request.method not in SAFE_METHODS:
            terms = getattr(found[1], "terms", None)
            if terms is not None and not terms.may_write:
                raise PermissionDenied(
                    "This token may only read. Make one that may write."
                )
        return found


class SignedIn(BasePermission):
    """Asks for a session or a token and no more."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(request.user and request.user.is_authenticated)


class HasPermission(BasePermission):
    """Reads `read_access` and `write_access` of the view; without them it is closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        kind = "read_access" if request.method in SAFE_METHODS else "write_access"
        permission = getattr(view, kind, None)
        return permission is not None and request.user.has_perm(permission)


class BoundedJSONParser(JSONParser):
    """JSON of a sane depth, without NUL characters and lone surrogates.

    PostgreSQL stores neither, and very deep nesting exhausts the stack: each would
    end as a server error.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        _check_json(data, 0)
        return data


def _check_json(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ParseError("The JSON is nested too deeply.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_json(inner, depth + 1)


def _check_text(text: str) -> None:
    if not _is_storable(text):
        raise ParseError("Text holds a character that cannot be stored.")


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


class StrictFilterBackend(DjangoFilterBackend):
    """Filters by the view's `filterset_class`; a parameter is given once, and fits."""

    def filter_queryset(self, request: Request, queryset: Any, view: "APIView") -> Any:
        for name, values in request.query_params.lists():
            if len(values) > 1:
                raise ValidationError({name: ["Give this parameter once."]})
            if not _is_storable(values[0]):
                raise ValidationError({name: ["This text cannot be stored."]})
        return super().filter_queryset(request, queryset, view)


class NewestFirst(CursorPagination):
    """Keyset pages, newest first; deep pages cost what the first costs."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    parameters: ClassVar[frozenset[str]] = frozenset({"cursor", "page_size"})

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not asked.isdecimal() or not 1 <= int(asked[:9]) <= self.max_page_size:
            raise ValidationError(
                {"page_size": [f"Ask for 1 to {self.max_page_size} rows."]}
            )
        return int(asked)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the cursor; one that this list never gave out is the caller's error."""
        if "cursor" not in request.query_params:
            return None
        refused = ValidationError({"cursor": ["This list gave out no such cursor."]})
        try:
            cursor = super().decode_cursor(request)
        except APIException:
            raise refused from None
        # Ids are unique, so a cursor of ours has a position and needs no offset.
        if cursor is None or cursor.position is None or cursor.offset:
            raise refused
        position = str(cursor.position)
        is_number = position.isdecimal() and len(position) <= len(str(LARGEST_ID))
        if not is_number or int(position) > LARGEST_ID:
            raise refused
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        parameters: list[Any] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == "page_size":
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size}
        return parameters


class ByAccount(NewestFirst):
    """Keyset pages of rows that have one row per account."""

    ordering = "account_id"


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {n for n, f in self.fields.items() if not f.read_only}
            unknown = sorted(set(data) - writable)
            if unknown:
                raise ValidationError(
                    {name: ["There is no such field to write."] for name in unknown}
                )
        return super().to_internal_value(data)


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """A model's serializer that refuses unknown fields."""


class PreconditionRequired(APIException):
    """A change must say which version it was made from."""

    status_code = 428
    default_detail = "Send If-Match with the ETag that you read."
    default_code = "precondition_required"


class PreconditionFailed(APIException):
    """Somebody else changed the record in between."""

    status_code = 412
    default_detail = StaleRecordError.message
    default_code = "stale"


def etag_of(record: Any) -> str:
    """Return the strong ETag of a versioned row."""
    return f'"{record.pk}-{record.version}"'


def expected_version(request: Request, record: Any) -> int:
    """Return the version named by If-Match.

    Raises
    ------
    PreconditionRequired
        If the header is missing.
    PreconditionFailed
        If it names another version than the stored one.
    """
    tags = request.headers.get("If-Match", "")
    if not tags.strip():
        raise PreconditionRequired
    if not {tag.strip() for tag in tags.split(",")} & {etag_of(record), "*"}:
        raise PreconditionFailed
    version: int = record.version
    return version


def refuse_unknown_parameters(request: HttpRequest, known: frozenset[str]) -> None:
    """Refuse query parameters that are not `known`, by name."""
    unknown = sorted(set(request.GET) - known)
    if unknown:
        raise ValidationError(
            {name: ["There is no such parameter."] for name in unknown}
        )
