"""What doing a thing is expected to gain, so that touches and all else compare."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from campaigns.choices import CampaignStatus
from campaigns.engine.costs import cost_of_one
from campaigns.engine.justified import expected_gain, secured_of_year, share_of_year
from campaigns.models import PlanVersion, TouchTemplate
from campaigns.queries.costs import hourly_costs, touches_a_year
from campaigns.queries.wallet import Response, Responses
from clv.models import Valuation, ValuationRun
from common.money import ZERO, to_cents
from segments.models import Membership


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a row stands where it stands, in numbers.

    `secured_year` is what a year of the plan is expected to secure of
    `expected_margin_year`; the row has `share_of_year` of it.
    """

    response: Response
    expected_margin_year: Decimal
    secured_year: Decimal
    share_of_year: Decimal
    touches_per_year: Decimal
    cost: Decimal
    gain: Decimal

    @property
    def effect_share(self) -> Decimal:
        return self.response.effect

    @property
    def secured(self) -> Decimal:
        """Return what the touch secures before its cost."""
        return self.gain + self.cost

    @property
    def is_loss(self) -> bool:
        """Tell whether the touch costs more than it secures."""
        return self.gain < 0


@dataclass(frozen=True, slots=True)
class Year:
    """What a plan asks for within a year, at what cost, and how margin responds."""

    touches: Decimal
    cost: Decimal
    response: Response


@dataclass(frozen=True, slots=True)
class Unit:
    """What one touch, or anything else of a class, stands for in the database.

    `share` of a year of the plan at `cost`; `year` is the cost of that whole year, by
    which margin responds with `effect` and `scale`.
    """

    key: str
    share: Decimal
    cost: Decimal
    year: float
    effect: float
    scale: float


class Weighing:
    """Knows what care can secure, in the database and for one row."""

    def __init__(self) -> None:
        self.run = ValuationRun.objects.select_related("assumptions").current()
        self.responses = Responses(self.run.assumptions if self.run else None)
        self.hourly = hourly_costs()
        versions = PlanVersion.objects.select_related("plan")
        versions = versions.prefetch_related("touches")
        self.years: dict[int, Year] = {}
        self.by_class: dict[str, Year] = {}
        self.templates: dict[int, TouchTemplate] = {}
        for version in versions.filter(published_at__isnull=False):
            year = self._year(version)
            self.years[version.pk] = year
            self.templates |= {one.pk: one for one in version.touches.all()}
            plan = version.plan
            if version.status == "published" and plan.key == plan.worth_class:
                self.by_class[plan.worth_class] = year
        # Of no plan, each stands for itself.
        running = TouchTemplate.objects.filter(campaign__status=CampaignStatus.RUNNING)
        self.templates |= running.in_bulk()

    # -- One row -----------------------------------------------------------------------

    def touch(
        self, template: TouchTemplate, margin_year: Decimal | None
    ) -> Reasons | None:
        """Return what a touch of a plan is expected to gain."""
        year, cost = self._year_of(template), self.cost(template)
        return self._reasons(margin_year, self._share(template), year, cost)

    def other(self, worth_class: str, margin_year: Decimal | None) -> Reasons | None:
        """Return what anything else is expected to gain.

        It is no part of the plan: it counts as a mean touch of it, at no cost.
        """
        year = self.by_class.get(worth_class, self._no_plan)
        return self._reasons(margin_year, _mean_share(year), year, ZERO)

    def cost(self, template: TouchTemplate) -> Decimal:
        """Return what one touch costs, its minutes included."""
        return cost_of_one(
            unit_cost=template.unit_cost or ZERO,
            minutes=template.minutes,
            hourly_cost=self.hourly[template.owner_role],
        )

    # -- In the database ---------------------------------------------------------------

    def margin_year(self, account: str) -> Subquery:
        """Return a year's expected margin of the account that a column names."""
        values = Valuation.objects.filter(
            run_id=self.run.pk if self.run else 0, account_id=OuterRef(account)
        )
        return Subquery(values.values("expected_margin_year"))

    def class_of(self, account: str) -> Coalesce:
        """Return the class in which the account stands today, or nothing."""
        stands = Membership.objects.open().filter(account_id=OuterRef(account))
        return Coalesce(Subquery(stands.values("worth_class")[:1]), Value(""))

    def units(self, *, is_touches: bool) -> tuple["Unit", list["Unit"]]:
        """Return what each touch of a plan stands for, or anything else by class.

        Before them what stands for those that are not named: a touch that was never
        published is worth nothing; of no class, an account has no plan.
        """
        if not is_touches:
            none = self._no_plan
            others = [_unit(key, year) for key, year in self.by_class.items()]
            return _unit("", none), others
        nothing = Unit("", ZERO, ZERO, 0.0, 0.0, 0.0)
        return nothing, [
            Unit(
                str(pk),
                self._share(template),
                self.cost(template),
                float(year.cost),
                float(year.response.effect),
                float(year.response.scale),
            )
            for pk, template in self.templates.items()
            for year in [self._year_of(template)]
        ]

    @property
    def key(self) -> str:
        """Tell it from every other way to weigh."""
        units = (self.units(is_touches=True), self.units(is_touches=False))
        return repr((self.run.pk if self.run else 0, *units))

    # -- What a plan stands for --------------------------------------------------------

    @property
    def _no_plan(self) -> Year:
        return Year(Decimal(1), ZERO, self.responses.assumed)

    def _year_of(self, template: TouchTemplate) -> Year:
        lonely = Year(Decimal(1), self.cost(template), self.responses.assumed)
        return self.years.get(template.version_id, lonely)

    def _share(self, template: TouchTemplate) -> Decimal:
        year = self._year_of(template)
        return share_of_year(
            cost=self.cost(template),
            cost_of_year=year.cost,
            touches_per_year=year.touches,
        )

    def _year(self, version: PlanVersion) -> Year:
        touches, cost = ZERO, ZERO
        for template in version.touches.all():
            times = touches_a_year(template, version.runs_days)
            touches += times
            cost += times * self.cost(template)
        plan = version.plan
        response = self.responses.of(plan_id=plan.pk, worth_class=plan.worth_class)
        return Year(touches=touches, cost=cost, response=response)

    def _reasons(
        self, margin_year: Decimal | None, share: Decimal, year: Year, cost: Decimal
    ) -> Reasons | None:
        if margin_year is None:
            return None
        secured = secured_of_year(
            expected_margin_year=margin_year,
            effect_share=year.response.effect,
            scale_share=year.response.scale,
            cost_of_year=year.cost,
        )
        return Reasons(
            response=year.response,
            expected_margin_year=margin_year,
            secured_year=to_cents(Decimal(secured)),
            share_of_year=share,
            touches_per_year=year.touches,
            cost=cost,
            gain=expected_gain(secured_year=secured, share_of_year=share, cost=cost),
        )


def _unit(key: str, year: Year) -> "Unit":
    """Return what anything but a touch stands for: a mean touch, at no cost."""
    response = year.response
    effect, scale = float(response.effect), float(response.scale)
    return Unit(key, _mean_share(year), ZERO, float(year.cost), effect, scale)


def _mean_share(year: Year) -> Decimal:
    return share_of_year(cost=ZERO, cost_of_year=ZERO, touches_per_year=year.touches)
