"""Pages of `campaigns`."""

from django.urls import path

from campaigns.views import (
    accounts,
    after_contact,
    brief,
    deal_changes,
    deal_stages,
    deals,
    lists,
    panels,
    plans,
    prospects,
    today,
    touches,
)

app_name = "campaigns"
PLAN = "plans/<slug:key>/"
DEAL = "deals/<int:pk>/"
DRAFT = f"{PLAN}draft/"
urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/sendings/<int:pk>/", today.sending_done, name="sending_done"),
    path("touches/<int:pk>/done/", touches.touch_done, name="touch_done"),
    path("touches/<int:pk>/skip/", touches.touch_skip, name="touch_skip"),
    path("touches/<int:pk>/undo/", touches.touch_undo, name="touch_undo"),
    path(
        "touchpoints/<int:pk>/fulfil/",
        after_contact.touch_fulfil,
        name="touch_fulfil",
    ),
    path(
        "touchpoints/<int:pk>/_effect/",
        after_contact.touchpoint_effect,
        name="touchpoint_effect",
    ),
    path("accounts/", accounts.account_list, name="account_list"),
    path("accounts/export.csv", accounts.account_export, name="account_export"),
    path("deals/", deals.deal_board, name="deal_board"),
    path("deals/list/", deals.deal_list, name="deal_list"),
    path("deals/new/", deal_changes.deal_create, name="deal_create"),
    path("deals/stages/", deals.deal_stages, name="deal_stages"),
    path("deals/stages/new/", deal_stages.stage_create, name="stage_create"),
    path("deals/stages/<int:pk>/", deal_stages.stage_edit, name="stage_edit"),
    path("deals/stages/<int:pk>/shift/", deal_stages.stage_shift, name="stage_shift"),
    path("deals/reasons/new/", deal_stages.reason_create, name="reason_create"),
    path("deals/reasons/<int:pk>/", deal_stages.reason_edit, name="reason_edit"),
    path("deals/moves/<int:pk>/undo/", deal_changes.deal_undo, name="deal_undo"),
    path(DEAL, deals.deal_detail, name="deal_detail"),
    path(f"{DEAL}edit/", deal_changes.deal_edit, name="deal_edit"),
    path(f"{DEAL}move/", deal_changes.deal_move, name="deal_move"),
    path(f"{DEAL}win/", deal_changes.deal_win, name="deal_win"),
    path(f"{DEAL}lose/", deal_changes.deal_lose, name="deal_lose"),
    path(f"{DEAL}reopen/", deal_changes.deal_reopen, name="deal_reopen"),
    path(f"{DEAL}order/", deal_changes.deal_order, name="deal_order"),
    path(f"{DEAL}unlink/", deal_changes.deal_unlink, name="deal_unlink"),
    path("accounts/<int:pk>/_deals/", deals.account_deals, name="account_deals"),
    path("lists/<slug:key>/_totals/", lists.list_totals, name="list_totals"),
    path("lists/<slug:key>/columns/", lists.list_columns, name="list_columns"),
    path("prospects/", prospects.prospect_list, name="prospect_list"),
    path("prospects/export.csv", prospects.prospect_export, name="prospect_export"),
    path("prospects/assign/", prospects.prospect_assign, name="prospect_assign"),
    path("accounts/<int:pk>/brief/", brief.account_brief, name="account_brief"),
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
