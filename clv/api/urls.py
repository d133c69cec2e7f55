"""API addresses of `clv`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
