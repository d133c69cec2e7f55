"""What can go wrong with plans and touches, said in words that help."""

from common.errors import DomainError, UndecidedError


class NotADraftError(DomainError):
    code = "not_a_draft"
    message = "Only a draft can be edited. Start a draft from this version first."


class CannotPublishError(DomainError):
    code = "cannot_publish"
    message = "This draft cannot be published yet."


class CannotSavePlanError(DomainError):
    """A plan that cannot be for these customers, or of this name."""

    code = "cannot_save_plan"


class CannotSaveTouchError(DomainError):
    """Terms of a touch that cannot be kept."""

    code = "cannot_save_touch"


class CadenceTooLongError(DomainError):
    """A touch that might never come while an account follows the plan."""

    code = "cadence_too_long"


class NotPublishedError(DomainError):
    code = "not_published"
    message = "Only the published version can be withdrawn."


class UnknownTemplateError(DomainError):
    code = "unknown_template"
    message = "There is no ready template of that name."


class TouchClosedError(DomainError):
    code = "touch_closed"
    message = "This touch is not open any more."


class ReasonMissingError(DomainError):
    code = "reason_missing"
    message = "Say in a few words why it is skipped."


class CannotPutOffError(DomainError):
    """Items of Today that cannot be put off or settled like this."""

    code = "cannot_put_off"


class ItemGoneError(DomainError):
    code = "item_gone"
    message = "One of them is not there any more. Load the list again."


class CannotMoveTouchError(DomainError):
    code = "cannot_move_touch"
    message = "This touch cannot be done on that day."


class CannotGiveTouchError(DomainError):
    code = "cannot_give_touch"
    message = "This touch cannot be given to them."


class CannotSendError(DomainError):
    """A mail or letter that cannot be written like this."""

    code = "cannot_send"


class NobodyToReachError(DomainError):
    """An account where nobody may or can be reached over a channel."""

    code = "nobody_to_reach"


class DeliveryStateError(DomainError):
    code = "delivery_state"
    message = "This mail stands elsewhere by now. Load the list again."


class CannotAssignError(DomainError):
    """Accounts that cannot be put on a plan, or taken off one."""

    code = "cannot_assign"


class CannotSaveRuleError(DomainError):
    """A rule, day or capacity of planning that is not possible."""

    code = "cannot_save_rule"


class StaleRuleError(DomainError):
    """Somebody published a planning rule since this one was opened."""

    code = "stale"
    message = (
        "Somebody published another rule meanwhile. It stands beside yours: look at it"
        " and save again."
    )


class CannotPublishLevelsError(DomainError):
    code = "cannot_publish_levels"
    message = "These service levels are not possible."


class StaleLevelsError(DomainError):
    """Somebody published service levels since these were opened."""

    code = "stale"
    message = (
        "Somebody published other service levels meanwhile. They stand beside yours: "
        "look at them and save again."
    )


class CannotSaveQuestionError(DomainError):
    """A question that cannot be kept, or an answer that cannot be mailed."""

    code = "cannot_save_question"


class CannotMakeRuleError(DomainError):
    """A row of an answer that cannot become a rule."""

    code = "cannot_make_rule"


class GateUndecidedError(UndecidedError):
    """A spend that does not pay for everybody, and nobody has decided about them.

    `facts` name them, what the spend costs and gains, and what may be decided.
    """

    code = "gate_undecided"


class GateRefusedError(DomainError):
    """A decision at the gate that cannot be taken like this."""

    code = "gate_refused"
    message = "This cannot be decided like this."


class CannotRecordEffectError(DomainError):
    """A measured effect that cannot be recorded like this."""

    code = "cannot_record_effect"
    message = "This effect cannot be recorded like this."


class CannotApplyError(DomainError):
    """A search for the best plans that cannot be kept, or not be made drafts of."""

    code = "cannot_apply"


class CannotSaveAutomationError(DomainError):
    """An automation that cannot be kept as written; `problems` says where and why."""

    code = "cannot_save_automation"
    message = "This automation cannot be kept like this."

    def __init__(
        self,
        message: str = "",
        *,
        field: str = "",
        problems: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, field=field)
        self.problems = problems or ({field: self.message} if field else {})


class CannotSwitchAutomationError(DomainError):
    code = "cannot_switch_automation"
    message = "This automation cannot be switched on."


class CannotSaveWebhookError(DomainError):
    """Another system that cannot be entered, or a message that cannot be sent again."""

    code = "cannot_save_webhook"


class CannotSaveCampaignError(DomainError):
    """A campaign that cannot be kept as written."""

    code = "cannot_save_campaign"


class CampaignStateError(DomainError):
    """Something that a campaign in this state does not allow."""

    code = "campaign_state"


class CannotEnrolError(DomainError):
    """Accounts that cannot be put into a campaign, or taken out of it."""

    code = "cannot_enrol"


class CannotStartError(DomainError):
    """A campaign that cannot start like this."""

    code = "cannot_start_campaign"
