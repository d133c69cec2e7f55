"""Pages of `crm`."""

from django.urls import path

from crm.views import accounts, contacts, happenings, touchpoints

app_name = "crm"
urlpatterns = [
    path("accounts/new/", accounts.account_create, name="account_create"),
    path("accounts/<int:pk>/", accounts.account_detail, name="account_detail"),
    path("accounts/<int:pk>/edit/", accounts.account_edit, name="account_edit"),
    path("accounts/<int:pk>/_header/", accounts.account_header, name="account_header"),
    path(
        "accounts/<int:pk>/_timeline/",
        accounts.account_timeline,
        name="account_timeline",
    ),
    path(
        "accounts/<int:pk>/people/new/", contacts.contact_create, name="contact_create"
    ),
    path("contacts/<int:pk>/edit/", contacts.contact_edit, name="contact_edit"),
    path("accounts/<int:pk>/events/new/", happenings.event_create, name="event_create"),
    path("accounts/<int:pk>/tasks/new/", happenings.task_create, name="task_create"),
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
]
