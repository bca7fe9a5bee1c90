"""The arguments of a function: as a JSON Schema for models, and as the types that its hints name."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from orchestrator.engine.ids import Json

_CONFIG: Final = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class BadSignature(TypeError):
    """A function's arguments cannot be described to a model."""


class WrongArguments(ValueError):
    """Arguments do not become what the hints of a function say; the text names each and why."""


@dataclass(frozen=True)
class Arguments:
    """`context` names the argument that takes what a call may use; empty when the function has none."""

    model: type[BaseModel]
    names: Mapping[str, str]
    """Of the arguments, by their fields of the model."""
    context: str

    def schema(self) -> dict[str, Json]:
        """Raises BadSignature for a type that JSON has no form of."""
        try:
            drawn: dict[str, Any] = self.model.model_json_schema()
        except PydanticUserError as error:
            raise BadSignature(f"JSON has no form of an argument: {error.message}") from None
        drawn.pop("title", None)
        drawn.pop("description", None)
        for part in drawn.setdefault("properties", {}).values():
            part.pop("title", None)
        return drawn

    def typed(self, given: Mapping[str, Json]) -> dict[str, object]:
        """What the function is called with. `given` fits the schema. Raises WrongArguments."""
        try:
            made = self.model.model_validate(given)
        except ValidationError as error:
            told = (f"{'/'.join(map(str, one['loc'])) or '/'}: {one['msg']}" for one in error.errors(include_url=False)[:5])
            raise WrongArguments("; ".join(told)) from None
        return {name: getattr(made, field) for field, name in self.names.items()}


def arguments_of(function: Callable[..., object], context_type: type, said: Mapping[str, str]) -> Arguments:
    """`said`: what the docstring says of each argument. Raises BadSignature."""
    hints = _hints(function)
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    context = ""
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in _BY_NAME:
            raise BadSignature(f"Argument {str(parameter)!r} of {function.__qualname__} cannot be given by its name. Name each argument.")
        if name not in hints:
            raise BadSignature(f"Argument {name!r} of {function.__qualname__} has no type hint. Write one, such as {name}: str.")
        if hints[name] is context_type:
            context = name
            continue
        field = f"argument{len(names)}"  # whatever the argument is called, a field may be called so
        names[field] = name
        fields[field] = (hints[name], _field(name, parameter, hints[name], said.get(name)))
    try:
        model = create_model("Arguments", __config__=_CONFIG, **fields)
    except PydanticUserError as error:
        raise BadSignature(f"An argument of {function.__qualname__} has a type that cannot be checked: {error.message}") from None
    return Arguments(model, names, context)


def _hints(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise BadSignature(f"A type hint of {function.__qualname__} cannot be read: {error}") from None


def _field(name: str, parameter: inspect.Parameter, hint: object, said: str | None) -> FieldInfo:
    default: Any = ... if parameter.default is inspect.Parameter.empty else parameter.default
    if said and not _describes_itself(hint):
        return Field(default, alias=name, description=said)  # type: ignore[no-any-return]
    return Field(default, alias=name)  # type: ignore[no-any-return]


def _describes_itself(hint: object) -> bool:
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return any(isinstance(mark, FieldInfo) and mark.description for mark in marks)
