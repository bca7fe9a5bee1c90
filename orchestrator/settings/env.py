"""Everything read from the environment, once, with its type and default. Nowhere else."""

from pathlib import Path
from urllib.parse import quote

import environ

ROOT = Path(__file__).resolve().parent.parent.parent

env = environ.Env()

DATA_DIR = Path(env.str("BATON_DATA", default=str(ROOT / "var")))
"""Database, keys, blobs and the embedded server's socket; mode 0700."""

TOOLS_FOLDER = Path(env.str("BATON_TOOLS", default=str(ROOT / "tools")))
"""Python files of the operator's own tools. Whoever may write there acts as Baton."""

DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{quote(str(DATA_DIR / 'baton.sqlite3'))}")
MIGRATION_URL = env.str("BATON_MIGRATION_URL", default="")
"""The same PostgreSQL database as the role that owns its tables; `manage.py migrate` works as that one."""

REDIS_URL = env.str("REDIS_URL", default=f"unix://{quote(str(DATA_DIR / 'redis.sock'))}")
DEBUG = env.bool("BATON_DEBUG", default=False)
SECRET_KEY = env.str("BATON_SECRET_KEY", default="")
"""Signs sessions. Empty: a key file in the data folder, made on first use."""

MASTER_KEY_FILE = Path(env.str("BATON_MASTER_KEY_FILE", default=str(Path.home() / ".config" / "baton" / "master.key")))
"""Wraps the keys that encrypt secrets; never beside the database."""

ALLOWED_HOSTS = env.list("BATON_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
TRUSTED_ORIGINS = env.list("BATON_TRUSTED_ORIGINS", default=[])
"""Other origins, such as https://baton.example, whose pages may send forms and open sockets."""

TRUSTED_PROXIES = env.list("BATON_TRUSTED_PROXIES", default=[])
"""Networks of the proxies in front, such as 10.0.0.0/8: only they say who a client is, and whether it came by https."""

PRIVATE_HOSTS = env.list("BATON_PRIVATE_HOSTS", default=[])
"""host or host:port that outbound requests may reach although private, such as localhost:11434."""

LEND_KEYS = env.list("BATON_LEND_KEYS", default=[])
"""Slugs of the tenants whose runs may use the provider keys and addresses of this environment; `*` for all."""

_MB = 1024 * 1024
LARGEST_FILES = {
    "image": env.int("BATON_LARGEST_IMAGE_MB", default=10) * _MB,
    "audio": env.int("BATON_LARGEST_AUDIO_MB", default=25) * _MB,
    "video": env.int("BATON_LARGEST_VIDEO_MB", default=100) * _MB,
    "document": env.int("BATON_LARGEST_DOCUMENT_MB", default=20) * _MB,
    "text": env.int("BATON_LARGEST_TEXT_MB", default=20) * _MB,
}
"""Bytes of a file that is given to a run, by its kind."""

FILES_PER_HOUR = {
    "image": env.int("BATON_IMAGES_PER_HOUR", default=1000),
    "audio": env.int("BATON_AUDIOS_PER_HOUR", default=300),
    "video": env.int("BATON_VIDEOS_PER_HOUR", default=60),
    "document": env.int("BATON_DOCUMENTS_PER_HOUR", default=500),
    "text": env.int("BATON_TEXTS_PER_HOUR", default=1000),
}
"""Different files of a kind that one tenant may give to runs in an hour."""

OPENAI_API_BASE = env.str("OPENAI_API_BASE", default="")
LOG_LEVEL = env.str("BATON_LOG_LEVEL", default="INFO")

FAILPOINT = env.str("BATON_FAILPOINT", default="")
"""For fault tests: the named place at which this process kills itself."""

PORT = env.int("PORT", default=8000)

WORKER_ID = env.str("BATON_WORKER_ID", default="")
"""A UUID that whoever starts a worker gives it, to say at once when it has died; never given twice."""
