"""What all tests share: real servers, and the rule that nothing is skipped where everything must run."""

import os
import sys
from collections.abc import Generator

import pytest

from tests.quirks_table import write_table
from tests.runs.fixtures import (
    broker,
    database,
    database_templates,
    installation,
    postgres,
    providers,
    resources,
    service_folder,
    valkey,
    worker,
)

__all__ = [
    "broker",
    "database",
    "database_templates",
    "installation",
    "postgres",
    "providers",
    "resources",
    "service_folder",
    "valkey",
    "worker",
]

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"

# Hypothesis offers each failing example as a patch, through libcst, which reads every attribute of its classes; the one
# that zope.interface gave to ABC cannot be read, and the whole run ended there instead of telling the failure.
sys.modules["hypothesis.extra._patching"] = None  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With REQUIRE_ALL=1 a skipped test is a failed one."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and REQUIRE_ALL=1 forbids that: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_table(terminalreporter)
