"""Pages of `campaigns`."""

from django.urls import path

from campaigns.views import accounts, panels, plans, prospects, today, touches

app_name = "campaigns"
PLAN = "plans/<slug:key>/"
DRAFT = f"{PLAN}draft/"
urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/sendings/<int:pk>/", today.sending_done, name="sending_done"),
    path("touches/<int:pk>/done/", touches.touch_done, name="touch_done"),
    path("touches/<int:pk>/skip/", touches.touch_skip, name="touch_skip"),
    path("touches/<int:pk>/undo/", touches.touch_undo, name="touch_undo"),
    path("accounts/", accounts.account_list, name="account_list"),
    path("accounts/export.csv", accounts.account_export, name="account_export"),
    path("prospects/", prospects.prospect_list, name="prospect_list"),
    path("prospects/export.csv", prospects.prospect_export, name="prospect_export"),
    path("prospects/assign/", prospects.prospect_assign, name="prospect_assign"),
    path("accounts/<int:pk>/_plan/", panels.account_plan, name="account_plan"),
    path(
        "accounts/<int:pk>/_justified/",
        panels.account_justified,
        name="account_justified",
    ),
    path("classes/<slug:key>/_plan/", panels.class_plan, name="class_plan"),
    path(
        "classes/<slug:key>/_plan-name/",
        panels.class_plan_name,
        name="class_plan_name",
    ),
    path("plans/", plans.plan_list, name="plan_list"),
    path(PLAN, plans.plan_detail, name="plan_detail"),
    path(f"{PLAN}withdraw/", plans.plan_withdraw, name="plan_withdraw"),
    path(DRAFT, plans.plan_draft, name="plan_draft"),
    path(f"{DRAFT}start/", plans.draft_start, name="draft_start"),
    path(f"{DRAFT}touches/new/", plans.draft_touch_add, name="draft_touch_add"),
    path(f"{DRAFT}touches/<int:pk>/", plans.draft_touch_edit, name="draft_touch_edit"),
    path(
        f"{DRAFT}touches/<int:pk>/remove/",
        plans.draft_touch_remove,
        name="draft_touch_remove",
    ),
    path(f"{DRAFT}template/", plans.draft_template, name="draft_template"),
    path(f"{DRAFT}discard/", plans.draft_discard, name="draft_discard"),
    path(f"{DRAFT}publish/", plans.draft_publish, name="draft_publish"),
]
