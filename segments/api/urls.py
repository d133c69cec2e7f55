"""API addresses of `segments`."""

from rest_framework.routers import SimpleRouter

from segments.api.classes import ClassResource, MembershipResource
from segments.api.forecast import ForecastResource
from segments.api.gut import NominationResource
from segments.api.levers import LeverResource, ScenarioResource
from segments.api.matrix import MatrixResource, TargetingResource
from segments.api.migration import MigrationResource, PortraitResource
from segments.api.overrides import OverrideResource
from segments.api.profit import (
    LossResource,
    OpportunityResource,
    ProfitResource,
    SourceResource,
    TenureResource,
)
from segments.api.quality import QualityResource
from segments.api.rule import RuleResource, WhatIfResource
from segments.api.value import ValueBlockResource

router = SimpleRouter(use_regex_path=False)
router.register("forecast", ForecastResource, "forecast")
router.register("value-matrix", MatrixResource, "value-matrix")
router.register("data-quality", QualityResource, "data-quality")
router.register("nominations", NominationResource, "nomination")
router.register("targeting", TargetingResource, "targeting")
router.register("levers", LeverResource, "lever")
router.register("scenarios", ScenarioResource, "scenario")
router.register("class-rules/what-if", WhatIfResource, "class-rule-what-if")
router.register("class-rules", RuleResource, "class-rule")
router.register("class-portraits", PortraitResource, "class-portrait")
router.register("overrides", OverrideResource, "override")
router.register("migrations", MigrationResource, "migration")
router.register("classes", ClassResource, "class")
router.register("value-blocks", ValueBlockResource, "value-block")
router.register("profit", ProfitResource, "profit")
router.register("margin-opportunities", OpportunityResource, "opportunity")
router.register("losses", LossResource, "loss")
router.register("cost-by-tenure", TenureResource, "tenure")
router.register("sources", SourceResource, "source")
router.register("memberships", MembershipResource, "membership")

urlpatterns = router.urls
