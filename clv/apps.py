from django.apps import AppConfig

from clv.permissions import VIEW_ACCURACY, VIEW_VALUES
from common import panels


class ClvConfig(AppConfig):
    name = "clv"
    verbose_name = "Customer lifetime value"

    def ready(self) -> None:
        panels.register(
            "value", panels.Panel("Accuracy", "clv:accuracy_alert", VIEW_ACCURACY, 10)
        )
        panels.register(
            "account", panels.Panel("Value", "clv:account_value", VIEW_VALUES, 10)
        )
        panels.register(
            "account-header",
            panels.Panel("Worth", "clv:account_header", VIEW_VALUES, 10),
        )
        panels.register(
            "account-unknown-cost",
            panels.Panel(
                "Assumed margin", "clv:account_assumed_margin", VIEW_VALUES, 10
            ),
        )
        panels.register(
            "account-page",
            panels.Panel(
                "Profit and loss", "clv:account_profit_and_loss", VIEW_VALUES, 10
            ),
        )
