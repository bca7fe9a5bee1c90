"""Which tools to call, with which arguments."""

from typing import Any

from orchestrator.capabilities.language_models.demo.finding import amount, number, text_value
from orchestrator.capabilities.language_models.demo.labels import choose
from orchestrator.capabilities.language_models.demo.situation import Situation, key
from orchestrator.capabilities.language_models.demo.terms import keywords, terms
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json

_EMPTY_WORDS = terms("tool call use used returns return value name data given text string number with one any file files")
THOUGHT = "thought"
"""What tools ask for where an agent thinks aloud."""
_MOST = 4
"""Tools of one turn."""


def wishes(tools: tuple[ToolSpec, ...], where: Situation) -> list[tuple[ToolSpec, dict[str, Json]]]:
    """The tools that bear on the task, that were not called yet, and whose arguments the text supplies."""
    chosen = []
    for tool in tools:
        if tool.name in where.called or not bears_on(tool, where):
            continue
        thinks = THOUGHT in tool.parameters.get("properties", {})  # type: ignore[operator]
        arguments = filled(_without_thought(tool.parameters) if thinks else tool.parameters, where)
        if arguments is not None:
            chosen.append((tool, {THOUGHT: reason(tool, where), **arguments} if thinks else arguments))
    return chosen[:_MOST]


def reason(tool: ToolSpec, where: Situation) -> str:
    """Why this tool is used, in the words that decided it."""
    shared = sorted(terms(f"{tool.name.replace('_', ' ')} {tool.title} {tool.description}") & terms(f"{where.instructions}\n{where.task}"))
    named = f"Instructions or task speak of {', '.join(shared[:6])}. " if shared else ""
    return f"{named}{tool.name} was not used yet, and the text has all that it needs."


def _without_thought(parameters: dict[str, Any]) -> dict[str, Any]:
    properties = {name: schema for name, schema in parameters["properties"].items() if name != THOUGHT}
    return {**parameters, "properties": properties, "required": [name for name in parameters.get("required", ()) if name != THOUGHT]}


def bears_on(tool: ToolSpec, where: Situation) -> bool:
    """Whether instructions or task name the tool, or share a meaningful term with what it is for."""
    spoken = f"{where.instructions}\n{where.task}".lower()
    if tool.name.lower() in spoken or tool.name.replace("_", " ").lower() in spoken:
        return True
    about = terms(f"{tool.name.replace('_', ' ')} {tool.title} {tool.description}") - _EMPTY_WORDS
    properties = tool.parameters.get("properties")
    if isinstance(properties, dict) and any("expression" in key(name) for name in properties):
        return True
    return len(about & terms(spoken)) >= 2


def filled(parameters: dict[str, Any], where: Situation) -> dict[str, Json] | None:
    """Arguments found in the text; None when a required one is not there."""
    properties: dict[str, Any] = parameters.get("properties", {})
    required = set(parameters.get("required", ()))
    definitions = parameters.get("$defs", {})
    arguments: dict[str, Json] = {}
    for name, schema in properties.items():
        if "$ref" in schema:
            schema = definitions.get(schema["$ref"].rsplit("/", 1)[-1], {}) | schema
        value = _argument(name, schema, where, arguments, needed=name in required)
        if value is not None:
            arguments[name] = value
        elif name in required:
            return None
    return arguments


def _argument(name: str, schema: dict[str, Any], where: Situation, others: dict[str, Json], *, needed: bool) -> Json:
    if schema.get("enum"):
        return _option([str(one) for one in schema["enum"]], schema, where) if needed or "default" not in schema else None
    kind = schema.get("type", "string")
    known = where.facts.get(key(name))
    if kind in ("number", "integer"):
        return _numeric(known, schema, where, whole=kind == "integer") if needed or known else None
    if kind == "boolean":
        return (known or "").lower() in {"true", "yes", "1"} if needed or known else None
    if kind == "array":
        return list(keywords(where.task, 6)) if needed else None
    if kind == "object":
        return dict(where.facts) if needed else None
    if not needed and "default" in schema and known is None:
        return None
    found = text_value(name, str(schema.get("description", "")), where)
    if found is None and needed:
        found = next((where.facts[key(str(other))] for other in others.values() if key(str(other)) in where.facts), None)
    return found


def _option(options: list[str], schema: dict[str, Any], where: Situation) -> str | None:
    """The option that instructions name and the task has a value for; else the one that fits best."""
    spoken = where.instructions.lower()
    valued = [option for option in options if key(option) in where.facts]
    named = [option for option in (valued or options) if option.lower() in spoken or option.replace("_", " ").lower() in spoken]
    if valued:
        return min(named, key=lambda option: spoken.find(option.lower()) % (len(spoken) + 1)) if named else valued[0]
    if len(options) == 1:
        return options[0]
    said = [option for option in options if option and option.lower() in where.task.lower()]
    if said and not valued:
        return min(said, key=lambda option: (where.task.lower().find(option.lower()), -len(option)))
    made = choose(options, f"{where.task}\n{where.instructions}", str(schema.get("description", "")))
    return made.label if made.matched or not named else named[0]


def _numeric(known: str | None, schema: dict[str, Any], where: Situation, *, whole: bool) -> float | int | None:
    try:
        value = float(known) if known else None
    except ValueError:
        value = None
    if value is None:
        value = amount(where.task)
    if value is None:
        value = number(where.task)
    if value is None:
        return None
    value = max(schema.get("minimum", value), min(schema.get("maximum", value), value))
    return int(value) if whole else value
