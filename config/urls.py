"""Every address of the product, by app."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from config import views
from config.api_schema import SchemaView
from config.search_api import SearchResource

handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"

api: list[URLPattern | URLResolver] = [
    path("", include("crm.api.urls")),
    path("", include("clv.api.urls")),
    path("", include("segments.api.urls")),
    path("", include("campaigns.api.urls")),
    path("search/", SearchResource.as_view({"get": "list"}), name="search-list"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path(
        "docs/",
        views.relaxed_docs(SpectacularSwaggerSplitView.as_view(url_name="api:schema")),
        name="docs",
    ),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("find/", views.find, name="palette"),
    path("figures/anew/", views.figures_anew, name="figures_anew"),
    path("setup/", views.first_setup, name="first_setup"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("sign-in/", include("allauth.urls")),
    path("", include("crm.urls")),
    path("", include("clv.urls")),
    path("", include("segments.urls")),
    path("", include("campaigns.urls")),
    path("api/v1/", include((api, "api"))),
]
