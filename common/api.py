"""The API's house rules: deny by default, refuse what is not known, say why."""

from typing import IO, TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common.errors import StaleRecordError

if TYPE_CHECKING:  # rest_framework.views itself imports this module
    from rest_framework.views import APIView

MAX_DEPTH = 30
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


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
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ParseError("Text holds a character that cannot be stored.")


class StrictFilterBackend(DjangoFilterBackend):
    """Filters by the view's `filterset_class`; an unknown parameter is an error."""

    always_known: ClassVar[frozenset[str]] = frozenset(
        {"cursor", "page_size", "format"}
    )

    def filter_queryset(self, request: Request, queryset: Any, view: "APIView") -> Any:
        filterset = getattr(view, "filterset_class", None)
        known = set(getattr(view, "query_parameters", ())) | self.always_known
        if filterset is not None:
            known |= set(filterset.base_filters)
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise ValidationError(
                {name: ["There is no such parameter."] for name in unknown}
            )
        return super().filter_queryset(request, queryset, view)


class NewestFirst(CursorPagination):
    """Keyset pages, newest first; deep pages cost what the first costs."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


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
    tag = request.headers.get("If-Match")
    if not tag:
        raise PreconditionRequired
    if tag.strip() not in {etag_of(record), "*"}:
        raise PreconditionFailed
    version: int = record.version
    return version


def document_errors(
    result: dict[str, Any],
    generator: Any,
    request: HttpRequest | None,
    public: bool,  # noqa: FBT001
) -> dict[str, Any]:
    """Add the answers that any operation may give, so that the schema is whole."""
    common = {
        "400": "Something in the request is not right; the body says what.",
        "401": "No valid token or session.",
        "403": "This role may not do that.",
        "404": "There is no such record, or it is not yours to see.",
    }
    for path in result["paths"].values():
        for operation in path.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            for code, text in common.items():
                operation["responses"].setdefault(
                    code,
                    {
                        "description": text,
                        "content": {"application/json": {"schema": {}}},
                    },
                )
    return result
