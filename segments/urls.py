"""Pages of `segments`."""

from django.urls import URLPattern, path

from segments.views import changes, classes, facets, forecast, panels, value

app_name = "segments"
urlpatterns: list[URLPattern] = [
    path("value/", value.dashboard, name="value"),
    path("value/_spread/", value.spread, name="value_spread"),
    path("value/_changes/", value.changes, name="value_changes"),
    path("value/_week/", changes.week, name="value_week"),
    path("value/_why/", changes.firm_change, name="value_why"),
    path("value/facets/", facets.facet_list, name="facet_list"),
    path("forecast/", forecast.forecast, name="forecast"),
    path("forecast/export.csv", forecast.forecast_export, name="forecast_export"),
    path("classes/<slug:key>/_why/", changes.class_change, name="class_why"),
    path("classes/<slug:key>/", classes.class_detail, name="class_detail"),
    path("accounts/<int:pk>/_class/", panels.account_class, name="account_class"),
    path("accounts/<int:pk>/_nights/", panels.account_history, name="account_history"),
    path(
        "accounts/<int:pk>/_class-badge/", panels.account_header, name="account_header"
    ),
]
