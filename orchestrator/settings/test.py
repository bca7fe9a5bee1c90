"""What the tests use: the same code, a data folder of their own, cheaper password hashes."""

import atexit
import os
import shutil
import tempfile

if "BATON_DATA" not in os.environ:  # noqa: TID251 - decided before env.py reads it
    _folder = tempfile.mkdtemp(prefix="baton-test-data-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ["BATON_DATA"] = _folder  # noqa: TID251

from orchestrator.settings.base import *
from orchestrator.settings.base import DATABASES, LOGGING
from orchestrator.settings.env import DATA_DIR

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJANGO_VITE = {"default": {"dev_mode": True}}  # type: ignore[dict-item]
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file: the in-memory database has no write-ahead log, and threads would find it locked.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
LOGGING = LOGGING | {"root": {"handlers": ["console"], "level": "WARNING"}}
