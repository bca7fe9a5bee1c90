"""How it is said that a call failed, so that a model, or a person, can go on from there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson
from orchestrator.engine.unforeseen import in_words

MOST_OUTPUT_BYTES: Final = 256 * 1024


@contextmanager
def telling(spec: ToolSpec) -> Iterator[None]:
    """Whatever is raised inside becomes a ToolError, with what was raised as its cause."""
    try:
        yield
    except EgressRefused as error:
        raise ToolError(f"{spec.name} may not do this: {error.message}", code=ErrorCode.REFUSED, cure=error.cure) from error
    except EgressFailed as error:
        failed = ErrorCode.TIMEOUT if error.kind == "timeout" else ErrorCode.TOOL_FAILED
        code = _code(spec, failed, may_have_acted=error.sent)
        raise ToolError(f"{spec.name} failed: {error.message}", code=code, cure=error.cure, retryable=error.kind != "too_large") from error
    except NotJson as error:
        raise ToolError(
            f"{spec.name} gave something that cannot be handed on: {error}",
            code=_code(spec, ErrorCode.INVALID_OUTPUT, may_have_acted=True),
            cure="Whoever wrote the tool lets it give text, numbers, lists, objects, data classes or pydantic models.",
        ) from error
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"{spec.name} failed: {in_words(error)}", cure="Try other arguments, or work without this tool.") from error


def too_long(spec: ToolSpec, limit_s: float, *, begun: bool) -> ToolError:
    """`begun` is false for a call that waited for a thread until its time was up."""
    if not begun:
        return ToolError(
            f"{spec.name} could not begin within {limit_s:g} s: this workspace's other calls have all of its threads",
            code=ErrorCode.TIMEOUT,
            cure="Try again when they have ended.",
            retryable=True,
        )
    code = _code(spec, ErrorCode.TIMEOUT, may_have_acted=True)
    return ToolError(f"{spec.name} did not finish within {limit_s:g} s", code=code, cure="Ask for less, or try again later.")


def capped(result: Json, spec: ToolSpec) -> Json:
    """The result, unless it is too large."""
    size = len(json.dumps(result, ensure_ascii=False).encode("utf-8", "replace"))
    if size > MOST_OUTPUT_BYTES:
        raise ToolError(
            f"The answer of {spec.name} has {size} bytes; {MOST_OUTPUT_BYTES} are allowed",
            code=_code(spec, ErrorCode.TOOL_FAILED, may_have_acted=True),
            cure="Ask for less: narrow the query, lower the limit, or fetch one page.",
        )
    return result


def _code(spec: ToolSpec, code: ErrorCode, *, may_have_acted: bool) -> ErrorCode:
    """An unsafe tool that may have acted before it failed leaves an unknown outcome: a person is asked before it is called again."""
    return ErrorCode.OUTCOME_UNKNOWN if may_have_acted and spec.safety is Safety.UNSAFE else code
