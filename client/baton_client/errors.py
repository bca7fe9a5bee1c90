"""What goes wrong, for programs by its code and for people by its text."""

from collections.abc import Mapping

from baton_client.json_values import Json


class BatonError(Exception):
    """What was asked could not be done.

    `code` names the reason and does not change; `detail` says what happened and `cure` what to do about it. `status`
    is the HTTP status of the answer, 0 where the server refused nothing: it was not reached, or not understood.
    """

    def __init__(self, detail: str, *, code: str, cure: str = "", status: int = 0, details: Mapping[str, Json] | None = None) -> None:
        self.code = code
        self.detail = detail
        self.cure = cure
        self.status = status
        self.details = dict(details or {})
        super().__init__(" ".join(filter(None, [detail, cure])))


class NotEnded(BatonError):
    """The run has not ended within the time that was given to it. It goes on; `run_id` can be waited for again."""

    def __init__(self, run_id: str, status: str, timeout: float) -> None:
        self.run_id = run_id
        cure = "It goes on: wait for it again, follow it or cancel it."
        super().__init__(f"Run {run_id} is {status} after {timeout:g} s.", code="not_ended", cure=cure)


def bad_answer(detail: str, status: int = 200) -> BatonError:
    """The server's answer is not one of Baton's."""
    return BatonError(detail, code="bad_answer", cure="Check that the address is Baton's, and what stands in between.", status=status)
