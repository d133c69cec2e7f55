"""Pages of `clv`."""

from django.urls import URLPattern

app_name = "clv"
urlpatterns: list[URLPattern] = []
