"""Kombu's transport over Redis, for a queue into which anybody may have put anything.

As it comes, it lets the error of one message end the whole worker. A message carries a wake-up and nothing
else, so one that cannot be handled is discarded, and the log says so.
"""

from collections.abc import Callable
from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.transport.virtual import Message
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

NOT_OF_A_MESSAGE = (RedisError, OSError, Empty)
"""The broker's errors, after which the worker connects anew, and that there was nothing to read."""


class Channel(redis.Channel):
    def basic_consume(self, queue: str, no_ack: bool, callback: Callable[[Message], object], consumer_tag: str, **kwargs: Any) -> Any:  # type: ignore[override]  # the stubs are of another version
        """A message that is one, and that its consumer stumbles over: it is taken from the queue for good."""

        def consume(message: Message) -> None:
            try:
                _check(message)
                callback(message)
            except NOT_OF_A_MESSAGE:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a message holds, the next one is taken
                log.error("message_discarded", queue=queue, error=repr(error))
                if not message.acknowledged:
                    message.reject()

        return super().basic_consume(queue, no_ack, consume, consumer_tag, **kwargs)


def _check(message: Message) -> None:
    """Raise what would be raised on the thread that performs the task, where nobody hears of it."""
    payload = message.decode()
    if "task" in message.headers:
        arguments, options, _ = payload
        if not isinstance(arguments, list) or not isinstance(options, dict):
            raise TypeError(f"A list and an object are needed, not {type(arguments).__name__} and {type(options).__name__}")


class Transport(redis.Transport):
    Channel = Channel

    def on_readable(self, fileno: int) -> None:  # type: ignore[override]  # as above
        """What cannot even be read as a message has left the queue by being read."""
        try:
            super().on_readable(fileno)
        except NOT_OF_A_MESSAGE:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            log.error("message_discarded", error=repr(error)[:500])


def use() -> None:
    """For every connection of this process whose URL says Redis."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
