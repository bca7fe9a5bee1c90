"""What the tests use: the same code, cheaper password hashes."""

from orchestrator.settings.base import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJANGO_VITE = {"default": {"dev_mode": True}}
WHITENOISE_AUTOREFRESH = True
