"""Processes of their own for queries: one that waits for a server keeps nobody's expressions waiting."""

import atexit
import os
from functools import lru_cache
from typing import Final

from orchestrator.capabilities.evaluation.evaluator import PooledEvaluator
from orchestrator.capabilities.evaluation.limits import WorkLimits
from orchestrator.capabilities.evaluation.pool import Pool

QUERY_LIMITS: Final = WorkLimits(cpu_s=5, wall_s=15.0, answer_bytes=4 * 1024 * 1024)
_PROCESSES: Final = 4


@lru_cache(maxsize=1)
def _pool() -> Pool:
    pool = Pool(_PROCESSES)
    atexit.register(pool.end)
    return pool


def querying_for(owner: str) -> PooledEvaluator:
    return PooledEvaluator(_pool(), owner)


os.register_at_fork(after_in_child=_pool.cache_clear)  # its threads stay behind
