"""Campaigns: a goal, an audience, some touches, and what a control group is spared."""

import datetime as dt
from decimal import Decimal
from typing import Self

import pghistory
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower, Now

from campaigns import policy
from campaigns.choices import CampaignKind, CampaignStatus, LeftOut
from common.clock import business_today
from common.versions import Versioned
from crm.choices import Care, Channel, Stage
from crm.models import Account, User
from segments.choices import WorthClass


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def drafts(self) -> Self:
        return self.filter(status=CampaignStatus.DRAFT)

    def starting(self) -> Self:
        """Keep those that a worker is to start."""
        return self.filter(status=CampaignStatus.STARTING)

    def running(self) -> Self:
        return self.filter(status=CampaignStatus.RUNNING)

    def visible_to(self, user: User) -> Self:
        """Keep drafts, which everybody may add to, and what touches own accounts."""
        if user.sees_every_account:
            return self
        own = Enrolment.objects.filter(campaign=OuterRef("pk"), account__owner=user)
        return self.filter(Q(status=CampaignStatus.DRAFT) | Exists(own))


@pghistory.track(
    pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["updated_at"]
)
class Campaign(Versioned):
    """One effort with a goal, for chosen accounts, from one day to another.

    Audience and control group are drawn when it starts and stay as they are. `seed`
    decides who is in the control group. `ends_on` is its last day. While a worker is to
    start it, `start_decision` keeps what was said at the gate; `start_failure` says why
    the last start did not come about.
    """

    name = models.CharField(max_length=150)
    goal = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=10, choices=CampaignKind.choices)
    care = models.CharField(max_length=1, choices=Care.choices, blank=True, default="")
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=10, choices=CampaignStatus.choices, default=CampaignStatus.DRAFT
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="the last day")
    budget = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    holdout_percent = models.PositiveSmallIntegerField(
        default=10, help_text="who gets nothing, so that the effect can be told"
    )
    seed = models.BigIntegerField(default=0, editable=False)
    decision = models.ForeignKey(
        "GateDecision",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="what was decided about those for whom it does not pay",
    )
    start_asked_at = models.DateTimeField(null=True, blank=True)
    start_asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    start_decision = models.JSONField(default=dict, blank=True)
    start_failure = models.CharField(max_length=300, blank=True, default="")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="campaign_name_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="campaign_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50), name="campaign_holdout_to_50"
            ),
            models.CheckConstraint(
                condition=Q(budget=None) | Q(budget__gte=Decimal(0)),
                name="campaign_budget_not_below_0",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        CampaignStatus.DRAFT,
                        CampaignStatus.STARTING,
                        CampaignStatus.CANCELLED,
                    ],
                    started_at=None,
                )
                | Q(
                    status__in=[CampaignStatus.RUNNING, CampaignStatus.ENDED],
                    started_at__isnull=False,
                ),
                name="campaign_started_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=CampaignStatus.STARTING)
                | Q(start_asked_at__isnull=False, start_asked_by__isnull=False),
                name="campaign_starting_was_asked_for",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        return self.status == CampaignStatus.DRAFT

    @property
    def is_starting(self) -> bool:
        return self.status == CampaignStatus.STARTING

    @property
    def is_running(self) -> bool:
        return self.status == CampaignStatus.RUNNING

    @property
    def has_started(self) -> bool:
        return self.started_at is not None

    @property
    def takes_former(self) -> bool:
        """Tell whether it is for customers who left."""
        return self.kind == CampaignKind.WIN_BACK

    @property
    def measured_until(self) -> dt.date:
        """Return the last day that counts for its results: some time after its own."""
        afterwards = dt.timedelta(days=policy.CAMPAIGN_AFTERWARDS_DAYS)
        return min(self.ends_on + afterwards, business_today())


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def visible_to(self, user: User) -> Self:
        """Keep enrolments of accounts that `user` may see."""
        return self if user.sees_every_account else self.filter(account__owner=user)

    def included(self) -> Self:
        """Keep who was not left out: those who are touched, and the control group."""
        return self.filter(left_out="")

    def treated(self) -> Self:
        return self.filter(left_out="", is_control=False)

    def controls(self) -> Self:
        return self.filter(left_out="", is_control=True)


class Enrolment(models.Model):
    """One account in the audience of a campaign.

    What was true when the campaign started is kept: class, CLV, expected margin and
    stage; before, they are empty. `left_out` says why somebody of the audience is
    neither touched nor in the control group, `way` that a cheaper channel is used.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="enrolments", db_index=False
    )
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    added_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now(), editable=False)
    is_control = models.BooleanField(default=False, db_default=False)
    left_out = models.CharField(
        max_length=10, choices=LeftOut.choices, blank=True, default="", db_default=""
    )
    left_out_because = models.CharField(
        max_length=300, blank=True, default="", db_default=""
    )
    way = models.CharField(
        max_length=10, choices=Channel.choices, blank=True, default="", db_default=""
    )
    worth_class = models.CharField(
        max_length=20, choices=WorthClass.choices, blank=True, default="", db_default=""
    )
    stage = models.CharField(
        max_length=10, choices=Stage.choices, blank=True, default="", db_default=""
    )
    clv = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    expected_margin = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "account"], name="enrolment_once"
            ),
            models.CheckConstraint(
                condition=Q(left_out="") | Q(is_control=False),
                name="enrolment_left_out_is_no_control",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.campaign_id}"
