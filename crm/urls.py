"""Pages of `crm`."""

from django.urls import path

from crm.views import (
    accounts,
    contacts,
    event_types,
    events,
    goals,
    happenings,
    holdings,
    journal,
    people,
    saved_views,
    timeline,
    touchpoints,
    users,
)

app_name = "crm"
urlpatterns = [
    path("accounts/new/", accounts.account_create, name="account_create"),
    path("accounts/<int:pk>/", accounts.account_detail, name="account_detail"),
    path("accounts/<int:pk>/edit/", accounts.account_edit, name="account_edit"),
    path("accounts/<int:pk>/_header/", accounts.account_header, name="account_header"),
    path(
        "accounts/<int:pk>/_timeline/",
        timeline.account_timeline,
        name="account_timeline",
    ),
    path(
        "accounts/<int:pk>/timeline/filters/", timeline.filter_save, name="filter_save"
    ),
    path("timeline-filters/", timeline.filter_list, name="filter_list"),
    path("timeline-filters/<int:pk>/", timeline.filter_change, name="filter_change"),
    path("touchpoints/<int:pk>/pin/", timeline.touchpoint_pin, name="touchpoint_pin"),
    path(
        "touchpoints/<int:pk>/unpin/",
        timeline.touchpoint_unpin,
        name="touchpoint_unpin",
    ),
    path(
        "accounts/<int:pk>/people/new/", contacts.contact_create, name="contact_create"
    ),
    path("contacts/<int:pk>/", people.contact_detail, name="contact_detail"),
    path("contacts/<int:pk>/edit/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/assess/", people.contact_assess, name="contact_assess"),
    path("contacts/<int:pk>/consent/", people.contact_consent, name="contact_consent"),
    path("contacts/<int:pk>/leave/", people.contact_leave, name="contact_leave"),
    path("contacts/<int:pk>/return/", people.contact_return, name="contact_return"),
    path("accounts/<int:pk>/events/new/", events.event_create, name="event_create"),
    path("accounts/<int:pk>/_events/", events.account_events, name="account_events"),
    path("accounts/<int:pk>/goals/new/", goals.goal_create, name="goal_create"),
    path("goals/<int:pk>/edit/", goals.goal_edit, name="goal_edit"),
    path("goals/<int:pk>/evidence/", goals.goal_evidence, name="goal_evidence"),
    path("goals/<int:pk>/step/", goals.goal_step, name="goal_step"),
    path(
        "goal-evidence/<int:pk>/withdraw/",
        goals.goal_evidence_withdraw,
        name="goal_evidence_withdraw",
    ),
    path("journal/", journal.journal_report, name="journal_report"),
    path(
        "accounts/<int:pk>/journal/new/",
        journal.hypothesis_create,
        name="hypothesis_create",
    ),
    path(
        "hypotheses/<int:pk>/evidence/",
        journal.hypothesis_evidence,
        name="hypothesis_evidence",
    ),
    path(
        "hypotheses/<int:pk>/conclude/",
        journal.hypothesis_conclude,
        name="hypothesis_conclude",
    ),
    path(
        "hypotheses/<int:pk>/review/",
        journal.hypothesis_review,
        name="hypothesis_review",
    ),
    path("events/<int:pk>/edit/", events.event_edit, name="event_edit"),
    path("events/<int:pk>/remove/", events.event_remove, name="event_remove"),
    path("events/<int:pk>/restore/", events.event_restore, name="event_restore"),
    path("events/<int:pk>/undo/", events.event_undo, name="event_undo"),
    path("catalogues/events/", event_types.event_type_list, name="event_type_list"),
    path(
        "catalogues/events/<int:pk>/",
        event_types.event_type_edit,
        name="event_type_edit",
    ),
    path(
        "catalogues/events/<int:pk>/retire/",
        event_types.event_type_retire,
        name="event_type_retire",
    ),
    path(
        "catalogues/events/<int:pk>/reinstate/",
        event_types.event_type_reinstate,
        name="event_type_reinstate",
    ),
    path(
        "catalogues/events/<int:pk>/delete/",
        event_types.event_type_delete,
        name="event_type_delete",
    ),
    path("accounts/<int:pk>/tasks/new/", happenings.task_create, name="task_create"),
    path(
        "accounts/<int:pk>/bought/<int:product>/",
        holdings.bought_lines,
        name="bought_lines",
    ),
    path(
        "accounts/<int:pk>/holdings/new/",
        holdings.holding_create,
        name="holding_create",
    ),
    path("order-lines/<int:pk>/hold/", holdings.line_hold, name="line_hold"),
    path("holdings/<int:pk>/edit/", holdings.holding_edit, name="holding_edit"),
    path(
        "holdings/<int:pk>/replace/", holdings.holding_replace, name="holding_replace"
    ),
    path("holdings/<int:pk>/renew/", holdings.holding_renew, name="holding_renew"),
    path("holdings/<int:pk>/end/", holdings.holding_end, name="holding_end"),
    path("holdings/<int:pk>/remove/", holdings.holding_remove, name="holding_remove"),
    path("tasks/<int:pk>/done/", happenings.task_done, name="task_done"),
    path("log/", touchpoints.quick_log, name="quick_log"),
    path("log/_form/", touchpoints.quick_log_form, name="quick_log_form"),
    path("log/_preview/", touchpoints.quick_log_preview, name="quick_log_preview"),
    path("log/_accounts/", touchpoints.quick_log_accounts, name="quick_log_accounts"),
    path(
        "touchpoints/<int:pk>/undo/",
        touchpoints.touchpoint_undo,
        name="touchpoint_undo",
    ),
    path("me/keys/", users.single_keys, name="single_keys"),
    path("lists/<slug:key>/views/", saved_views.view_create, name="view_create"),
    path(
        "lists/<slug:key>/opens-with/",
        saved_views.view_open_with,
        name="view_open_with",
    ),
    path("views/<int:pk>/", saved_views.view_change, name="view_change"),
    path("views/<int:pk>/delete/", saved_views.view_delete, name="view_delete"),
    path("views/<int:pk>/pin/", saved_views.view_pin, name="view_pin"),
    path("people/", users.user_list, name="user_list"),
    path("people/new/", users.user_create, name="user_create"),
    path("people/<int:pk>/", users.user_edit, name="user_edit"),
    path("people/<int:pk>/deactivate/", users.user_deactivate, name="user_deactivate"),
    path("people/<int:pk>/reactivate/", users.user_reactivate, name="user_reactivate"),
    path("people/<int:pk>/reset/", users.user_reset, name="user_reset"),
    path("territories/new/", users.territory_create, name="territory_create"),
]
