"""What evaluating processes are asked to do in tests."""

import os
import resource
import sys
import time

from orchestrator.engine.ids import Json


def same(value: Json) -> Json:
    return value


def process_id() -> Json:
    return os.getpid()


def surroundings() -> Json:
    return {"environment": list(os.environ), "modules": sorted({name.partition(".")[0] for name in sys.modules})}


def limits() -> Json:
    return list(resource.getrlimit(resource.RLIMIT_AS))


def cores() -> Json:
    return sorted(os.sched_getaffinity(0))


def raises(text: str) -> Json:
    raise ValueError(text)


def spins(_: Json) -> Json:
    while True:
        pass


def sleeps(seconds: float) -> Json:
    time.sleep(seconds)
    return None


def grows(_: Json) -> Json:
    return len([bytearray(10_000_000) for _ in range(1000)])


def aborts(_: Json) -> Json:
    os.abort()


def gives(size: int) -> Json:
    return "x" * size


def leaves(code: int) -> Json:
    os._exit(code)


def prints(_: Json) -> Json:
    sys.stdout.write("in between")
    sys.stdout.flush()
    return "printed"


_KEPT: list[bytearray] = []


def keeps(megabytes: int) -> Json:
    _KEPT.append(bytearray(b"x") * (megabytes << 20))
    return os.getpid()
