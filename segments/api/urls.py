"""API addresses of `segments`."""

from rest_framework.routers import SimpleRouter

from segments.api.classes import ClassResource, MembershipResource
from segments.api.forecast import ForecastResource
from segments.api.levers import LeverResource, ScenarioResource
from segments.api.matrix import MatrixResource, TargetingResource
from segments.api.value import ValueBlockResource

router = SimpleRouter(use_regex_path=False)
router.register("forecast", ForecastResource, "forecast")
router.register("value-matrix", MatrixResource, "value-matrix")
router.register("targeting", TargetingResource, "targeting")
router.register("levers", LeverResource, "lever")
router.register("scenarios", ScenarioResource, "scenario")
router.register("classes", ClassResource, "class")
router.register("value-blocks", ValueBlockResource, "value-block")
router.register("memberships", MembershipResource, "membership")

urlpatterns = router.urls
