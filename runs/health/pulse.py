"""Pulses: a row per process that says when it last lived, and what in it works."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from runs.models import Pulse

EVERY_S = 2.0
FRESH = timedelta(seconds=15)
"""A process whose pulse is older does not live, or cannot reach the database."""
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part of the product does its work; `report` says what was found."""

    ok: bool
    report: dict[str, Any]


def beat(process: str, kind: Pulse.Kind, build: str, report: dict[str, Any]) -> None:
    """Say that the process lives. Pulses of processes that are long gone are forgotten."""
    Pulse.objects.filter(beat_at__lt=Now() - KEPT).delete()
    Pulse.objects.update_or_create(process=process, defaults={"kind": kind, "build": build, "report": report, "beat_at": Now()})


def stopped(process: str) -> None:
    """The process ends as it was told to: nobody misses it."""
    Pulse.objects.filter(process=process).delete()


def health_of(kind: Pulse.Kind, process: str = "") -> Health:
    """Of one process, or of all of a kind: at least one lives, and everything in those that live works."""
    fresh = Pulse.objects.filter(kind=kind, beat_at__gt=Now() - FRESH)
    if process:
        fresh = fresh.filter(process=process)
    pulses = list(fresh.order_by("process"))
    broken = [f"{pulse.process}: {part}" for pulse in pulses for part, works in pulse.report.items() if works is False]
    report = {"alive": len(pulses), "builds": sorted({pulse.build for pulse in pulses}), "broken": broken}
    return Health(bool(pulses) and not broken, report)
