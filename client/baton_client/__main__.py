"""`python -m baton_client ...` is `baton ...`."""

import sys

from baton_client.command.main import main

sys.exit(main())
