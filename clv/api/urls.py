"""API addresses of `clv`."""

from rest_framework.routers import SimpleRouter

from clv.api.accuracy import AccuracyResource
from clv.api.assumptions import AssumptionsResource, PreviewResource
from clv.api.changes import ChangeResource
from clv.api.deals import DealChanceResource
from clv.api.offers import DecisionResource, OfferResource
from clv.api.paybacks import PaybackResource
from clv.api.profiles import ProfileResource
from clv.api.prospects import ProspectResource
from clv.api.runs import RunResource
from clv.api.valuations import AccountPaybackResource, ValuationResource

router = SimpleRouter(use_regex_path=False)
router.register("assumptions/previews", PreviewResource, "assumptions-preview")
router.register("assumptions", AssumptionsResource, "assumptions")
router.register("offers/decisions", DecisionResource, "offer-decision")
router.register("offers", OfferResource, "offer")
router.register("ideal-profiles", ProfileResource, "ideal-profile")
router.register("prospects", ProspectResource, "prospect")
router.register("deal-chances", DealChanceResource, "deal-chance")
router.register("accuracy", AccuracyResource, "accuracy")
router.register("paybacks", PaybackResource, "payback")
router.register("runs", RunResource, "run")
router.register("valuations/changes", ChangeResource, "valuation-change")
router.register("valuations/paybacks", AccountPaybackResource, "valuation-payback")
router.register("valuations", ValuationResource, "valuation")

urlpatterns = router.urls
