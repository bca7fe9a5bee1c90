"""What `make run` and a server use."""

from orchestrator.settings.base import *
