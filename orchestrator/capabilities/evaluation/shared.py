"""The one pool of a process."""

import atexit
import os
from functools import lru_cache

from orchestrator.capabilities.evaluation.evaluator import PooledEvaluator
from orchestrator.capabilities.evaluation.pool import Pool


@lru_cache(maxsize=1)
def shared_pool() -> Pool:
    """No process is started before there is work."""
    pool = Pool()
    atexit.register(pool.end)
    return pool


def evaluator_for(owner: str = "") -> PooledEvaluator:
    return PooledEvaluator(shared_pool(), owner)


os.register_at_fork(after_in_child=shared_pool.cache_clear)  # its threads stay behind
