"""Closed lists of words in columns, in the field's own terms."""

from django.db.models import IntegerChoices, TextChoices


class Role(TextChoices):
    REP = "rep", "Sales rep"
    MANAGER = "manager", "Manager"
    MARKETER = "marketer", "Marketer"
    ADMINISTRATOR = "administrator", "Administrator"


class AccountKind(TextChoices):
    FIRM = "firm", "Firm"
    PERSON = "person", "Person"


class Stage(TextChoices):
    PROSPECT = "prospect", "Prospect"
    CUSTOMER = "customer", "Customer"
    FORMER = "former", "Former customer"


class RelationshipType(TextChoices):
    TRANSACTIONAL = "transactional", "Buys now and then"
    CONTRACT = "contract", "Framework contract"
    PARTNER = "partner", "Partner"
    RESELLER = "reseller", "Reseller"
    UNKNOWN = "", "Not known"


class AdvocateStatus(TextChoices):
    """Whether a customer speaks for us to others."""

    ASKED = "asked", "Asked to recommend us"
    WILLING = "willing", "Would recommend us"
    ACTIVE = "active", "Recommends us"
    REFERENCE = "reference", "Named reference"
    UNKNOWN = "", "Not known"


class SizeBand(TextChoices):
    MICRO = "1-9", "1 to 9 people"
    SMALL = "10-49", "10 to 49 people"
    MEDIUM = "50-249", "50 to 249 people"
    LARGE = "250+", "250 people and more"
    UNKNOWN = "", "Not known"


class Source(TextChoices):
    """Where an account was won; each carries its own cost to win."""

    REFERRAL = "referral", "Referral"
    OUTBOUND = "outbound", "Outbound sales"
    TRADE_FAIR = "trade_fair", "Trade fair"
    WEB = "web", "Website"
    ADVERTISING = "advertising", "Advertising"
    PARTNER = "partner", "Partner"
    IMPORT = "import", "Imported"
    UNKNOWN = "", "Not known"


class LossReason(TextChoices):
    PRICE = "price", "Price"
    COMPETITOR = "competitor", "Went to a competitor"
    SERVICE = "service", "Unhappy with service"
    NO_NEED = "no_need", "No need any more"
    CLOSED = "closed", "Closed down"
    OTHER = "other", "Other"
    UNKNOWN = "", "Not known"


class DecisionRole(TextChoices):
    """The part a person plays in the customer's decision-making unit."""

    ECONOMIC_BUYER = "economic_buyer", "Economic buyer"
    DECIDER = "decider", "Decider"
    INFLUENCER = "influencer", "Influencer"
    USER = "user", "User"
    TECHNICAL = "technical", "Technical evaluator"
    GATEKEEPER = "gatekeeper", "Gatekeeper"
    CHAMPION = "champion", "Champion"
    UNKNOWN = "", "Not known"


class Attitude(TextChoices):
    SUPPORTER = "supporter", "Supporter"
    NEUTRAL = "neutral", "Neutral"
    CRITIC = "critic", "Critic"
    UNKNOWN = "", "Not known"


class ConsentMeans(TextChoices):
    """How a person said what they allow."""

    FORM = "form", "Form on our site"
    PAPER = "paper", "Signed paper"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "On the phone"
    IN_PERSON = "in_person", "In person"
    OTHER = "other", "Another way"
    UNKNOWN = "", "Not known"


class Channel(TextChoices):
    """One vocabulary for what was done (touchpoints) and what is planned (touches)."""

    PHONE = "phone", "Call"
    EMAIL = "email", "E-mail"
    MEETING = "meeting", "Meeting"
    VISIT = "visit", "Visit"
    MESSAGE = "message", "Message"
    POST = "post", "Post"
    WEB = "web", "Web"
    CHAT = "chat", "Chat"
    SOCIAL = "social", "Social"
    EVENT = "event", "Event"
    GIFT = "gift", "Gift"
    NOTE = "note", "Note"


class EventTone(TextChoices):
    """Whether a kind of event bodes well or ill for us."""

    GOOD = "good", "Good sign"
    NEUTRAL = "neutral", "Neither"
    BAD = "bad", "Bad sign"


class Importance(IntegerChoices):
    LITTLE = 1, "Good to know"
    USUAL = 2, "Important"
    GREAT = 3, "Changes everything"


class EventIcon(TextChoices):
    """Pictures for kinds of events, by their names in the icon set."""

    CALENDAR = "calendar", "Calendar"
    MOVE = "truck", "Lorry"
    PLACE = "map-pin", "Place"
    PERSON = "user-round-plus", "Person"
    UP = "trending-up", "Upwards"
    DOWN = "trending-down", "Downwards"
    MERGER = "git-merge", "Joining"
    RIVAL = "swords", "Swords"
    COMPLAINT = "message-square-warning", "Warning"
    CONTRACT = "file-clock", "Contract"
    CAKE = "cake", "Cake"
    BIRTH = "baby", "Baby"
    STAR = "star", "Star"
    AWARD = "award", "Award"
    BUILDING = "building-2", "Building"
    HEART = "heart", "Heart"
    FLAME = "flame", "Fire"
    STATE = "landmark", "Authority"
    LEARNING = "graduation-cap", "Education"
    FLAG = "flag", "Flag"


class Direction(TextChoices):
    OUT = "out", "We reached out"
    IN = "in", "They reached out"
    NONE = "", "Neither"


class Outcome(TextChoices):
    OK = "ok", "Went well"
    NEUTRAL = "neutral", "Neutral"
    BAD = "bad", "Went badly"
    NO_ANSWER = "no_answer", "No answer"
    UNKNOWN = "", "Not said"


class Phase(TextChoices):
    BEFORE = "before", "Before purchase"
    DURING = "during", "During purchase"
    AFTER = "after", "After purchase"
    UNKNOWN = "", "Not said"


class Care(TextChoices):
    """What effort is for: the CARE tag."""

    CULTIVATE = "C", "Cultivate more customers"
    ACQUIRE = "A", "Acquire share from competitors"
    RETAIN = "R", "Retain by excellent service"
    EXPAND = "E", "Expand share of wallet"
    UNKNOWN = "", "Not said"


class TouchpointSource(TextChoices):
    TYPED = "typed", "Typed"
    PLAN = "plan", "Plan touch"
    MAIL = "mail", "Captured mail"
    TELEPHONY = "telephony", "Telephony"
    CALENDAR = "calendar", "Calendar"
    API = "api", "API"
    DEMO = "demo", "Demo firm"


class HoldingStatus(TextChoices):
    ACTIVE = "active", "On hand"
    ENDED = "ended", "Ended"
    REPLACED = "replaced", "Replaced"
    RETURNED = "returned", "Returned"


class ValueSource(TextChoices):
    """Where a customer's word on their own value comes from."""

    TALK = "talk", "Said to us"
    LETTER = "letter", "Written to us"
    SURVEY = "survey", "Survey"
    PUBLIC = "public", "Said in public"


class EstimateSource(TextChoices):
    """Where an estimate of a customer's whole spend comes from."""

    CUSTOMER = "customer", "The customer said so"
    DOCUMENT = "document", "Seen on paper"
    INDUSTRY = "industry", "Usual in the industry"
    GUESS = "guess", "Our own guess"


class OrderStatus(TextChoices):
    CONFIRMED = "confirmed", "Confirmed"
    CANCELLED = "cancelled", "Cancelled"


class CostKind(TextChoices):
    """What a ledger row paid for, from winning a customer to serving them."""

    ACQUISITION = "acquisition", "Acquisition"
    ONBOARDING = "onboarding", "Onboarding"
    MARKETING = "marketing", "Marketing"
    ACCOUNT_MANAGEMENT = "account_management", "Account management"
    SERVICE = "service", "Service"
    DELIVERY = "delivery", "Delivery"
    RETURNS = "returns", "Returns"
    CREDIT = "credit", "Credit and collection"
    OTHER = "other", "Other"


class CostOrigin(TextChoices):
    """Where a ledger row comes from."""

    CONTACT = "contact", "Minutes of a contact"
    TOUCH = "touch", "Touch of a plan"
    MANUAL = "manual", "Entered by hand"
    IMPORT = "import", "Imported"
    ALLOCATION = "allocation", "Share of a common cost"
    REVERSAL = "reversal", "Reversal"


class AllocationDriver(TextChoices):
    """What a shared cost is spread by."""

    ORDERS = "orders", "Number of orders"
    REVENUE = "revenue", "Revenue"
    MINUTES = "minutes", "Minutes of contact"
    CASES = "cases", "Number of cases"
    EQUAL = "equal", "Equal shares"


class AllocationSpan(TextChoices):
    """Within which time the driver is counted, ending with the period of the costs."""

    PERIOD = "period", "Within the period of the costs"
    YEAR = "year", "Within the year that ends with it"


class TaskStatus(TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class TaskKind(TextChoices):
    """What a task asks for; calls and visits fill the day of a calendar."""

    TODO = "todo", "To do"
    CALL = "call", "Call"
    EMAIL = "email", "E-mail"
    MEETING = "meeting", "Meeting"
    VISIT = "visit", "Visit"


class TaskPriority(TextChoices):
    HIGH = "high", "High"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


class DealStatus(TextChoices):
    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class CaseKind(TextChoices):
    QUESTION = "question", "Question"
    COMPLAINT = "complaint", "Complaint"
    FAULT = "fault", "Fault"
    REQUEST = "request", "Request"
    RETURN = "return", "Return"
    OTHER = "other", "Other"


class CaseUrgency(TextChoices):
    """How soon the customer needs it, from little to most."""

    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class CaseStatus(TextChoices):
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting for the customer"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"


class CaseEntryKind(TextChoices):
    OPENED = "opened", "Opened"
    CUSTOMER = "customer", "The customer wrote"
    ANSWER = "answer", "Answer"
    NOTE = "note", "Internal note"
    WAITING = "waiting", "Waiting for the customer"
    RESUMED = "resumed", "Taken up again"
    CHANGED = "changed", "Changed"
    OWNER = "owner", "Handed over"
    ESCALATED = "escalated", "Escalated"
    RESOLVED = "resolved", "Resolved"
    REOPENED = "reopened", "Opened again"
    CLOSED = "closed", "Closed"


class GoalStatus(TextChoices):
    OPEN = "open", "Open"
    ON_TRACK = "on_track", "On track"
    AT_RISK = "at_risk", "At risk"
    REACHED = "reached", "Reached"
    DROPPED = "dropped", "Dropped"


class HypothesisStatus(TextChoices):
    OPEN = "open", "Open"
    CONFIRMED = "confirmed", "Confirmed"
    REFUTED = "refuted", "Refuted"


class AttributeType(TextChoices):
    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    YES_NO = "yes_no", "Yes or no"


class TagColour(TextChoices):
    GREY = "grey", "Grey"
    GREEN = "green", "Green"
    BLUE = "blue", "Blue"
    AMBER = "amber", "Amber"
    RED = "red", "Red"
    VIOLET = "violet", "Violet"


class NotificationKind(TextChoices):
    MENTION = "mention", "Mentioned"
    ACCOUNT = "account", "Account given"
    TASK = "task", "Task given"
    MERGE = "merge", "Account merged"
    CASE = "case", "Case"
    AUTOMATION = "automation", "Automation"
    CAPTURE = "capture", "Connection"
    CAMPAIGN = "campaign", "Campaign"


class ListKey(TextChoices):
    ACCOUNTS = "accounts", "Accounts"
    CONTACTS = "contacts", "Contacts"
    PROSPECTS = "prospects", "Prospects"
    TASKS = "tasks", "Tasks"
    CASES = "cases", "Cases"
    DELIVERIES = "deliveries", "Mails"
