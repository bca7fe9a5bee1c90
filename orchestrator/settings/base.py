"""Settings that every environment shares."""

import dj_database_url

from orchestrator.settings.channel_layer import channel_layers
from orchestrator.settings.data_folder import private_database, private_folder
from orchestrator.settings.env import (
    ALLOWED_HOSTS,
    DATA_DIR,
    DATABASE_URL,
    DEBUG,
    LOG_LEVEL,
    MASTER_KEY_FILE,
    MIGRATION_URL,
    REDIS_URL,
    ROOT,
    TRUSTED_ORIGINS,
    TRUSTED_PROXIES,
)
from orchestrator.settings.signing import secret_key

private_folder(DATA_DIR)

BASE_DIR = ROOT
SECRET_KEY = secret_key()
MASTER_KEY_PLACE = {"file": MASTER_KEY_FILE, "never_in": DATA_DIR}
DEBUG = DEBUG
ALLOWED_HOSTS = ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS
PROXY_NETWORKS = TRUSTED_PROXIES
ROOT_URLCONF = "orchestrator.urls"
ASGI_APPLICATION = "orchestrator.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "django_vite",
    "orchestrator",
    "tenants",
    "editor",
    "runs",
]

MIDDLEWARE = [
    "tenants.web.middleware.SecureCookiesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.web.middleware.TenantMiddleware",
    "tenants.web.middleware.ContentSecurityMiddleware",
    "tenants.web.middleware.StorableTextMiddleware",
    "tenants.web.middleware.BareErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.web.page_context.shell",
                "runs.web.page_context.runs_frame",
            ]
        },
    }
]

_database = dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True)
if _database["ENGINE"].endswith("sqlite3"):
    private_database(_database["NAME"])
    # IMMEDIATE: a read-then-write transaction takes its lock at once instead of failing later.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
    }
elif _database["ENGINE"] == "django.db.backends.postgresql":
    # Tells the server which tenant a query works for: its row-level security is the second lock.
    _database["ENGINE"] = "tenants.isolation.postgresql"
    # A server that is gone without a word is noticed after seconds, not after the system's quarter of an hour.
    _patience = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
    _database["OPTIONS"] = {**_patience, **_database.get("OPTIONS", {})}
DATABASES = {"default": _database}
MIGRATION_ROLE = dj_database_url.parse(MIGRATION_URL) if MIGRATION_URL else None

CHANNEL_LAYERS = channel_layers(REDIS_URL)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static" / "dist"
WHITENOISE_USE_FINDERS = True  # nothing is collected: the build is served as it lies there, the admin's files from its package
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+/assets/.+-[A-Za-z0-9_-]{8}\.\w+$"
DJANGO_VITE = {"default": {"manifest_path": ROOT / "static" / "dist" / "manifest.json"}}

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
GUARDIAN_RAISE_403 = False
ANONYMOUS_USER_NAME = None
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.people.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.people.authentication.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.web.parsers.CappedJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.web.rest.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "orchestrator.exception_handler.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Baton",
    "OAS_VERSION": "3.1.0",  # whose schemas are JSON Schema itself, as the engine's models give it
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "DEFAULT_GENERATOR_CLASS": "tenants.web.rest.openapi.OnceForAll",
    "ENUM_NAME_OVERRIDES": {"ActionEnum": "tenants.roles.SHARED_ACTIONS"},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
SESSION_ENGINE = "tenants.people.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "orchestrator.exception_handler.forgery"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secrets": {"()": "tenants.vault.redaction.RedactSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["secrets"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # Django's own handlers would write past the filter.
    "loggers": {"django": {"handlers": [], "propagate": True}, "django.server": {"handlers": [], "propagate": True}},
}
