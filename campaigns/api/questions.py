"""The question bank over the API: ask, keep, mail, and rules of patterns."""

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
)
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.choices import Rhythm
from campaigns.models import AlertRule, AnswerMailing, SavedQuestion
from campaigns.permissions import ASK_QUESTIONS, CHANGE_ALERT_RULES
from campaigns.queries.questions.answering import (
    answer,
    bar_names,
    scope_names,
    understand,
)
from campaigns.queries.questions.base import Answer, Asked
from campaigns.queries.questions.registry import BY_KEY, QUESTIONS
from campaigns.queries.questions.sets import names_url
from campaigns.services import alert_rules
from campaigns.services import questions as services
from common.api import (
    LARGEST_ID,
    StrictModelSerializer,
    StrictSerializer,
    expected_version,
)
from common.once import acts_once
from common.resources import Listed, Resource, Shown
from crm.models import User

PAGE_SIZE = 100
MOST_ROWS = 1_000
MOST_SKIPPED = 100_000_000
PAGING = frozenset({"start", "size"})


class QuestionOut(serializers.Serializer[Any]):
    """One question; `words` has its parameters in braces."""

    key = serializers.CharField()
    number = serializers.CharField(help_text="Q1 to Q7; empty for the others")
    family = serializers.CharField()
    words = serializers.CharField()
    parameters = serializers.ListField(child=serializers.CharField())
    filters = serializers.ListField(
        child=serializers.CharField(), help_text="fields of the filter bar"
    )


class ColumnOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()


class AnswerOut(serializers.Serializer[Any]):
    """An answer: its sentence, a part of its rows, and how many there are.

    Amounts are numbers as text; a share lies between 0 and 1.
    """

    question = serializers.CharField()
    sentence = serializers.CharField()
    as_of = serializers.DateField()
    notes = serializers.ListField(child=serializers.CharField())
    method = serializers.CharField()
    columns = ColumnOut(many=True)
    rows = serializers.ListField(child=serializers.DictField())
    row_count = serializers.IntegerField()
    names = serializers.CharField(help_text="address of the accounts behind it")


class PageIn(StrictSerializer):
    start = serializers.IntegerField(min_value=0, max_value=MOST_SKIPPED, default=0)
    size = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=PAGE_SIZE)


class QuestionResource(Resource):
    """The questions that can be asked, and their answers for who asks."""

    read_access = ASK_QUESTIONS
    queryset = SavedQuestion.objects.all()
    output = QuestionOut
    pagination_class = None
    filter_backends = ()
    lookup_url_kwarg = "key"
    lookup_value_converter = "slug"

    def _known_parameters(self) -> frozenset[str]:
        key = self.kwargs.get("key", "")
        if key not in BY_KEY:
            return frozenset()
        question = BY_KEY[key]
        own = {one.key for one in question.parameters}
        bar = frozenset([*scope_names(question), *bar_names(question)])
        return PAGING | own | bar

    @extend_schema(summary="Read what can be asked", responses=QuestionOut(many=True))
    def list(self, request: Request) -> Response:
        told = [
            {
                "key": one.key,
                "number": one.number,
                "family": one.family,
                "words": one.words,
                "parameters": [parameter.key for parameter in one.parameters],
                "filters": scope_names(one),
            }
            for one in QUESTIONS
        ]
        return Response(QuestionOut(told, many=True).data)

    @extend_schema(
        summary="Ask a question",
        description=(
            "Parameters of the question's own stand in the query; those not given are "
            "as the question begins. So do fields of the filter bar that it does not"
            " ask itself; class, from and to are taken for its own."
        ),
        parameters=[
            OpenApiParameter("key", str, OpenApiParameter.PATH),
            OpenApiParameter("start", int),
            OpenApiParameter("size", int),
        ],
        responses=AnswerOut,
    )
    def retrieve(self, request: Request, key: str) -> Response:
        if key not in BY_KEY:
            raise Http404(key)
        given = request.query_params.dict()
        page = PageIn(data={name: given[name] for name in PAGING if name in given})
        page.is_valid(raise_exception=True)
        reading = understand(BY_KEY[key], self.actor, given)
        if reading.asked is None:
            raise ValidationError(reading.errors)
        found = answer(reading.asked)
        return Response(_told(reading.asked, found, **page.validated_data))


def _told(asked: Asked, found: Answer, *, start: int, size: int) -> dict[str, Any]:
    keys = [one.key for one in found.columns]
    rows = [
        {key: row[key] for key in keys}
        | ({"account_id": row["account_id"]} if "account_id" in row else {})
        | ({"part": row["part"]} if "part" in row else {})
        for row in found.rows.part(start, size)
    ]
    return {
        "question": asked.in_words,
        "sentence": found.sentence,
        "as_of": found.as_of,
        "notes": list(found.notes),
        "method": asked.question.method,
        "columns": ColumnOut(found.columns, many=True).data,
        "rows": rows,
        "row_count": found.rows.count(),
        "names": names_url(asked) if found.has_names else "",
    }


# -- Kept questions --------------------------------------------------------------------


class SavedQuestionOut(serializers.ModelSerializer[SavedQuestion]):
    owner = serializers.EmailField(source="owner.email")

    class Meta:
        model = SavedQuestion
        fields = (
            "id",
            "question",
            "name",
            "query",
            "is_shared",
            "owner",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class SavedQuestionChange(StrictModelSerializer):
    """What may change of one's own; `query` is what the question's address has."""

    class Meta:
        model = SavedQuestion
        fields = ("name", "query", "is_shared")


class SavedQuestionIn(SavedQuestionChange):
    class Meta(SavedQuestionChange.Meta):
        fields = ("question", *SavedQuestionChange.Meta.fields)  # type: ignore[assignment]
        validators: ClassVar[list[Any]] = []


class SavedQuestionResource(Listed, Shown, Resource):
    """One's own kept questions and those that colleagues share."""

    read_access = ASK_QUESTIONS
    write_access = ASK_QUESTIONS
    queryset = SavedQuestion.objects.select_related("owner")
    output = SavedQuestionOut
    inputs = {"create": SavedQuestionIn, "partial_update": SavedQuestionChange}

    @acts_once
    def create(self, request: Request) -> Response:
        return self.answer(
            services.save_question(actor=self.actor, **self.read(request))
        )

    def partial_update(self, request: Request, pk: int) -> Response:
        saved = self.get_object()
        changed = services.change_question(
            actor=self.actor,
            saved=saved,
            expected_version=expected_version(request, saved),
            **self.read(request),
        )
        return self.answer(changed)

    @extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
    def destroy(self, request: Request, pk: int) -> Response:
        services.delete_question(actor=self.actor, saved=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


# -- Mailings --------------------------------------------------------------------------


class MailingOut(serializers.ModelSerializer[AnswerMailing]):
    recipient = serializers.EmailField(source="recipient.email")
    ordered_by = serializers.EmailField(source="ordered_by.email")

    class Meta:
        model = AnswerMailing
        fields = (
            "id",
            "saved",
            "recipient",
            "rhythm",
            "begins_on",
            "due_on",
            "sent_at",
            "ordered_by",
            "created_at",
        )
        read_only_fields = fields


class MailingIn(StrictSerializer):
    """`saved` is the id of a kept question; without a recipient it is the caller."""

    saved = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    rhythm = serializers.ChoiceField(choices=Rhythm.choices)
    begins_on = serializers.DateField(required=False)
    recipient = serializers.EmailField(required=False)


class MailingResource(Listed, Shown, Resource):
    """Answers that the caller gets by mail or has ordered for others."""

    read_access = ASK_QUESTIONS
    write_access = ASK_QUESTIONS
    queryset = AnswerMailing.objects.select_related("saved", "recipient", "ordered_by")
    output = MailingOut
    inputs = {"create": MailingIn}

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        rows = SavedQuestion.objects.visible_to(self.actor)
        saved = rows.filter(pk=values.pop("saved")).first()
        if saved is None:
            raise ValidationError({"saved": ["unknown question"]})
        if email := values.pop("recipient", None):
            values["recipient"] = User.objects.filter(email__iexact=email).first()
            if values["recipient"] is None:
                raise ValidationError({"recipient": ["unknown person"]})
        return self.answer(
            services.order_mailing(actor=self.actor, saved=saved, **values)
        )

    @extend_schema(request=None, responses={status.HTTP_204_NO_CONTENT: None})
    def destroy(self, request: Request, pk: int) -> Response:
        services.stop_mailing(actor=self.actor, mailing=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


# -- Alert rules -----------------------------------------------------------------------


class AlertRuleOut(serializers.ModelSerializer[AlertRule]):
    made_by = serializers.EmailField(source="made_by.email")

    class Meta:
        model = AlertRule
        fields = (
            "id",
            "name",
            "outlook",
            "first",
            "then",
            "window_days",
            "ratio",
            "ratio_low",
            "ratio_high",
            "seen_count",
            "lead_days",
            "is_on",
            "made_by",
            "created_at",
            "updated_at",
            "version",
        )
        read_only_fields = fields


class AlertRuleIn(StrictSerializer):
    """A row of an answer: the question, what was chosen in it, and the row's `part`."""

    question = serializers.ChoiceField(choices=list(alert_rules.OUTLOOKS))
    parameters = serializers.DictField(child=serializers.CharField(), default=dict)
    part = serializers.CharField(max_length=200)


class AlertRuleChange(StrictSerializer):
    is_on = serializers.BooleanField()


class AlertRuleResource(Listed, Shown, Resource):
    """What the night tells owners of, because it came before losses or purchases."""

    read_access = ASK_QUESTIONS
    write_access = CHANGE_ALERT_RULES
    queryset = AlertRule.objects.select_related("made_by")
    output = AlertRuleOut
    inputs = {"create": AlertRuleIn, "partial_update": AlertRuleChange}
    is_shared = True

    @acts_once
    def create(self, request: Request) -> Response:
        values = self.read(request)
        rule = alert_rules.make_rule(
            actor=self.actor,
            question=values["question"],
            given=values["parameters"],
            part=values["part"],
        )
        return self.answer(rule)

    def partial_update(self, request: Request, pk: int) -> Response:
        rule = self.get_object()
        version = expected_version(request, rule)
        values = self.read(request)
        if "is_on" not in values:
            raise ValidationError({"is_on": ["say true or false"]})
        changed = alert_rules.switch_rule(
            actor=self.actor, rule=rule, is_on=values["is_on"], expected_version=version
        )
        return self.answer(changed)
