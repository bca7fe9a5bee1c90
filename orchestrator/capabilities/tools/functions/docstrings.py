"""What a function's docstring tells a model: what the function does, and what each argument means."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from docstring_parser import ParseError, parse


@dataclass(frozen=True, slots=True)
class Described:
    """`arguments`: what is said of each, by its name. Of types nothing is kept: the hints say what they are."""

    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)


def described(function: Callable[..., object]) -> Described:
    """Reads the styles of Google, NumPy and Sphinx. A docstring that describes no argument is taken as it stands."""
    text = inspect.cleandoc(function.__doc__ or "")
    try:
        parsed = parse(text)
    except ParseError:
        return Described(text)
    arguments = {part.arg_name: " ".join(part.description.split()) for part in parsed.params if part.description}
    return Described((parsed.description or "").strip(), arguments) if arguments else Described(text)
