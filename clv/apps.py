from django.apps import AppConfig

from clv.permissions import START_RUNS, VIEW_ACCURACY, VIEW_VALUES
from common import palette, panels, timelines
from common.lists import sets


class ClvConfig(AppConfig):
    name = "clv"
    verbose_name = "Customer lifetime value"

    def ready(self) -> None:
        sets.register("offers", "clv.queries.offer_sets.OFFERS")
        panels.register(
            "value", panels.Panel("Accuracy", "clv:accuracy_alert", VIEW_ACCURACY, 10)
        )
        panels.register(
            "account", panels.Panel("Value", "clv:account_value", VIEW_VALUES, 10)
        )
        panels.register(
            "account-products",
            panels.Panel("What could come next", "clv:account_offers", VIEW_VALUES, 10),
        )
        panels.register(
            "account",
            panels.Panel("Recommendations", "clv:account_referrals", VIEW_VALUES, 60),
        )
        panels.register(
            "account-goals",
            panels.Panel(
                "Value for both sides", "clv:account_both_sides", VIEW_VALUES, 10
            ),
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
        for key, word, icon, query in (
            ("value", "Value changed", "trending-up", "value_changes"),
            ("payback", "Paid back", "piggy-bank", "paybacks"),
        ):
            timelines.register(
                timelines.Source(
                    key=key,
                    kind="value",
                    kind_title="Value and class",
                    word=word,
                    icon=icon,
                    query=f"clv.queries.timeline.{query}",
                    permission=VIEW_VALUES,
                    order=60,
                )
            )
        timelines.register(
            timelines.Source(
                key="offer",
                kind="product",
                kind_title="Products",
                word="Offer",
                icon="lightbulb",
                query="clv.queries.timeline.offers_decided",
                permission=VIEW_VALUES,
                order=46,
            )
        )
        palette.add_command(
            palette.Command(
                "Value now",
                "clv:run_list",
                "play",
                START_RUNS,
                words="run recompute clv night start",
            )
        )
