"""How often a tenant called its tools, counted for all workers together in Redis.

While Redis does not answer, each worker counts what it called itself: nothing stops, and with n workers a tenant may call up to
n times as often until it answers again.
"""

import asyncio
import time
from typing import Final
from uuid import uuid4
from weakref import WeakKeyDictionary

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from orchestrator.capabilities.tools.rates import MINUTE_S, RatesHere
from orchestrator.settings.env import REDIS_URL

log = structlog.get_logger(__name__)

_PATIENCE_S: Final = 1.0
_AGAIN_S: Final = 5.0
"""So long Redis is not asked again after it did not answer."""
_TAKE: Final = """
local now = redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
local most, minute = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - minute)
local made = redis.call('ZCARD', KEYS[1])
if made >= most then
  local last = redis.call('ZRANGE', KEYS[1], made - most, made - most, 'WITHSCORES')
  return math.max(1, tonumber(last[2]) + minute - at)
end
redis.call('ZADD', KEYS[1], at, ARGV[3])
redis.call('PEXPIRE', KEYS[1], minute)
return 0
"""
"""Milliseconds until a call may be made, by the clock of Redis; 0 counts one."""

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, Redis]" = WeakKeyDictionary()
_here: dict[str, RatesHere] = {}
_away_until: float = 0.0


class TenantRates:
    """Those of one tenant. Lives on the worker's loop."""

    def __init__(self, tenant: str, url: str = REDIS_URL) -> None:
        self._tenant = tenant
        self._url = url
        self._here = _here.setdefault(tenant, RatesHere())

    async def take(self, tool: str, per_minute: int) -> float:
        global _away_until
        if time.monotonic() >= _away_until:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    return await self._ask(tool, per_minute)
            except (RedisError, OSError, TimeoutError) as error:
                _away_until = time.monotonic() + _AGAIN_S
                log.warning("tool_rates_counted_here", error=str(error))
        return await self._here.take(tool, per_minute)

    async def _ask(self, tool: str, per_minute: int) -> float:
        key = f"baton:tool-rate:{self._tenant}:{tool}"
        found = await _client(self._url).eval(_TAKE, 1, key, per_minute, int(MINUTE_S * 1000), str(uuid4()))
        return int(found) / 1000


def _client(url: str) -> Redis:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = Redis.from_url(url, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S)
    return _clients[loop]
