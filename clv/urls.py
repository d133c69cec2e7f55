"""Pages of `clv`."""

from django.urls import URLPattern, path

from clv.views import panels, profit

app_name = "clv"
urlpatterns: list[URLPattern] = [
    path("accounts/<int:pk>/_value/", panels.account_value, name="account_value"),
    path("accounts/<int:pk>/_worth/", panels.account_header, name="account_header"),
    path(
        "accounts/<int:pk>/profit-and-loss/",
        profit.profit_and_loss,
        name="account_profit_and_loss",
    ),
]
