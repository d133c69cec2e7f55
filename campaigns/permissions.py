"""What may be done with plans and touches, and which role may do it."""

from crm.choices import Role

VIEW_TODAY = "campaigns.view_today"
VIEW_PLANS = "campaigns.view_plans"
CHANGE_PLANS = "campaigns.change_plans"
OPTIMISE_PLANS = "campaigns.optimise_plans"
DO_TOUCHES = "campaigns.do_touches"
ASSIGN_PLANS = "campaigns.assign_plans"
CHANGE_PLANNING_RULES = "campaigns.change_planning_rules"
ASK_QUESTIONS = "campaigns.ask_questions"
CHANGE_ALERT_RULES = "campaigns.change_alert_rules"
CHANGE_SERVICE_LEVELS = "campaigns.change_service_levels"
VIEW_AUTOMATIONS = "campaigns.view_automations"
CHANGE_AUTOMATIONS = "campaigns.change_automations"
VIEW_FIRINGS = "campaigns.view_firings"
CHANGE_WEBHOOKS = "campaigns.change_webhooks"
VIEW_CAMPAIGNS = "campaigns.view_campaigns"
ADD_TO_CAMPAIGNS = "campaigns.add_to_campaigns"
CHANGE_CAMPAIGNS = "campaigns.change_campaigns"

_WORKS = frozenset(
    {
        VIEW_TODAY,
        VIEW_PLANS,
        DO_TOUCHES,
        ASSIGN_PLANS,
        ASK_QUESTIONS,
        VIEW_FIRINGS,
        VIEW_CAMPAIGNS,
        ADD_TO_CAMPAIGNS,
    }
)

GRANTS: dict[Role, frozenset[str]] = {
    Role.REP: _WORKS,
    Role.MANAGER: _WORKS
    | {
        OPTIMISE_PLANS,
        CHANGE_CAMPAIGNS,
        CHANGE_PLANNING_RULES,
        CHANGE_ALERT_RULES,
        CHANGE_SERVICE_LEVELS,
        VIEW_AUTOMATIONS,
    },
    Role.MARKETER: _WORKS
    | {
        OPTIMISE_PLANS,
        CHANGE_PLANS,
        CHANGE_CAMPAIGNS,
        CHANGE_PLANNING_RULES,
        VIEW_AUTOMATIONS,
        CHANGE_AUTOMATIONS,
    },
    Role.ADMINISTRATOR: _WORKS
    | {
        OPTIMISE_PLANS,
        CHANGE_PLANS,
        CHANGE_PLANNING_RULES,
        CHANGE_ALERT_RULES,
        CHANGE_SERVICE_LEVELS,
        VIEW_AUTOMATIONS,
        CHANGE_CAMPAIGNS,
        CHANGE_AUTOMATIONS,
        CHANGE_WEBHOOKS,
    },
}
