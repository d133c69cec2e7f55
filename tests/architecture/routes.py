"""Every address of the product, read from the URL tree."""

from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

THIRD_PARTY = "sign-in/"  # allauth's pages, which guard themselves
STATIC = ("schema/", "docs/")
API = "api/v1/"


@dataclass(frozen=True)
class Route:
    """One pattern: its path as written, its view, its full name."""

    path: str
    view: object
    name: str

    @property
    def is_ours(self):
        return not self.path.startswith(THIRD_PARTY)

    @property
    def is_api(self):
        return self.path.startswith(API) and hasattr(self.view, "cls")

    @property
    def is_plain(self):
        return "<" not in self.path


def every_route():
    return sorted(_walk(get_resolver()), key=lambda route: (route.path, route.name))


def _walk(resolver, path="", names=()):
    for entry in resolver.url_patterns:
        here = path + str(entry.pattern)
        if isinstance(entry, URLResolver):
            space = (entry.namespace,) if entry.namespace else ()
            yield from _walk(entry, here, (*names, *space))
        elif isinstance(entry, URLPattern):
            yield Route(here, entry.callback, ":".join((*names, entry.name or "")))


ROUTES = every_route()
OURS = [route for route in ROUTES if route.is_ours]
PLAIN = sorted({route.path for route in OURS if route.is_plain})
