"""How a socket ends: the numbers that browsers are told, and what each means.

The websocket library of the server sends 1000 and 3000 to 4999 only, so they are HTTP's numbers plus 4000.
"""

from typing import NamedTuple


class Ending(NamedTuple):
    """`reason` is for people who read a browser's console."""

    code: int
    reason: str


NOT_UNDERSTOOD = Ending(4400, "This is not what a client of ours says.")
NOT_SIGNED_IN = Ending(4401, "You are not signed in (any more).")
NOT_FOUND = Ending(4404, "There is nothing here that you may see.")
NO_SUCH_EVENT = Ending(4416, "`after` must be a number from 0 to the run's last event.")
TOO_MANY = Ending(4429, "You have too many of these open.")
FAULT = Ending(4500, "Something went wrong on our side.")
UNAVAILABLE = Ending(4503, "The database does not answer. Try again in a moment.")
