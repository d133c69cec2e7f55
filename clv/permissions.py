"""What may be done with values and runs, and which role may do it."""

from crm.choices import Role

VIEW_VALUES = "clv.view_values"
VIEW_PAYBACK = "clv.view_payback"
VIEW_RUNS = "clv.view_runs"
VIEW_ACCURACY = "clv.view_accuracy"
START_RUNS = "clv.start_runs"
VIEW_ASSUMPTIONS = "clv.view_assumptions"
CHANGE_ASSUMPTIONS = "clv.change_assumptions"
DECIDE_OFFERS = "clv.decide_offers"
PUBLISH_PROFILES = "clv.publish_profiles"

_LOOKS = frozenset(
    {VIEW_VALUES, VIEW_PAYBACK, VIEW_RUNS, VIEW_ACCURACY, VIEW_ASSUMPTIONS}
)
_RULES = _LOOKS | {
    START_RUNS,
    CHANGE_ASSUMPTIONS,
    DECIDE_OFFERS,
    PUBLISH_PROFILES,
}

GRANTS: dict[Role, frozenset[str]] = {
    Role.REP: frozenset({VIEW_VALUES, DECIDE_OFFERS}),
    Role.MANAGER: _RULES,
    Role.MARKETER: _LOOKS | {PUBLISH_PROFILES},
    Role.ADMINISTRATOR: _RULES,
}
