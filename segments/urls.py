"""Pages of `segments`."""

from django.urls import URLPattern, path

from segments.views import (
    blocks,
    changes,
    classes,
    facets,
    forecast,
    levers,
    matrix,
    migration,
    overrides,
    panels,
    portraits,
    rule,
    targeting,
    value,
)

app_name = "segments"
urlpatterns: list[URLPattern] = [
    path("value/", value.dashboard, name="value"),
    path("value/_block/<slug:key>/", blocks.value_block, name="value_block"),
    path("value/<slug:key>.csv", blocks.value_export, name="value_export"),
    path("value/_changes/", value.changes, name="value_changes"),
    path("value/_week/", changes.week, name="value_week"),
    path("value/_why/", changes.firm_change, name="value_why"),
    path("value/facets/", facets.facet_list, name="facet_list"),
    path("value/migration/", migration.page, name="migration"),
    path("value/migration/export.csv", migration.export, name="migration_export"),
    path("value/classes/rule/", rule.overview, name="rule"),
    path("value/classes/rule/compare/", rule.compare, name="rule_compare"),
    path("value/classes/rule/draft/", rule.draft_edit, name="rule_draft"),
    path("value/classes/rule/draft/_effect/", rule.draft_effect, name="rule_effect"),
    path("value/classes/rule/draft/_names/", rule.draft_names, name="rule_names"),
    path("value/classes/rule/draft/publish/", rule.draft_publish, name="rule_publish"),
    path("value/classes/rule/draft/discard/", rule.draft_discard, name="rule_discard"),
    path("value/classes/now/", rule.class_now, name="class_now"),
    path("value/classes/overrides/", overrides.override_list, name="override_list"),
    path("accounts/<int:pk>/class/", overrides.override_edit, name="override_edit"),
    path("accounts/<int:pk>/class/end/", overrides.override_end, name="override_end"),
    path("value/levers/", levers.levers, name="levers"),
    path("value/levers/_outcome/", levers.lever_outcome, name="lever_outcome"),
    path("value/levers/tree.csv", levers.tree_export, name="value_tree_export"),
    path("value/levers/market/", levers.market, name="market"),
    path("value/levers/save/", levers.scenario_save, name="scenario_save"),
    path("value/levers/scenarios/", levers.scenario_list, name="scenario_list"),
    path("value/levers/scenarios.csv", levers.scenario_export, name="scenario_export"),
    path(
        "value/levers/scenarios/<int:pk>/",
        levers.scenario_detail,
        name="scenario_detail",
    ),
    path(
        "value/levers/scenarios/<int:pk>/archive/",
        levers.scenario_archive,
        name="scenario_archive",
    ),
    path("value/matrix/", matrix.matrix, name="matrix"),
    path("value/matrix/export.csv", matrix.matrix_export, name="matrix_export"),
    path("value/matrix/similar/", matrix.similar, name="similar"),
    path("value/targeting/", targeting.targeting, name="targeting"),
    path(
        "value/targeting/export.csv",
        targeting.targeting_export,
        name="targeting_export",
    ),
    path("forecast/", forecast.forecast, name="forecast"),
    path("forecast/export.csv", forecast.forecast_export, name="forecast_export"),
    path("classes/<slug:key>/_why/", changes.class_change, name="class_why"),
    path(
        "classes/<slug:key>/_portrait/", portraits.class_portrait, name="class_portrait"
    ),
    path("classes/<slug:key>/_flow/", portraits.class_flow, name="class_flow"),
    path("classes/<slug:key>/", classes.class_detail, name="class_detail"),
    path("accounts/<int:pk>/_class/", panels.account_class, name="account_class"),
    path("accounts/<int:pk>/_nights/", panels.account_history, name="account_history"),
    path(
        "accounts/<int:pk>/_class-badge/", panels.account_header, name="account_header"
    ),
]
