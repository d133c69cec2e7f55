"""API addresses of `segments`."""

from rest_framework.routers import SimpleRouter

from segments.api.classes import ClassResource, MembershipResource

router = SimpleRouter(use_regex_path=False)
router.register("classes", ClassResource, "class")
router.register("memberships", MembershipResource, "membership")

urlpatterns = router.urls
