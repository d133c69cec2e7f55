"""API addresses of `campaigns`."""

from rest_framework.routers import SimpleRouter

from campaigns.api.plans import PlanResource

router = SimpleRouter(use_regex_path=False)
router.register("plans", PlanResource, "plan")

urlpatterns = router.urls
