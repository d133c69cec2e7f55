from django.apps import AppConfig

from campaigns.permissions import (
    ADD_TO_CAMPAIGNS,
    CHANGE_AUTOMATIONS,
    CHANGE_CAMPAIGNS,
    VIEW_CAMPAIGNS,
    VIEW_FIRINGS,
    VIEW_PLANS,
    VIEW_TODAY,
)
from clv.permissions import VIEW_VALUES
from common import agendas, arrivals, palette, panels, timelines, undoing
from common.lists import sets
from crm.permissions import (
    CHANGE_CASES,
    CHANGE_DEALS,
    VIEW_ACCOUNTS,
    VIEW_CASES,
    VIEW_DEALS,
)
from segments.permissions import VIEW_DASHBOARD


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        panels.register(
            "account", panels.Panel("Plan", "campaigns:account_plan", VIEW_PLANS, 30)
        )
        panels.register(
            "account", panels.Panel("Deals", "campaigns:account_deals", VIEW_DEALS, 40)
        )
        panels.register(
            "account-side",
            panels.Panel("Next best step", "campaigns:account_next", VIEW_PLANS, 10),
        )
        panels.register(
            "account-header",
            panels.Panel(
                "Justified spend", "campaigns:account_justified", VIEW_PLANS, 30
            ),
        )
        panels.register(
            "logged", panels.Panel("Plan", "campaigns:touchpoint_effect", VIEW_PLANS)
        )
        panels.register(
            "class", panels.Panel("Plan", "campaigns:class_plan", VIEW_PLANS, 30)
        )
        panels.register(
            "class-tile",
            panels.Panel("Plan", "campaigns:class_plan_name", VIEW_PLANS, 30),
        )
        panels.register(
            "value",
            panels.Panel(
                "Classes without a plan", "campaigns:value_plans", VIEW_DASHBOARD, 10
            ),
        )
        panels.register(
            "value-side",
            panels.Panel("Alerts", "campaigns:value_alerts", VIEW_DASHBOARD, 20),
        )
        panels.register(
            "targeting",
            panels.Panel(
                "By campaign", "campaigns:targeting_campaigns", VIEW_DASHBOARD, 10
            ),
        )
        sets.register(
            "won-by-campaign", "campaigns.queries.campaign_cohorts.WON_BY_CAMPAIGN"
        )
        sets.register("in-campaign", "campaigns.queries.campaign_sets.IN_CAMPAIGN")
        sets.register("out-of-reach", "campaigns.queries.campaign_sets.OUT_OF_REACH")
        sets.register(
            "campaign-touches", "campaigns.queries.campaign_sets.CAMPAIGN_TOUCHES"
        )
        sets.register("prospects", "campaigns.queries.sets.PROSPECTS")
        sets.register("alert", "campaigns.queries.sets.ALERT")
        of_board = "campaigns.queries.board_touches"
        sets.register("plan-touches", f"{of_board}.PLAN_TOUCHES")
        sets.register("plan-followers", f"{of_board}.FOLLOWERS")
        sets.register("contacts", "campaigns.queries.experience.CONTACTED")
        sets.register("care", "campaigns.queries.care_report.CARED_FOR")
        sets.register("care-spent", "campaigns.queries.budget.CARE_SPENT")
        sets.register("plan-withheld", f"{of_board}.WITHHELD")
        sets.register("no-plan", f"{of_board}.NO_PLAN")
        sets.register("expected-margin", "campaigns.queries.sets.EXPECTED_MARGIN")
        sets.register("not-planned", "campaigns.queries.sets.NOT_PLANNED")
        timelines.register(
            timelines.Source(
                key="touch",
                kind="plan",
                kind_title="Plan",
                word="Plan touch",
                icon="clipboard-list",
                query="campaigns.queries.timeline.closed_touches",
                permission=VIEW_PLANS,
                order=70,
            )
        )
        arrivals.register("account", "campaigns.services.assignments.welcome")
        for key, query in (
            ("planbegun", "plans_begun"),
            ("planended", "plans_ended"),
        ):
            timelines.register(
                timelines.Source(
                    key=key,
                    kind="plan",
                    kind_title="Plan",
                    word="Plan changed",
                    icon="clipboard-list",
                    query=f"campaigns.queries.timeline_plans.{query}",
                    permission=VIEW_PLANS,
                    order=70,
                )
            )
        undoing.register("touchpoint", "campaigns.services.touches.reopen_touch_of")
        for key, word, query in (
            ("dealbegun", "Deal", "deals_begun"),
            ("dealmoved", "Deal moved", "deals_moved"),
            ("dealclosed", "Deal closed", "deals_closed"),
        ):
            timelines.register(
                timelines.Source(
                    key=key,
                    kind="deal",
                    kind_title="Deals",
                    word=word,
                    icon="handshake",
                    query=f"campaigns.queries.timeline.{query}",
                    permission=VIEW_DEALS,
                    url_name="campaigns:deal_detail",
                    order=25,
                )
            )
        panels.register(
            "account-act",
            panels.Panel(
                "Brief", "campaigns:account_brief", VIEW_ACCOUNTS, 10, key="b"
            ),
        )
        panels.register(
            "account-page",
            panels.Panel("Metrics", "campaigns:account_metrics", VIEW_VALUES, 20),
        )
        agendas.register(
            agendas.Source(
                key="alert",
                label="Alert",
                query="campaigns.queries.agenda.open_alerts",
                permission=VIEW_TODAY,
            )
        )
        sets.register("answer", "campaigns.queries.questions.sets.ANSWERED")
        agendas.register(
            agendas.Source(
                key="staledeal",
                label="Deal stands still",
                query="campaigns.queries.agenda.stale_deals",
                permission=VIEW_DEALS,
                url_name="campaigns:deal_detail",
                done="It may wait",
            )
        )
        _register_automations()
        _register_cases()
        _register_campaigns()
        palette.add_source(
            palette.Source(
                "Deals", VIEW_DEALS, "campaigns.queries.found.find_deals", 30
            )
        )
        palette.add_command(
            palette.Command(
                "New deal",
                "campaigns:deal_create",
                "handshake",
                CHANGE_DEALS,
                words="create add opportunity for",
                prefill="search",
            )
        )


def _register_automations() -> None:
    """Say where automations show: in timelines and in the palette."""
    timelines.register(
        timelines.Source(
            key="firing",
            kind="automation",
            kind_title="Automations",
            word="Automation",
            icon="workflow",
            query="campaigns.queries.timeline.firings",
            permission=VIEW_FIRINGS,
            order=75,
        )
    )
    palette.add_command(
        palette.Command(
            "New automation",
            "campaigns:automation_create",
            "workflow",
            CHANGE_AUTOMATIONS,
            words="create add rule trigger",
        )
    )
    palette.add_command(
        palette.Command(
            "Log of automations",
            "campaigns:firing_list",
            "workflow",
            VIEW_FIRINGS,
            words="what fired rules triggers",
        )
    )


def _register_campaigns() -> None:
    """Say where campaigns show: on accounts, in timelines and in the palette."""
    panels.register(
        "account-act",
        panels.Panel("Campaign", "campaigns:account_campaign", ADD_TO_CAMPAIGNS, 40),
    )
    timelines.register(
        timelines.Source(
            key="enrolled",
            kind="plan",
            kind_title="Plan",
            word="Campaign",
            icon="megaphone",
            query="campaigns.queries.timeline_plans.enrolments",
            permission=VIEW_CAMPAIGNS,
            url_name="campaigns:campaign_detail",
            order=70,
        )
    )
    palette.add_source(
        palette.Source(
            "Campaigns", VIEW_CAMPAIGNS, "campaigns.queries.found.find_campaigns", 40
        )
    )
    for command in (
        palette.Command(
            "New campaign",
            "campaigns:campaign_new",
            "megaphone",
            CHANGE_CAMPAIGNS,
            words="create begin marketing",
            prefill="name",
        ),
        palette.Command(
            "Add to a campaign",
            "campaigns:campaign_choose",
            "megaphone",
            ADD_TO_CAMPAIGNS,
            words="account enrol put into",
            prefill="search",
        ),
    ):
        palette.add_command(command)


def _register_cases() -> None:
    """Say where cases show: on accounts, in timelines, in Today, in the palette."""
    panels.register(
        "account-cases", panels.Panel("Cases", "campaigns:account_cases", VIEW_CASES)
    )
    panels.register(
        "account-act",
        panels.Panel("Case", "campaigns:account_case_create", CHANGE_CASES, 20),
    )
    for key, word, query in (
        ("caseopened", "Case", "cases_opened"),
        ("caseanswered", "Case answered", "cases_answered"),
        ("casesolved", "Case resolved", "cases_resolved"),
    ):
        timelines.register(
            timelines.Source(
                key=key,
                kind="case",
                kind_title="Cases",
                word=word,
                icon="life-buoy",
                query=f"campaigns.queries.timeline_cases.{query}",
                permission=VIEW_CASES,
                url_name="campaigns:case_detail",
                order=28,
            )
        )
    agendas.register(
        agendas.Source(
            key="case",
            label="Case",
            query="campaigns.queries.agenda.open_cases",
            say="campaigns.queries.service.clocks_said",
            permission=VIEW_CASES,
            url_name="campaigns:case_detail",
            done="",
        )
    )
    palette.add_source(
        palette.Source("Cases", VIEW_CASES, "campaigns.queries.found.find_cases", 35)
    )
    palette.add_command(
        palette.Command(
            "New case",
            "campaigns:case_create",
            "life-buoy",
            CHANGE_CASES,
            words="create add complaint question fault request ticket service",
            prefill="title",
        )
    )
