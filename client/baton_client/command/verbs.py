"""What `baton` does, one function for each word. Each returns the exit code."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

from baton_client.client import Baton
from baton_client.command.lines import approval_lines, end_line, event_line
from baton_client.command.terminal import note, plain, say, say_json
from baton_client.errors import BatonError
from baton_client.json_values import Json
from baton_client.rows import Approval, Result


class Exit(IntEnum):
    DONE = 0
    ENDED_OTHERWISE = 1
    USAGE = 2
    WAITS_FOR_PERSON = 3
    REFUSED = 4
    INTERRUPTED = 130


class Usage(Exception):
    """What was typed cannot be meant; the text says why."""


def graphs(baton: Baton, args: Namespace) -> int:
    for graph in baton.graphs():
        version = "draft only" if graph.latest_version is None else f"version {graph.latest_version}"
        say_json(graph.raw) if args.json else say(f"{plain(graph.slug):<32}  {version:<12}  {plain(graph.title)}")
    return Exit.DONE


def start(baton: Baton, args: Namespace) -> int:
    run_input = with_files(baton, json_of(args.input, "--input"), args.file)
    run = baton.start(args.graph, run_input, version=args.version, draft=args.draft, idempotency_key=args.idempotency_key)
    if args.follow:
        note(f"run {run.id}")
        return _follow(baton, run.id, 0, args)
    if not args.wait:
        say_json(run.raw) if args.json else say(run.id)
        return Exit.DONE
    note(f"run {run.id}")
    result = baton.wait(run.id, args.timeout, unattended=args.unattended)
    if result.succeeded:
        _say_value(result.output, args.json)
    return _end(result)


def follow(baton: Baton, args: Namespace) -> int:
    return _follow(baton, args.run, args.after, args)


def approvals(baton: Baton, args: Namespace) -> int:
    for approval in baton.approvals():
        say_json(approval.raw) if args.json else say("\n".join(approval_lines(approval)))
    return Exit.DONE


def answer(baton: Baton, args: Namespace) -> int:
    value = json_of(args.value, "--value")
    digest = args.digest or _asked_at(baton, args.run, args.path).digest
    baton.answer(args.run, args.path, args.action, value, args.comment, digest=digest)
    return Exit.DONE


def cancel(baton: Baton, args: Namespace) -> int:
    baton.cancel(args.run, args.comment)
    return Exit.DONE


def pause(baton: Baton, args: Namespace) -> int:
    baton.pause(args.run, args.comment)
    return Exit.DONE


def resume(baton: Baton, args: Namespace) -> int:
    baton.resume(args.run, args.comment)
    return Exit.DONE


def tell(baton: Baton, args: Namespace) -> int:
    baton.tell(args.run, args.to, args.text)
    return Exit.DONE


def export(baton: Baton, args: Namespace) -> int:
    """The table as the server gives it, with its line ends and in UTF-8 whatever the terminal has; or the log."""
    if args.format == "csv":
        sys.stdout.buffer.write(baton.export(args.run, args.path).encode())
        sys.stdout.flush()
        return Exit.DONE
    if args.path:
        raise Usage("--path belongs to --format csv")
    for event in baton.events(args.run, follow=False):
        say_json(event.data)
    return Exit.DONE


def json_of(text: str, option: str) -> Json:
    """JSON as typed, of `@file`, or of the standard input for `-`. Empty: null. Raises Usage."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        value: Json = json.loads(text) if text else None
    except OSError as trouble:
        raise Usage(f"{option}: {text[1:]} cannot be read: {trouble.strerror}") from None
    except (ValueError, RecursionError):
        raise Usage(f"{option} is not JSON; a text needs its quotes: '\"hello\"'") from None
    return value


def with_files(baton: Baton, run_input: Json, given: Sequence[str]) -> Json:
    """The input with the files that were typed as FIELD=PATH; a field that is named several times becomes a list. Raises Usage."""
    if not given:
        return run_input
    named = [text.partition("=") for text in given]
    alone = [text for text, equals, _ in named if not equals]
    if alone and (len(given) > 1 or run_input is not None):
        raise Usage("--file without a field is the whole input; name the field: --file photo=cat.png")
    if alone:
        return baton.upload(alone[0])
    if not isinstance(run_input, dict | None):
        raise Usage("--file puts files into fields; --input is no object")
    fields: dict[str, list[Json]] = {}
    for field, _, path in named:
        fields.setdefault(field, []).append(baton.upload(path))
    return {**(run_input or {}), **{field: files[0] if len(files) == 1 else files for field, files in fields.items()}}


def _follow(baton: Baton, run_id: str, after: int, args: Namespace) -> int:
    for event in baton.events(run_id, after, unattended=args.unattended):
        say_json(event.data) if args.json else say(event_line(event))
    result = baton.run(run_id).result
    if not args.json:
        say(end_line(result))
    return _end(result)


def _end(result: Result) -> int:
    if result.succeeded:
        return Exit.DONE
    if result.status != "waiting":
        note(f"the run {end_line(result)} {result.error.cure if result.error else ''}")
        return Exit.ENDED_OTHERWISE
    note("the run waits for a person; `baton approvals` shows what is asked")
    return Exit.WAITS_FOR_PERSON


def _asked_at(baton: Baton, run_id: str, path: str) -> Approval:
    for approval in baton.approvals():
        if approval.run == run_id.lower() and approval.path == path:
            return approval
    raise BatonError("Nothing waits for an answer of yours there.", code="not_waiting", cure="See `baton approvals`.")


def _say_value(value: Json, as_json: bool) -> None:
    if isinstance(value, str) and not as_json:
        say(value)
    else:
        say_json(value)
