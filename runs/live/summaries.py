"""A run as lists and clients see it."""

from datetime import datetime
from typing import Any

from runs.models import Run


def summary_of(run: Run) -> dict[str, Any]:
    """Of a run read with `for_lists`."""
    return {
        "id": str(run.pk),
        "status": run.status,
        "graph": {"slug": run.graph.slug, "title": run.graph.title},
        "version": run.graph_version.number,
        "trigger": run.trigger,
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "input_preview": run.input_preview,
        "usage": {
            "calls": run.calls,
            "input_tokens": run.input_tokens,
            "output_tokens": run.output_tokens,
            "cost_nano_usd": run.cost_nano_usd,
        },
        "user": run.created_by.name if run.created_by else "",
        "waiting": run.waiting,  # type: ignore[attr-defined]
        "error": run.error,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
