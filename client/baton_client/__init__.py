"""Scripts Baton from outside: start runs, follow their events, answer their questions, export what they give.

with Baton() as baton:  # address and key from BATON_URL and BATON_KEY
    result = baton.run_and_wait("hello-agent", {"question": "What is 17 * 23?"})
    print(result.status, result.output)
"""

from baton_client.client import Baton
from baton_client.errors import BatonError, NotEnded
from baton_client.events import Event
from baton_client.json_values import Json
from baton_client.rows import Approval, Graph, Result, Run, RunError

__all__ = ["Approval", "Baton", "BatonError", "Event", "Graph", "Json", "NotEnded", "Result", "Run", "RunError"]
