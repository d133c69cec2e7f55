"""Pages of `clv`."""

from django.urls import URLPattern, path

from clv.views import (
    accuracy,
    assumptions,
    changes,
    offers,
    panels,
    profit,
    runs,
)

app_name = "clv"
urlpatterns: list[URLPattern] = [
    path("accuracy/", accuracy.accuracy, name="accuracy"),
    path("accuracy/_alert/", accuracy.alert, name="accuracy_alert"),
    path("accuracy/export/", accuracy.accuracy_export, name="accuracy_export"),
    path("assumptions/", assumptions.overview, name="assumptions"),
    path("assumptions/compare/", assumptions.compare, name="assumptions_compare"),
    path("assumptions/draft/", assumptions.draft_edit, name="assumptions_draft"),
    path(
        "assumptions/draft/_effect/",
        assumptions.draft_effect,
        name="assumptions_effect",
    ),
    path(
        "assumptions/draft/publish/",
        assumptions.draft_publish,
        name="assumptions_publish",
    ),
    path(
        "assumptions/draft/discard/",
        assumptions.draft_discard,
        name="assumptions_discard",
    ),
    path("runs/", runs.run_list, name="run_list"),
    path("runs/start/", runs.run_start, name="run_start"),
    path("runs/<int:pk>/", runs.run_detail, name="run_detail"),
    path("runs/<int:pk>/_status/", runs.run_status, name="run_status"),
    path("runs/<int:pk>/repeat/", runs.run_repeat, name="run_repeat"),
    path(
        "accounts/<int:pk>/_both_sides/",
        panels.both_sides,
        name="account_both_sides",
    ),
    path("accounts/<int:pk>/_referrals/", panels.referrals, name="account_referrals"),
    path("accounts/<int:pk>/_value/", panels.account_value, name="account_value"),
    path("accounts/<int:pk>/_change/", changes.account_change, name="account_change"),
    path("accounts/<int:pk>/_worth/", panels.account_header, name="account_header"),
    path(
        "accounts/<int:pk>/_assumed-margin/",
        panels.assumed_margin,
        name="account_assumed_margin",
    ),
    path(
        "accounts/<int:pk>/profit-and-loss/",
        profit.profit_and_loss,
        name="account_profit_and_loss",
    ),
    path("accounts/<int:pk>/_offers/", offers.account_offers, name="account_offers"),
    path(
        "accounts/<int:pk>/offers/<int:offered>/accept/",
        offers.offer_accept,
        name="offer_accept",
    ),
    path(
        "accounts/<int:pk>/offers/<int:offered>/dismiss/",
        offers.offer_dismiss,
        name="offer_dismiss",
    ),
    path("offers/<int:pk>/withdraw/", offers.offer_withdraw, name="offer_withdraw"),
    path("expansions/", offers.expansion_board, name="expansion_board"),
    path("expansions/outcomes/", offers.expansion_outcomes, name="expansion_outcomes"),
    path(
        "expansions/<int:base>/<int:offered>/",
        offers.expansion_lacking,
        name="expansion_lacking",
    ),
]
