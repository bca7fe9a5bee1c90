"""What `make run` and a server use."""

import os

from orchestrator.settings.base import *

# Nobody else reads what this process and its children write, whatever it is.
os.umask(0o077)
