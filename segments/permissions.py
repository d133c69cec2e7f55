"""What may be done with classes, and which role may do it."""

from crm.choices import Role

VIEW_CLASSES = "segments.view_classes"
VIEW_DASHBOARD = "segments.view_dashboard"
CHANGE_POLICY = "segments.change_policy"
OVERRIDE_CLASSES = "segments.override_classes"
SAVE_SCENARIOS = "segments.save_scenarios"
NOMINATE_ACCOUNTS = "segments.nominate_accounts"

GRANTS: dict[Role, frozenset[str]] = {
    Role.REP: frozenset({VIEW_CLASSES, NOMINATE_ACCOUNTS}),
    Role.MANAGER: frozenset(
        {
            VIEW_CLASSES,
            VIEW_DASHBOARD,
            CHANGE_POLICY,
            OVERRIDE_CLASSES,
            SAVE_SCENARIOS,
            NOMINATE_ACCOUNTS,
        }
    ),
    Role.MARKETER: frozenset({VIEW_CLASSES, VIEW_DASHBOARD}),
    Role.ADMINISTRATOR: frozenset(
        {
            VIEW_CLASSES,
            VIEW_DASHBOARD,
            CHANGE_POLICY,
            OVERRIDE_CLASSES,
            SAVE_SCENARIOS,
            NOMINATE_ACCOUNTS,
        }
    ),
}
