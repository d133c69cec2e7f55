"""API addresses of `crm`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
