"""The statement by which a commit goes on with the runs that it still owns, and with no other.

PostgreSQL takes whole columns: one round trip however many runs there are.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from runs.projections.new_rows import stored

_ADVANCE = """
UPDATE runs_run SET last_seq = %s, crashes = crashes * %s, calls = calls + %s, input_tokens = input_tokens + %s,
    output_tokens = output_tokens + %s, cost_nano_usd = cost_nano_usd + %s
WHERE id = %s AND lease_owner = %s AND lease_epoch = %s AND last_seq = %s
"""
_ADVANCE_ALL = """
UPDATE runs_run AS run SET last_seq = new.last_seq, crashes = crashes * kept, calls = run.calls + new.calls,
    input_tokens = run.input_tokens + new.tokens_in, output_tokens = run.output_tokens + new.tokens_out,
    cost_nano_usd = run.cost_nano_usd + new.cost
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::uuid[], %s::text[], %s::int[], %s::bigint[])
    AS new (last_seq, kept, calls, tokens_in, tokens_out, cost, id, owner, epoch, before)
WHERE run.id = new.id AND run.lease_owner = new.owner AND run.lease_epoch = new.epoch AND run.last_seq = new.before
RETURNING run.id
"""


class Advance(NamedTuple):
    """What a batch changes of its run's row, and by which claim. `keep_crashes` is 0 when the run got somewhere."""

    last_seq: int
    keep_crashes: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int
    run_id: UUID
    owner: str
    epoch: int
    before: int


def advance(cursor: CursorWrapper, rows: Sequence[Advance]) -> set[UUID]:
    """Advance the runs that still belong to the claims named: these runs' ids."""
    if connection.vendor == "postgresql":
        cursor.execute(_ADVANCE_ALL, [list(column) for column in zip(*rows, strict=True)])
        return {run_id for (run_id,) in cursor.fetchall()}
    return {row.run_id for row in rows if cursor.execute(_ADVANCE, [stored(value) for value in row]).rowcount == 1}
