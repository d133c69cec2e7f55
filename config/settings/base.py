"""What every deployment shares. No DEBUG and no secret has a default here."""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from config import env
from config.embedded import django_database

ROOT = Path(__file__).resolve().parents[2]

DATABASE_URL = env.database_url()
REDIS_URL = env.redis_url()

ALLOWED_HOSTS = env.allowed_hosts()
CSRF_TRUSTED_ORIGINS = env.trusted_origins()

INSTALLED_APPS = [
    "config",
    "campaigns",
    "segments",
    "clv",
    "crm",
    "common",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "pghistory",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.problems.DatabaseTrouble",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "common.zones.OwnZone",
    "django_htmx.middleware.HtmxMiddleware",
    "common.htmx.VaryOnFragment",
    "common.older_pages.OlderAnswers",
    "common.headers.PrivatePages",
    "config.setup.SetUpFirst",
    "pghistory.middleware.HistoryMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["common.templatetags.display"],
            "libraries": {"lucide": "common.templatetags.icons"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.shell.shell",
            ],
        },
    }
]
FORM_RENDERER = "config.forms.FormRenderer"

# -- Database ----------------------------------------------------------------------
# Limits sit on the connection, so that a slow page or a stuck lock ends by itself.
WEB_LIMITS = (
    "-c statement_timeout=15000 -c lock_timeout=5000 "
    "-c idle_in_transaction_session_timeout=30000"
)
WORKER_LIMITS = (
    "-c statement_timeout=900000 -c lock_timeout=10000 "
    "-c idle_in_transaction_session_timeout=600000 "
    "-c client_connection_check_interval=1000"
)
DATABASE = django_database(DATABASE_URL)
DATABASE["OPTIONS"] |= {"options": WORKER_LIMITS if env.is_worker() else WEB_LIMITS}
DATABASES = {"default": {**DATABASE, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}

# -- People and sessions -------------------------------------------------------------
AUTH_USER_MODEL = "crm.User"
AUTHENTICATION_BACKENDS = [
    "config.roles.RoleBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "config.accounts.InvitationOnlyAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# Sign-in throttles must survive a Redis flush and no page may wait for Redis, so the
# shared cache is a table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
    },
    # Answers of reports, see `common.kept`: without them, reports only take longer.
    "answers": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
        "KEY_PREFIX": "answers",
        "OPTIONS": {
            "serializer": "common.kept.AsTheyAre",
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
        },
    },
}

# -- Answers -------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": [NONE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

STATIC_URL = "static/"
STATIC_ROOT = env.data_folder() / "static"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.assets.PackageFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.assets.ManifestStorage"},
}

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.time_zone()
CURRENCY = env.currency()

# -- API -----------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.api.sign_in.NotedToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["common.api.HasPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "common.api.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["common.api.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "common.api_schema.HouseSchema",
    "DEFAULT_THROTTLE_CLASSES": ["common.api_limits.PerToken"],
    "EXCEPTION_HANDLER": "common.api_errors.answer_exception",
    "PAGE_SIZE": 50,
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
API_CALLS_A_MINUTE = env.api_calls_a_minute()  # of one token
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105  a model
REST_KNOX = {"TOKEN_TTL": timedelta(days=365), "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Perennial",
    "DESCRIPTION": (
        "Accounts, orders, costs and contacts in; worth, classes and plans out."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["common.api.SignedIn"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "DismissReason": "clv.choices.DismissReason",
        "EstimateSource": "crm.choices.EstimateSource",
        "HoldingStatus": "crm.choices.HoldingStatus",
        "OfferKind": "clv.choices.OfferKind",
        "OfferState": "clv.choices.OfferState",
        "ValueSource": "crm.choices.ValueSource",
        "AccountKind": "crm.choices.AccountKind",
        "AccountSource": "crm.choices.Source",
        "AccountStage": "crm.choices.Stage",
        "Attitude": "crm.choices.Attitude",
        "BreakEven": "clv.choices.BreakEven",
        "BudgetHead": "campaigns.choices.BudgetHead",
        "Cadence": "campaigns.choices.PLAN_CADENCES",
        "CampaignKind": "campaigns.choices.CampaignKind",
        "CampaignStatus": "campaigns.choices.CampaignStatus",
        "Care": "crm.choices.Care",
        "Channel": "crm.choices.Channel",
        "CaseKind": "crm.choices.CaseKind",
        "CaseStatus": "crm.choices.CaseStatus",
        "CaseUrgency": "crm.choices.CaseUrgency",
        "CostKind": "crm.choices.CostKind",
        "DealStatus": "crm.choices.DealStatus",
        "DecisionRole": "crm.choices.DecisionRole",
        "Direction": "crm.choices.Direction",
        "GoalStatus": "crm.choices.GoalStatus",
        "HypothesisStatus": "crm.choices.HypothesisStatus",
        "LadderStep": "clv.choices.LadderStep",
        "LossReason": "crm.choices.LossReason",
        "OrderStatus": "crm.choices.OrderStatus",
        "Outcome": "crm.choices.Outcome",
        "OwnerRole": "campaigns.choices.OwnerRole",
        "Phase": "crm.choices.Phase",
        "RelationshipType": "crm.choices.RelationshipType",
        "RunKind": "clv.choices.RunKind",
        "RunStatus": "clv.choices.RunStatus",
        "SizeBand": "crm.choices.SizeBand",
        "TaskKind": "crm.choices.TaskKind",
        "TaskStatus": "crm.choices.TaskStatus",
        "TouchpointSource": "crm.choices.TouchpointSource",
        "VersionStatus": "campaigns.choices.VersionStatus",
        "WorthClass": "segments.choices.WorthClass",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.api_schema.document_errors",
    ],
}

# -- Background work: PostgreSQL holds the truth, a message is only a doorbell --------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 12 * 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 15,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True

# -- Mail ------------------------------------------------------------------------------
MAIL = env.mail_server()
EMAIL_BACKEND = MAIL.backend
EMAIL_HOST = MAIL.host
EMAIL_PORT = MAIL.port
EMAIL_HOST_USER = MAIL.user
EMAIL_HOST_PASSWORD = MAIL.password
EMAIL_USE_TLS = MAIL.use_tls
EMAIL_USE_SSL = MAIL.use_ssl
DEFAULT_FROM_EMAIL = env.from_email()
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
MAILS_PER_HOUR = env.mails_per_hour()
# What links in mails begin with.
PUBLIC_ORIGIN = next(iter(CSRF_TRUSTED_ORIGINS), f"http://127.0.0.1:{env.port()}")

# Automations call public addresses over TLS, and within the own network only these.
WEBHOOK_INSIDE_HOSTS = env.webhook_inside_hosts()
# Mailboxes and calendars that people connect are public too, or named here.
CAPTURE_INSIDE_HOSTS = env.capture_inside_hosts()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
