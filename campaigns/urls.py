"""Pages of `campaigns`."""

from django.urls import path

from campaigns.views import accounts, today, touches

app_name = "campaigns"
urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/sendings/<int:pk>/", today.sending_done, name="sending_done"),
    path("touches/<int:pk>/done/", touches.touch_done, name="touch_done"),
    path("touches/<int:pk>/skip/", touches.touch_skip, name="touch_skip"),
    path("touches/<int:pk>/undo/", touches.touch_undo, name="touch_undo"),
    path("accounts/", accounts.account_list, name="account_list"),
    path("accounts/export.csv", accounts.account_export, name="account_export"),
]
