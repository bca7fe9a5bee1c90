"""Random graphs whose outcome depends on nothing but themselves, whatever goes wrong in them and around them.

They branch and join (all, any, n of m), loop and loop in loops, map and map in maps; they ask models,
people and tools; agents look at files, remember and recall; tools fail, are tried again, are refused, need an approval, run out
of time, or cannot say whether they acted. What a node makes of its inputs never depends on the order in which they came.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from tests.graphs import edge, graph, node, path

SAFE = ("note",)
FAILING = ("broken", "flaky", "slow", "denied", "mute")
"""Fails always; fails in first attempts; does not come back in first attempts; is refused; cannot say whether it acted."""
UNSAFE = ("pay", "mute")
TOOLS = (*SAFE, *FAILING, "pay", "approved")

Draft = dict[str, Any]
STRATEGIES: dict[str, Draft] = {
    "helper": {"type": "direct"},
    "thinker": {"type": "react"},
    "planner": {"type": "plan_and_execute", "max_steps": 3},
    "searcher": {"type": "tree_of_thoughts", "depth": 2, "breadth": 2, "thoughts": 2},
    "climber": {"type": "tree_of_thoughts", "search": "depth_first", "depth": 2, "breadth": 1, "thoughts": 2, "evaluate": "vote"},
    "critic": {"type": "reflection", "max_rounds": 2},
}
AGENTS: dict[str, Draft] = {
    name: {
        "name": name.title(),
        "model": "scripted",
        "tools": ["note", "pay", "broken"],
        "strategy": strategy,
        "limits": {"max_repairs": 10},
    }
    for name, strategy in STRATEGIES.items()
}
NOTHING = {"min_score": 1.0}
"""What nothing is alike enough for: what agents kept just now depends on the order in which they did."""
MINDFUL: dict[str, Draft] = {
    "reader": {"long_term": {"on": True, "space": "lore", "write": "none"}, "short_term": {"keep": "messages", "messages": 2}},
    "diarist": {
        "long_term": {"on": True, "space": "diary", "write": "answer", "retrieval": NOTHING},
        "episodes": {"on": True, "retrieval": NOTHING},
    },
    "noter": {
        "long_term": {"on": True, "space": "notes", "retrieval": NOTHING},
        "short_term": {"keep": "tokens", "tokens": 800, "overflow": "summarise"},
    },
}
"""What agents remember. Only `lore` is found again; it is there from the beginning."""
AGENTS |= {
    name: {**AGENTS["helper"], "name": name.title(), "memory": memory, "limits": {"max_repairs": 10}} for name, memory in MINDFUL.items()
}
DRAWN = [*STRATEGIES, *MINDFUL, *MINDFUL]
"""Those with a memory as often as those without."""
HANDLED = st.sampled_from([{"on_error": "port"}, {"on_error": "default", "default_output": 0}])
PICTURE, SONG = (
    f"{{'type': 'file', 'digest': '{sign * 64}', 'media_type': '{kind}', 'name': 'file', 'size': 90000}}"
    for sign, kind in (("a", "image/png"), ("b", "audio/mpeg"))
)
TWICE = {"retry": {"attempts": 2, "initial_s": 0}}


@dataclass
class Drawing:
    """What has been drawn so far. `exits` are the ports from which values go on, as `node` or `node.port`."""

    nodes: list[Draft] = field(default_factory=list)
    edges: list[Draft] = field(default_factory=list)
    exits: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, kind: str, params: Draft | None = None, **rest: Any) -> None:
        self.nodes.append(node(name, kind, params, **rest))
        self.exits[name] = [name]


@st.composite
def executable_graphs(draw: st.DrawFn, largest: int = 6, unhandled: bool = False) -> Graph:
    """`unhandled`: a failure may end the run, at a moment that depends on timing."""
    drawing = Drawing()
    drawing.add("start", "input")
    names = ["start"]
    for index in range(draw(st.integers(1, largest))):
        name = f"n{index}"
        _step(draw, drawing, name, None, 0, unhandled)
        sources = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        for source in sources:
            for exit_ in drawing.exits[source]:
                condition = draw(_CONDITIONS) if source != "start" and "." not in exit_ else {}
                drawing.edges.append(edge(exit_, _entrance(drawing, name), **_joinable(drawing, source, condition)))
        names.append(name)
    drawing.nodes += [node("all", "join", {"reducer": "list"}), node("end", "output", {"value": "size(input)"})]
    drawing.edges += [edge(exit_, "all") for name in names for exit_ in drawing.exits[name]] + [edge("all", "end")]
    for entry in drawing.nodes:
        if entry.get("firing", {}).get("rule") == "n_of":
            arriving = sum(line["target"] == entry["id"] for line in drawing.edges)
            entry["firing"]["count"] = min(entry["firing"]["count"], arriving)
    return graph(drawing.nodes, drawing.edges, agents=AGENTS, channels={"sum": {"reducer": "sum", "initial": 0}})


@st.composite
def failing_items(draw: st.DrawFn) -> Graph:
    """A map whose items do several things side by side, of which any may fail."""
    drawing = Drawing()
    policy = draw(st.sampled_from(["skip", "record"]))
    drawing.add("start", "input")
    drawing.add("m", "map", {"items": "[0, 1, 2]", "concurrency": draw(st.integers(1, 3)), "on_item_error": policy})
    for letter in "abcd"[: draw(st.integers(1, 4))]:
        line = [f"{letter}{index}" for index in range(draw(st.integers(1, 3)))]
        for name in line:
            tool = draw(st.sampled_from([*SAFE, *FAILING, "pay"]))
            rest: Draft = {"timeout_s": 0.01} if tool == "slow" else {}
            arguments = {"text": draw(st.sampled_from(["x", "{{ index }}", "{{ 1 / index }}"]))}
            drawing.add(name, "tool", {"tool": tool, "arguments": arguments}, parent="m", **rest)
        drawing.edges += [edge("m.item", line[0]), *path(*line), edge(line[-1], "m.result")]
    drawing.add("end", "output", {"value": "size(input)"})
    drawing.edges += path("start", "m", "end")
    return graph(drawing.nodes, drawing.edges)


_CONDITIONS: st.SearchStrategy[Draft] = st.sampled_from([{}, {}, {}, {"condition": "true"}, {"condition": "false"}])


def _entrance(drawing: Drawing, name: str) -> str:
    return f"{name}o" if any(entry["id"] == f"{name}o" for entry in drawing.nodes) else name


def _joinable(drawing: Drawing, source: str, condition: Draft) -> Draft:
    """What leaves a loop leaves once: by the edge that is taken when the loop is over."""
    loops = any(entry["source"] == source and entry["target"] == source for entry in drawing.edges)
    return {"otherwise": True} if loops else condition


def _step(draw: st.DrawFn, drawing: Drawing, name: str, parent: str | None, depth: int, unhandled: bool) -> None:
    """Draw one node, with what belongs to it, into the body of `parent`."""
    kinds = ["transform", "tool", "tool", "tool", "agent", "agent", "human", "wait"]
    kinds += ["map"] if depth < 2 else []
    kinds += ["any", "n_of", "loop", "loops"] if parent is None else []
    kind = draw(st.sampled_from(kinds))
    rest: Draft = {} if parent is None else {"parent": parent}
    if parent is None and draw(st.booleans()):
        rest["writes"] = {"sum": "1"}
    if kind in ("transform", "wait"):
        drawing.add(name, kind, _PARAMS[kind], **rest)
    elif kind == "agent":
        files = draw(st.sampled_from(["", "", PICTURE, f"[{PICTURE}, {SONG}]"]))
        drawing.add(name, "agent", {"agent": draw(st.sampled_from(DRAWN)), "prompt": "do it", "attachments": files}, **rest)
    elif kind == "human":
        drawing.add(name, "human", {"payload": "1"}, **rest)
        drawing.exits[name] = [f"{name}.approve"]
    elif kind == "tool":
        _tool(draw, drawing, name, parent, unhandled, rest)
    elif kind == "map":
        _map(draw, drawing, name, depth, unhandled, rest)
    elif kind in ("any", "n_of"):
        firing = {"rule": kind, "count": draw(st.integers(1, 2))} if kind == "n_of" else {"rule": kind}
        drawing.add(name, "transform", {"expression": "1"}, firing=firing, **rest)
    elif kind == "loop":
        drawing.add(name, "transform", {"expression": "1"}, **rest)
        drawing.edges.append(edge(name, name, condition="true", max_iterations=draw(st.integers(1, 3))))
    else:
        _loops(draw, drawing, name, rest)


_PARAMS: dict[str, Draft] = {
    "transform": {"expression": "size(inputs)"},
    "wait": {"seconds": 0.0001},
}


def _tool(draw: st.DrawFn, drawing: Drawing, name: str, parent: str | None, unhandled: bool, rest: Draft) -> None:
    tool = draw(st.sampled_from(TOOLS))
    if tool == "slow":
        rest["timeout_s"] = 0.01
    if draw(st.booleans()):
        rest |= TWICE
    may_fail = tool in FAILING
    if may_fail and not (unhandled or (parent is not None and draw(st.booleans()))):
        rest |= draw(HANDLED)
    drawing.add(name, "tool", {"tool": tool, "arguments": {"text": "x"}}, **rest)
    if rest.get("on_error") == "port":
        drawing.exits[name] = [name, f"{name}.error"]


def _map(draw: st.DrawFn, drawing: Drawing, name: str, depth: int, unhandled: bool, rest: Draft) -> None:
    items = ", ".join(str(index) for index in range(draw(st.integers(0, 3))))
    policy = draw(st.sampled_from(["skip", "record"] + (["fail"] if unhandled else [])))
    params = {"items": f"[{items}]", "concurrency": draw(st.integers(1, 3)), "on_item_error": policy}
    if draw(st.booleans()):
        rest |= {"timeout_s": 20.0}
    drawing.add(name, "map", params, **rest)
    inner = [f"{name}{letter}" for letter in "ab"[: draw(st.integers(1, 2))]]
    in_a_row = draw(st.booleans())
    for index, each in enumerate(inner):
        _step(draw, drawing, each, name, depth + 1, unhandled)
        sources = drawing.exits[inner[index - 1]] if in_a_row and index else [f"{name}.item"]
        drawing.edges += [edge(source, each) for source in sources]
        drawing.edges += [edge(exit_, f"{name}.result") for exit_ in drawing.exits[each]]


def _loops(draw: st.DrawFn, drawing: Drawing, name: str, rest: Draft) -> None:
    """A loop in a loop: the inner one is gone through anew in each round of the outer one."""
    inner, outer = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    drawing.nodes += [node(f"{name}o", "transform", {"expression": "1"}), node(f"{name}i", "transform", {"expression": "1"})]
    drawing.add(name, "transform", {"expression": "1"}, **rest)
    drawing.edges += [
        edge(f"{name}o", f"{name}i"),
        edge(f"{name}i", f"{name}i", condition="true", max_iterations=inner),
        edge(f"{name}i", f"{name}a", otherwise=True),
        edge(f"{name}a", f"{name}o", condition="true", max_iterations=outer),
        edge(f"{name}a", name, otherwise=True),
    ]
    drawing.nodes.append(node(f"{name}a", "transform", {"expression": "1"}))
