"""Reads the command line and answers with an exit code; no failure shows a traceback."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from baton_client.client import Baton
from baton_client.command import verbs
from baton_client.command.terminal import Notes, note
from baton_client.command.verbs import Exit, Usage
from baton_client.errors import BatonError

ENDS = """\
BATON_URL is the server's address, BATON_KEY your key.

exit codes: 0 done, and the run succeeded where it was waited for; 1 the run ended otherwise; 2 wrong use; 3 with --unattended:
the run waits for a person; 4 the server refused, could not be reached or the time was over; 130 interrupted (the run goes on)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """What the command does, as an exit code."""
    args = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    log = logging.getLogger("baton_client")
    log.setLevel(logging.INFO)
    log.addHandler(Notes())
    try:
        baton = Baton(args.url)
    except BatonError as problem:
        note(str(problem))
        return Exit.USAGE
    try:
        with baton:
            code: int = args.do(baton, args)
            return code
    except Usage as problem:
        note(str(problem))
        return Exit.USAGE
    except BatonError as problem:
        note(f"{problem} ({problem.code})")
        return Exit.REFUSED
    except KeyboardInterrupt:
        note("interrupted; a run that was started goes on")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone. What is still buffered must not fail when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.REFUSED


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        "baton", description="Scripts Baton's runs.", epilog=ENDS, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    top.add_argument("--url", default="", help="instead of BATON_URL")
    words = top.add_subparsers(required=True, metavar="WORD")

    def word(name: str, says: str, do: object) -> argparse.ArgumentParser:
        made = words.add_parser(name, help=says, description=says, allow_abbrev=False)
        made.set_defaults(do=do)
        return made

    _as_json(word("graphs", "list the graphs", verbs.graphs))
    _add_start(word("start", "start a run and print its id", verbs.start))
    following = word("follow", "print what happens in a run until it has ended, then its status", verbs.follow)
    following.add_argument("run", metavar="RUN")
    following.add_argument("--after", type=_count, default=0, metavar="N", help="only events after number N")
    _unattended(_as_json(following))
    _as_json(word("approvals", "list the open questions, each with the command that answers it", verbs.approvals))
    _add_answer(word("answer", "answer a question of a run", verbs.answer))
    for name, do in {"pause": verbs.pause, "resume": verbs.resume, "cancel": verbs.cancel}.items():
        command = word(name, f"{name} a run", do)
        command.add_argument("run", metavar="RUN")
        command.add_argument("--comment", default="")
    telling = word("tell", "say something to an agent at work", verbs.tell)
    telling.add_argument("run", metavar="RUN")
    telling.add_argument("to", metavar="STEP", help="the path of its step, as `follow` shows it, such as help#1")
    telling.add_argument("text", metavar="TEXT")
    exporting = word("export", "print a list in a run's output as CSV, or its log as lines of JSON", verbs.export)
    exporting.add_argument("run", metavar="RUN")
    exporting.add_argument("--path", default="", help="where the list is in the output: names and positions with dots between")
    exporting.add_argument("--format", choices=["csv", "jsonl"], default="csv", help="jsonl: the events")
    return top


def _add_start(made: argparse.ArgumentParser) -> None:
    made.add_argument("graph", metavar="GRAPH", help="its slug")
    made.add_argument("--input", default="", metavar="JSON", help="as text, @FILE, or - for the standard input")
    made.add_argument(
        "--file", action="append", default=[], metavar="[FIELD=]PATH", help="send a file and put it into that field of the input, or be it"
    )
    version = made.add_mutually_exclusive_group()
    version.add_argument("--version", type=_count, metavar="N", help="instead of the latest version")
    version.add_argument("--draft", action="store_true", help="what is being drawn, instead of a version")
    made.add_argument("--idempotency-key", metavar="KEY", help="the same key starts the same run once")
    then = made.add_mutually_exclusive_group()
    then.add_argument("--follow", action="store_true", help="print what happens, as `follow` does")
    then.add_argument("--wait", action="store_true", help="print the output when it has ended")
    made.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="with --wait: give up waiting; the run goes on")
    _unattended(_as_json(made))


def _add_answer(made: argparse.ArgumentParser) -> None:
    made.add_argument("run", metavar="RUN")
    made.add_argument("path", metavar="PATH", help="of the question, as `approvals` shows it")
    made.add_argument("action", metavar="ACTION", help="such as approve")
    made.add_argument("--value", default="", metavar="JSON", help="as text, @FILE, or - for the standard input")
    made.add_argument("--comment", default="")
    made.add_argument("--digest", default="", help="answer only the very question that had this digest")


def _as_json(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    made.add_argument("--json", action="store_true", help="as JSON, one value on a line")
    return made


def _unattended(made: argparse.ArgumentParser) -> None:
    made.add_argument("--unattended", action="store_true", help="end with 3 where the run waits for a person")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds
