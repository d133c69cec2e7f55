from django.apps import AppConfig

from common import palette, panels, timelines
from common.lists import sets
from crm.permissions import CHANGE_LEDGER
from segments.choices import WorthClass
from segments.permissions import VIEW_CLASSES


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self) -> None:
        sets.register("revenue-and-clv", "segments.queries.matrix.REVENUE_AND_CLV")
        targeting = "segments.queries.targeting"
        sets.register("customers-by-source", f"{targeting}.CUSTOMERS_BY_SOURCE")
        sets.register("customers-by-owner", f"{targeting}.CUSTOMERS_BY_OWNER")
        sets.register("customers-by-fit", f"{targeting}.CUSTOMERS_BY_FIT")
        sets.register("lost-by-fit", f"{targeting}.LOST_BY_FIT")
        sets.register("payback", "segments.queries.paybacks.PAYBACK")
        sets.register("overdue", "segments.queries.overdue.OVERDUE")
        for key in (
            "won",
            "moved",
            "came",
            "left",
            "falling",
            "ending",
            "changed",
            "equity",
            "these",
        ):
            sets.register(key, f"segments.queries.sets.{key.upper()}")
        for key in ("again", "best", "cohort", "established", "repeaters", "worth"):
            sets.register(key, f"segments.queries.value_sets.{key.upper()}")
        sets.register("sharing", "segments.queries.portrait_sets.SHARING")
        sets.register("clv", "segments.queries.portrait_sets.CLV")
        sets.register("gut", "segments.queries.gut.GUT")
        sets.register("missing", "segments.queries.quality.MISSING")
        sets.register("uncosted", "segments.queries.quality.UNCOSTED")
        sets.register("profit", "segments.queries.profit_sets.OF_PROFIT")
        sets.register("traded", "segments.queries.profit_sets.TRADED")
        sets.register("of-page", "segments.queries.profit_sets.OF_PAGE")
        sets.register("sold", "segments.queries.profit_sets.SOLD_TO")
        sets.register("deciding", "segments.queries.deal_sets.DECIDING")
        sets.register("source", "segments.queries.profit_sets.OF_SOURCE")
        sets.register("tenure", "segments.queries.tenure.TENURE")
        sets.register("net-loss", "segments.queries.profit_sets.NET_LOSS")
        sets.register("below-the-line", "segments.queries.profit_sets.BELOW_THE_LINE")
        sets.register("opportunity", "segments.queries.profit_sets.OPPORTUNITY")
        panels.register(
            "account", panels.Panel("Class", "segments:account_class", VIEW_CLASSES, 20)
        )
        panels.register(
            "account",
            panels.Panel("History", "segments:account_history", VIEW_CLASSES, 90),
        )
        panels.register(
            "account-header",
            panels.Panel("Class", "segments:account_header", VIEW_CLASSES, 5),
        )
        panels.register(
            "allocation-preview",
            panels.Panel(
                "Which classes bear it", "segments:allocation_classes", CHANGE_LEDGER
            ),
        )
        timelines.register(
            timelines.Source(
                key="class",
                kind="value",
                kind_title="Value and class",
                word="Class",
                icon="layers",
                query="segments.queries.timeline.class_changes",
                permission=VIEW_CLASSES,
                order=60,
            )
        )
        palette.add_command(
            palette.Command(
                "Key accounts we hardly know",
                "segments:facet_list",
                "circle-dashed",
                VIEW_CLASSES,
                words="empty facets profile completeness unknown",
            )
        )
        for title, url_name, icon, words in (
            ("Class rule", "segments:rule", "scale", "thresholds policy class"),
            ("Classes set by hand", "segments:override_list", "hand", "override"),
            ("Migration", "segments:migration", "shuffle", "moves classes sankey"),
        ):
            palette.add_command(
                palette.Command(title, url_name, icon, VIEW_CLASSES, words=words)
            )
        for worth_class in WorthClass:
            palette.add_command(
                palette.Command(
                    worth_class.label,
                    "segments:class_detail",
                    "layers",
                    VIEW_CLASSES,
                    words="class segment",
                    url_args=(worth_class.value,),
                )
            )
