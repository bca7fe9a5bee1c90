"""How often a tenant calls a tool is counted for all workers together, in Redis."""

import asyncio
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from runs.tools import rates
from runs.tools.rates import TenantRates
from tests.faults.programs import ROOT
from tests.faults.servers import environment_of
from tests.runs.services import Valkey

WORKER = """
import asyncio, sys
from runs.tools.rates import TenantRates
async def main():
    own = TenantRates(sys.argv[1], sys.argv[2])
    print([await own.take("tool", 10) for _ in range(8)].count(0.0))
asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis was not found to be away by an earlier test."""
    monkeypatch.setattr(rates, "_away_until", 0.0)


def test_two_workers_together_keep_the_rate_of_a_tenant_and_another_tenant_has_its_own(valkey: Valkey, tmp_path: Path) -> None:
    environment = environment_of(database=f"sqlite:///{tmp_path}/none.sqlite3", redis=valkey.url, folder=tmp_path)
    one, other = str(uuid4()), str(uuid4())

    def worker(tenant: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", WORKER, tenant, valkey.url]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    begun = [worker(one), worker(one), worker(other)]
    made = [int(process.communicate(timeout=60)[0]) for process in begun]
    assert made[0] + made[1] == 10 and made[2] == 8


async def test_refused_call_is_told_how_long_it_waits(valkey: Valkey) -> None:
    own = TenantRates(str(uuid4()), valkey.url)
    assert [await own.take("x", 2), await own.take("x", 2), await own.take("y", 1)] == [0.0, 0.0, 0.0]
    assert 55 < await own.take("x", 2) <= 60
    await rates._client(valkey.url).aclose()


async def test_while_redis_is_away_this_worker_counts_and_nobody_waits_for_it(tmp_path: Path) -> None:
    own = TenantRates(str(uuid4()), f"unix://{tmp_path}/nowhere.sock")
    async with asyncio.timeout(3):
        assert [await own.take("x", 2) > 0 for _ in range(3)] == [False, False, True]
