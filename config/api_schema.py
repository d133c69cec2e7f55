"""The API's description, which is the same for everybody until the next deploy."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


class OnceGenerator(SchemaGenerator):
    """Describes the API once per process: going through all of it takes a second."""

    def get_schema(  # the signature is the library's
        self,
        request: Request | None = None,
        public: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        # What is public holds for everybody, whoever asks. A version may be any text
        # that somebody sends, so what is described for one is not kept.
        if public and self.api_version is None:
            return _described()
        whole: Any = super()
        return whole.get_schema(request=request, public=public)


@cache
def _described() -> Any:
    generator: Any = SchemaGenerator
    return generator().get_schema(public=True)


class SchemaView(SpectacularAPIView):
    """Serve the description; it is worked out at the first call."""

    generator_class = OnceGenerator
