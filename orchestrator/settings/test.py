"""What the tests use: the same code, cheaper password hashes."""

from orchestrator.settings.base import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJANGO_VITE = {"default": {"dev_mode": True}}
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file: the in-memory database has no write-ahead log, and threads would find it locked.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
