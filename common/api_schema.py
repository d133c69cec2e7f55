"""How the API describes itself: the house rules, written into the OpenAPI schema."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.utils import OpenApiParameter

from common.once import HEADER

ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="Version of the record, for If-Match.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag that was read; another version answers 412.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A repeat with the same key and body acts once.",
)
ERRORS = {
    "400": "Something in the request is not right; the body says what.",
    "401": "No valid token or session.",
    "403": "This role may not do that.",
    "404": "There is no such record, or it is not yours to see.",
    "429": "The token called too often; Retry-After says for how many seconds to wait.",
}
ERRORS_OF_CHANGES = {
    "412": "Somebody else changed the record in between.",
    "428": "If-Match is missing.",
}
ERRORS_OF_BODIES = {
    "415": "The body is not JSON.",
    "422": "The Idempotency-Key was used for another body.",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "common.api.ApiToken"
    match_subclasses = True
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        return build_bearer_security_scheme_object(
            header_name="Authorization",
            token_prefix="Token",  # noqa: S106
        )


class HouseSchema(AutoSchema):
    """Reads `inputs`, `outputs` and `statuses` of a `Resource`."""

    view: Any

    def get_override_parameters(self) -> list[Any]:
        action = getattr(self.view, "action", "")
        if action == "list":
            return list(getattr(self.view, "documented_parameters", ()))
        parameters = [IF_MATCH, ETAG] if action == "partial_update" else []
        if getattr(getattr(self.view, action, None), "acts_once", False):
            parameters.append(IDEMPOTENCY_KEY)
        return parameters

    def get_request_serializer(self) -> Any:
        return self.view.inputs.get(self.view.action)

    def get_response_serializers(self) -> Any:
        action = self.view.action
        default = 201 if action == "create" else 200
        code = self.view.statuses.get(action, default)
        return {code: self.view.get_serializer_class()}


def document_errors(
    result: dict[str, Any],
    generator: Any,
    request: HttpRequest | None,
    public: bool,  # noqa: FBT001
) -> dict[str, Any]:
    """Add the answers that any operation may give, so that the schema is whole."""
    result["components"]["schemas"]["Error"] = {
        "type": "object",
        "description": "`detail` and `code`, or a list of messages per field.",
        "additionalProperties": {},
    }
    for path in result["paths"].values():
        for method, operation in path.items():
            for code, text in _errors_of(method, operation).items():
                operation["responses"].setdefault(
                    code,
                    {
                        "description": text,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Error"}
                            }
                        },
                    },
                )
    return result


def _errors_of(method: str, operation: dict[str, Any]) -> dict[str, str]:
    errors = dict(ERRORS)
    if any(p["name"] == IF_MATCH.name for p in operation.get("parameters", ())):
        errors |= ERRORS_OF_CHANGES
    if "requestBody" in operation or method == "post":
        errors |= ERRORS_OF_BODIES
    return errors
