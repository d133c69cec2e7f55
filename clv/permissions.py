"""What may be done with values and runs, and which role may do it."""

from crm.choices import Role

VIEW_VALUES = "clv.view_values"
VIEW_RUNS = "clv.view_runs"
VIEW_ACCURACY = "clv.view_accuracy"
START_RUNS = "clv.start_runs"
CHANGE_ASSUMPTIONS = "clv.change_assumptions"

GRANTS: dict[Role, frozenset[str]] = {
    Role.REP: frozenset({VIEW_VALUES}),
    Role.MANAGER: frozenset({VIEW_VALUES, VIEW_RUNS, VIEW_ACCURACY, START_RUNS}),
    Role.MARKETER: frozenset({VIEW_VALUES, VIEW_RUNS, VIEW_ACCURACY}),
    Role.ADMINISTRATOR: frozenset(
        {VIEW_VALUES, VIEW_RUNS, VIEW_ACCURACY, START_RUNS, CHANGE_ASSUMPTIONS}
    ),
}
