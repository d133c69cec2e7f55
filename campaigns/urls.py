"""Pages of `campaigns`."""

from django.urls import path

from campaigns.views import accounts

app_name = "campaigns"
urlpatterns = [
    path("accounts/", accounts.account_list, name="account_list"),
    path("accounts/export.csv", accounts.account_export, name="account_export"),
]
