"""What a user can do wrong in the CRM, said in words that help."""

from common.errors import DomainError


class CannotLogError(DomainError):
    """A touchpoint that cannot have happened, or must not."""

    code = "cannot_log"


class CannotUndoError(DomainError):
    """A touchpoint that this person may not take back, or not any more."""

    code = "cannot_undo"


class CannotPostError(DomainError):
    """A cost that does not fit the ledger."""

    code = "cannot_post"


class AlreadyReversedError(DomainError):
    code = "already_reversed"
    message = "This cost was reversed before; a cost is reversed once."


class CannotAllocateError(DomainError):
    """A shared cost that cannot be spread like this."""

    code = "cannot_allocate"


class CannotSaveRuleError(DomainError):
    """A rule of allocation that cannot be as it was entered."""

    code = "cannot_save_rule"


class CannotSaveAccountError(DomainError):
    code = "cannot_save_account"


class CannotSaveContactError(DomainError):
    code = "cannot_save_contact"


class CannotSaveContactsError(DomainError):
    """People who cannot be added together; `problems` says why, by row from 0."""

    code = "cannot_save_contacts"

    def __init__(self, problems: dict[int, DomainError]) -> None:
        super().__init__("Some rows do not fit, so nobody was added.")
        self.problems = problems


class CannotSaveEventError(DomainError):
    code = "cannot_save_event"


class CannotSaveEventTypeError(DomainError):
    code = "cannot_save_event_type"


class CannotSaveGoalError(DomainError):
    code = "cannot_save_goal"


class CannotSaveHypothesisError(DomainError):
    code = "cannot_save_hypothesis"


class CannotSetStageError(DomainError):
    code = "cannot_set_stage"


class CannotSaveTaskError(DomainError):
    code = "cannot_save_task"


class CannotSaveFilterError(DomainError):
    code = "cannot_save_filter"


class CannotPinError(DomainError):
    code = "cannot_pin"


class CannotSaveDealError(DomainError):
    code = "cannot_save_deal"


class CannotMoveDealError(DomainError):
    """A deal that cannot take this step, or not any more."""

    code = "cannot_move_deal"


class CannotSaveCaseError(DomainError):
    code = "cannot_save_case"


class CannotMoveCaseError(DomainError):
    """A case that cannot take this step, or not any more."""

    code = "cannot_move_case"


class CannotSaveViewError(DomainError):
    code = "cannot_save_view"


class CannotTagError(DomainError):
    code = "cannot_tag"


class BulkRefusedError(DomainError):
    """A change of many rows that cannot be made as a whole, so none is changed."""

    code = "bulk_refused"


class AlreadyExistsError(DomainError):
    """The source has another fact under this id; facts are not overwritten."""

    code = "already_exists"
    message = "There is another record with this source and id."


class OrderRefusedError(DomainError):
    """An order that cannot be: its day, its lines, or its state."""

    code = "order_refused"


class ReturnRefusedError(DomainError):
    """Goods that cannot have come back."""

    code = "return_refused"


class CannotSaveProductError(DomainError):
    code = "cannot_save_product"


class CannotSaveHoldingError(DomainError):
    """Something that a customer cannot have, or not like this."""

    code = "cannot_save_holding"


class CannotSaveUsageError(DomainError):
    """Use, or what it is worth, that cannot be."""

    code = "cannot_save_usage"


class CannotSaveWalletError(DomainError):
    """A competitor or an estimate that cannot be."""

    code = "cannot_save_wallet"


class CannotSaveUserError(DomainError):
    code = "cannot_save_user"


class CannotSetRateError(DomainError):
    """A rate of somebody's hour that cannot be, or cannot be taken back."""

    code = "cannot_set_rate"


class LastAdministratorError(DomainError):
    code = "last_administrator"
    message = "Somebody must remain an administrator. Name another one first."


class DemoRefusedError(DomainError):
    """The demo firm only goes into an empty database."""

    code = "demo_refused"


class ImportRefusedError(DomainError):
    """A file that cannot be loaded at all; single bad rows are reported instead."""

    code = "import_refused"


class CannotMergeError(DomainError):
    """Two accounts that cannot become one, or one that cannot become two again."""

    code = "cannot_merge"


class CannotConnectError(DomainError):
    """A mailbox or calendar that cannot be connected like this."""

    code = "cannot_connect"


class CannotConfirmError(DomainError):
    """A meeting of a calendar that cannot be logged, or not any more."""

    code = "cannot_confirm"
