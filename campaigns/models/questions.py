"""Questions that were kept, who gets their answers by mail, and rules made of them."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from campaigns.choices import Outlook, Rhythm
from common.versions import Versioned
from crm.models import User


class SavedQuestionQuerySet(models.QuerySet["SavedQuestion"]):
    def visible_to(self, user: User) -> Self:
        """Keep the user's own and those that colleagues share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedQuestion(Versioned):
    """One question with what was chosen in it, as its address has it.

    Who opens a shared one gets the answer for the accounts that they may see.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    question = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    query = models.CharField(max_length=1000, blank=True, default="")
    is_shared = models.BooleanField(default=False)

    objects = SavedQuestionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="saved_question_name_once_per_owner"
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="saved_question_has_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MailingQuerySet(models.QuerySet["AnswerMailing"]):
    def visible_to(self, user: User) -> Self:
        """Keep those that the user gets or has ordered."""
        return self.filter(Q(recipient=user) | Q(ordered_by=user))


class AnswerMailing(models.Model):
    """One saved question whose answer one person gets by mail, again and again.

    `due_on` is the next day of a mail. Sending moves it in the same transaction, so
    that no day is mailed twice; `begins_on` keeps the day of the month.
    """

    saved = models.ForeignKey(
        SavedQuestion, models.CASCADE, related_name="mailings", db_index=False
    )
    recipient = models.ForeignKey(User, models.CASCADE, related_name="+")
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices)
    begins_on = models.DateField()
    due_on = models.DateField()
    sent_at = models.DateTimeField(null=True, blank=True)
    ordered_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MailingQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["saved", "recipient"], name="mailing_once_per_recipient"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("begins_on")),
                name="mailing_due_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="mailing_by_day")]

    def __str__(self) -> str:
        return f"{self.rhythm} to {self.recipient_id}"


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    def running(self) -> Self:
        return self.filter(is_on=True)


class AlertRule(Versioned):
    """When this happens at an account, tell its owner: one row of a pattern answer.

    `first` and, for a pair, `then` are keys of happenings; `then` must follow within
    `window_days`. The figures are those that were found when the rule was made.
    """

    name = models.CharField(max_length=200)
    outlook = models.CharField(max_length=10, choices=Outlook.choices)
    first = models.CharField(max_length=80)
    then = models.CharField(max_length=80, blank=True, default="")
    window_days = models.PositiveSmallIntegerField()
    ratio = models.FloatField(null=True, blank=True)
    ratio_low = models.FloatField(null=True, blank=True)
    ratio_high = models.FloatField(null=True, blank=True)
    seen_count = models.PositiveIntegerField(default=0)
    lead_days = models.PositiveIntegerField(null=True, blank=True)
    query = models.CharField(max_length=1000, blank=True, default="")
    is_on = models.BooleanField(default=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["outlook", "first", "then", "window_days"],
                name="alert_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(window_days__range=(1, 730)),
                name="alert_rule_window_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(first=""), name="alert_rule_has_a_beginning"
            ),
        ]

    def __str__(self) -> str:
        return self.name
