"""What may be done in the CRM, and which role may do it."""

from crm.choices import Role

VIEW_ACCOUNTS = "crm.view_accounts"
CHANGE_ACCOUNTS = "crm.change_accounts"
ASSIGN_ACCOUNTS = "crm.assign_accounts"
SHARE_VIEWS = "crm.share_views"
LOG_TOUCHPOINTS = "crm.log_touchpoints"
RECORD_CONSENT = "crm.record_consent"
VIEW_ORDERS = "crm.view_orders"
CHANGE_ORDERS = "crm.change_orders"
VIEW_LEDGER = "crm.view_ledger"
CHANGE_LEDGER = "crm.change_ledger"
VIEW_PRODUCTS = "crm.view_products"
CHANGE_PRODUCTS = "crm.change_products"
VIEW_DEALS = "crm.view_deals"
CHANGE_DEALS = "crm.change_deals"
CHANGE_DEAL_STAGES = "crm.change_deal_stages"
VIEW_CASES = "crm.view_cases"
CHANGE_CASES = "crm.change_cases"
CHANGE_CATALOGUES = "crm.change_catalogues"
VIEW_OVERLAP = "crm.view_overlap"
MANAGE_USERS = "crm.manage_users"
SET_RATES = "crm.set_rates"
IMPORT_DATA = "crm.import_data"

READ = frozenset(
    {
        VIEW_ACCOUNTS,
        VIEW_ORDERS,
        VIEW_LEDGER,
        VIEW_PRODUCTS,
        VIEW_DEALS,
        VIEW_CASES,
    }
)

GRANTS: dict[Role, frozenset[str]] = {
    Role.REP: READ
    | {
        CHANGE_ACCOUNTS,
        LOG_TOUCHPOINTS,
        RECORD_CONSENT,
        CHANGE_ORDERS,
        CHANGE_DEALS,
        CHANGE_CASES,
    },
    Role.MANAGER: READ
    | {
        CHANGE_ACCOUNTS,
        ASSIGN_ACCOUNTS,
        SHARE_VIEWS,
        LOG_TOUCHPOINTS,
        RECORD_CONSENT,
        CHANGE_ORDERS,
        CHANGE_DEALS,
        CHANGE_CASES,
        CHANGE_DEAL_STAGES,
        CHANGE_CATALOGUES,
        CHANGE_LEDGER,
        VIEW_OVERLAP,
        SET_RATES,
        IMPORT_DATA,
    },
    Role.MARKETER: READ | {SHARE_VIEWS, LOG_TOUCHPOINTS, RECORD_CONSENT, CHANGE_CASES},
    Role.ADMINISTRATOR: READ
    | {
        CHANGE_ACCOUNTS,
        ASSIGN_ACCOUNTS,
        SHARE_VIEWS,
        LOG_TOUCHPOINTS,
        RECORD_CONSENT,
        CHANGE_ORDERS,
        CHANGE_DEALS,
        CHANGE_CASES,
        CHANGE_DEAL_STAGES,
        CHANGE_CATALOGUES,
        CHANGE_LEDGER,
        CHANGE_PRODUCTS,
        VIEW_OVERLAP,
        MANAGE_USERS,
        SET_RATES,
        IMPORT_DATA,
    },
}
