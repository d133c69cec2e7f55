"""What may be done with plans and touches, and which role may do it."""

from crm.choices import Role

VIEW_TODAY = "campaigns.view_today"
VIEW_PLANS = "campaigns.view_plans"
CHANGE_PLANS = "campaigns.change_plans"
DO_TOUCHES = "campaigns.do_touches"

GRANTS: dict[Role, frozenset[str]] = {
    Role.REP: frozenset({VIEW_TODAY, VIEW_PLANS, DO_TOUCHES}),
    Role.MANAGER: frozenset({VIEW_TODAY, VIEW_PLANS, DO_TOUCHES}),
    Role.MARKETER: frozenset({VIEW_TODAY, VIEW_PLANS, CHANGE_PLANS, DO_TOUCHES}),
    Role.ADMINISTRATOR: frozenset({VIEW_TODAY, VIEW_PLANS, CHANGE_PLANS, DO_TOUCHES}),
}
