"""Which nodes are due: a function of the plan and of what has ended so far.

Each activation has a number that depends on structure only: 1 plus the loop edges
behind it. An incoming edge is *resolved* for a number when it brought a value of that
number, when its source in the same loop passed it by, or when it is closed, that is,
when nothing upstream can ever use it again. Nothing is polled: every edge is touched
once for each thing that happens to it. What leaves a loop is counted in the order of
its rounds, so a value waits while an earlier round may still send one along that way.
"""

from bisect import bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial

from orchestrator.engine.document.graph import Edge, FiringRule
from orchestrator.engine.errors import LoopEnteredAgain
from orchestrator.engine.execution.firing.leaving import Turn, may_still_come
from orchestrator.engine.execution.firing.plan import NodePlan, Plan
from orchestrator.engine.ids import EdgeId, Json, NodeId, PortName
from orchestrator.engine.log.scope_state import Activation, ScopeState
from orchestrator.engine.log.status import NodeStatus


@dataclass(frozen=True, slots=True)
class Fire:
    """Start this activation with these inputs."""

    node: NodeId
    activation: int
    inputs: dict[PortName, Json]


@dataclass(frozen=True, slots=True)
class Skip:
    """This activation can no longer happen."""

    node: NodeId
    activation: int


Move = Fire | Skip


@dataclass(slots=True)
class _Round:
    """What is known of one activation that has not fired: how many edges brought a value,
    how many are resolved by number, and how many of those have closed since."""

    taken: int = 0
    resolved: int = 0
    resolved_and_closed: int = 0


@dataclass(slots=True)
class _Arrivals:
    """Of one edge: the numbers it brought a value for, each with the activation of its source,
    the same numbers in order, and all numbers it is resolved for."""

    taken: dict[int, int] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    resolved: list[int] = field(default_factory=list)

    def take(self, number: int, activation: int) -> None:
        self.taken[number] = activation
        insort(self.numbers, number)

    def latest(self, number: int) -> int | None:
        """The last number up to `number` that brought a value."""
        before = bisect_right(self.numbers, number)
        return self.numbers[before - 1] if before else None


_RoundKey = tuple[NodeId, int, bool]


class Schedule:
    """What is due in one scope. Feed it what ended; it answers with moves."""

    def __init__(self, plan: Plan, scope: ScopeState) -> None:
        self._plan = plan
        self._scope = scope
        self._arrivals: dict[EdgeId, _Arrivals] = defaultdict(_Arrivals)
        self._rounds: dict[_RoundKey, _Round] = {}
        self._rounds_of: dict[NodeId, list[_RoundKey]] = defaultdict(list)
        self._closed_in: dict[tuple[NodeId, bool], int] = defaultdict(int)
        self._fired: set[tuple[NodeId, int]] = set()
        self._ever: set[NodeId] = set()
        self._live = [0] * len(plan.regions)
        self._under_way: list[set[Turn]] = [set() for _ in plan.regions]
        self._held: list[tuple[Edge, int]] = []
        self._entering = [region.entering for region in plan.regions]
        self._settled = [False] * len(plan.regions)
        self._work: deque[Callable[[], None]] = deque()
        self._touched: deque[int] = deque()
        self._moves: list[Move] = []

    def start(self) -> list[Move]:
        """The first moves: nodes that nothing leads to, and those the seeds lead to."""
        for edge in self._plan.seeds:
            self._arrivals[edge.id].take(1, 1)
            self._work.append(partial(self._resolve, edge, 1, True))
            self._work.append(partial(self._close, edge))
        for name, entry in self._plan.nodes.items():
            if not entry.incoming:
                self._fire(entry, (name, 1, False))
        self._touched.extend(range(len(self._plan.regions) - 1, -1, -1))
        return self._drain()

    def ended(self, node: NodeId, activation: int, edges: Collection[EdgeId]) -> list[Move]:
        """What becomes due when an activation ended and took `edges`. Raises LoopEnteredAgain."""
        entry = self._plan.nodes[node]
        self._under_way[entry.region].discard((node, activation))
        self._leave(entry, activation, edges)
        self._live[entry.region] -= 1
        return self._drain()

    def resume(self) -> list[Move]:
        """The moves that are due and not yet recorded, after everything the scope's state holds."""
        moves = self.start()
        ended = [(act.finished_seq, name, number, act) for name, number, act in self._activations() if act.status in _DELIVERED]
        for seq, name, number, activation in sorted(ended, key=lambda row: row[0]):
            moves += self._sent_on_before(seq)
            moves += self.ended(name, number, activation.edges)
        moves += self._sent_on_before(None)
        known = self._scope.activations
        return [move for move in moves if move.activation not in known.get(move.node, {})]

    def times_taken(self, edge: EdgeId, activation: int) -> int:
        """How often a value went back along an edge since its loop was last entered, as its source sees it in this activation.

        Never, along an edge that does not lead back: its limit counts nothing.
        """
        if edge not in self._plan.back:
            return 0
        entered = (self._arrivals[entry].latest(activation) for entry in self._plan.entries[edge])
        since = max((number for number in entered if number is not None), default=0)
        numbers = self._arrivals[edge].numbers
        return bisect_right(numbers, activation) - bisect_right(numbers, since)

    def result(self) -> Json:
        """What the result edges brought: the value of one, or of several a list in edge order."""
        arrived = [(edge, self._arrivals[edge.id].numbers) for edge in self._plan.results]
        values = [self._value(edge, numbers[-1]) for edge, numbers in arrived if numbers]
        return values if len(arrived) > 1 else next(iter(values), None)

    def _activations(self) -> Iterable[tuple[NodeId, int, Activation]]:
        for name, activations in self._scope.activations.items():
            for number, activation in activations.items():
                yield name, number, activation

    def _sent_on_before(self, seq: int | None) -> list[Move]:
        """The moves by what earlier builds sent on as soon as it left its loop, whatever its round.

        The log tells: a node that it leads to had fired before event `seq` (None: ever), as nothing else made it.
        """
        for edge, activation in list(self._held):
            number = len(self._arrivals[edge.id].taken) + 1
            known = self._scope.activations.get(edge.target, {}).get(number)
            if known is None or not known.started_seq or (edge.target, number) in self._fired:
                continue
            if seq is None or known.started_seq < seq:
                self._held.remove((edge, activation))
                self._deliver(edge, activation)
        return self._drain()

    def _drain(self) -> list[Move]:
        while self._work or self._touched or self._held:
            if self._work:
                self._work.popleft()()
            elif self._touched:
                self._settle(self._touched.popleft())
            elif not self._release():
                break
        moves, self._moves = self._moves, []
        return moves

    def _leave(self, entry: NodePlan, activation: int, taken: Collection[EdgeId]) -> None:
        """What an activation that is over brings to the nodes after it."""
        for edge in entry.outgoing:
            target = self._plan.nodes.get(edge.target)
            if target is None or not target.follows:
                self._pass(edge, activation, edge.id in taken)
            elif edge.id in taken:
                self._arrivals[edge.id].take(1, activation)
                self._entering[target.region] = 0
                self._fire(target, (edge.target, 1, False))
            else:
                self._entering[target.region] = 0
                self._work.append(partial(self._skip, target, 1))
        if entry.settles:
            self._touched.append(entry.region)

    def _pass(self, edge: Edge, activation: int, taken: bool) -> None:
        if taken:
            if activation > 1 and self._leaves_loop(edge) and self._must_wait(edge, activation):
                self._held.append((edge, activation))
            else:
                self._deliver(edge, activation)
        elif edge.id in self._plan.inside:
            self._work.append(partial(self._resolve, edge, self._number(edge, activation), False))

    def _deliver(self, edge: Edge, activation: int) -> None:
        number = self._number(edge, activation)
        self._require_first_entry(edge, number)
        self._arrivals[edge.id].take(number, activation)
        if edge.target in self._plan.nodes:
            self._work.append(partial(self._resolve, edge, number, True))

    def _leaves_loop(self, edge: Edge) -> bool:
        return edge.id not in self._plan.inside and self._plan.nodes[edge.source].in_loop

    def _enters_loop(self, edge: Edge) -> bool:
        target = self._plan.nodes.get(edge.target)
        return target is not None and target.in_loop and edge.id not in self._plan.inside

    def _must_wait(self, edge: Edge, activation: int) -> bool:
        """Whether its source may still send something along an edge in an earlier round."""
        region = self._plan.nodes[edge.source].region
        begun = [turn for turn in self._under_way[region] if turn[1] < activation]
        for name in self._plan.regions[region].nodes:
            begun += [(name, key[1]) for key in self._rounds_of.get(name, ()) if key[1] < activation and self._rounds[key].taken]
            if self._entering[region] and (name, 1) not in self._fired and self._is_entered(name):
                begun.append((name, 1))
        return bool(begun) and may_still_come(self._plan, edge.source, activation, begun, self._fired)

    def _is_entered(self, name: NodeId) -> bool:
        return any(edge.id not in self._plan.inside for edge in self._plan.nodes[name].incoming)

    def _release(self) -> bool:
        """Send on what no earlier round can precede any more. Whether there was any."""
        free = sorted((held for held in self._held if not self._must_wait(*held)), key=lambda held: held[1])
        for edge, activation in free:
            self._held.remove((edge, activation))
            self._deliver(edge, activation)
        return bool(free)

    def _require_first_entry(self, edge: Edge, number: int) -> None:
        """Raises LoopEnteredAgain: inside, a second value would be taken for one of the second round."""
        if number > 1 and self._enters_loop(edge):
            raise LoopEnteredAgain(f"{edge.source} sent {number} values into the loop around {edge.target}, which can be entered once")

    def _require_no_other(self, edge: Edge, number: int) -> None:
        """Raises LoopEnteredAgain: the node has fired without this value, and it is one that uses every value."""
        if (edge.target, number) in self._fired and _needed(self._plan.nodes[edge.target]) is None:
            raise LoopEnteredAgain(f"{edge.source} sent {edge.target} a value for round {number}, which had begun with another one")

    def _number(self, edge: Edge, activation: int) -> int:
        """The number a value has where it arrives. What leaves a loop, or comes to one, is counted from 1 again."""
        if edge.id in self._plan.inside:
            return activation + 1 if edge.id in self._plan.back else activation
        if self._leaves_loop(edge) or self._enters_loop(edge):
            return len(self._arrivals[edge.id].taken) + 1
        return activation

    def _resolve(self, edge: Edge, number: int, taken: bool) -> None:
        if taken:
            self._require_no_other(edge, number)
        self._arrivals[edge.id].resolved.append(number)
        key = (edge.target, number, edge.id in self._plan.back)
        waiting = self._round(key)
        waiting.resolved += 1
        waiting.taken += taken
        self._check(key, waiting)

    def _round(self, key: _RoundKey) -> _Round:
        found = self._rounds.get(key)
        if found is None:
            found = self._rounds[key] = _Round()
            self._rounds_of[key[0]].append(key)
        return found

    def _close(self, edge: Edge) -> None:
        """Nothing will come along `edge` any more."""
        loop = edge.id in self._plan.back
        self._closed_in[edge.target, loop] += 1
        for number in self._arrivals[edge.id].resolved:
            self._round((edge.target, number, loop)).resolved_and_closed += 1
        for key in list(self._rounds_of[edge.target]):
            if key[2] == loop:
                self._check(key, self._rounds[key])
        entry = self._plan.nodes[edge.target]
        if edge.source in self._plan.nodes:
            self._entering[entry.region] -= 1
            self._touched.append(entry.region)

    def _check(self, key: _RoundKey, waiting: _Round) -> None:
        name, number, loop = key
        if (name, number) in self._fired:
            return
        entry = self._plan.nodes[name]
        needed = _needed(entry)
        edges = entry.returning if loop else len(entry.incoming) - entry.returning
        open_edges = edges - waiting.resolved - (self._closed_in[name, loop] - waiting.resolved_and_closed)
        if needed is not None and waiting.taken >= needed:
            self._fire(entry, key)
        elif open_edges > 0:
            return
        elif needed is None and waiting.taken:
            self._fire(entry, key)
        elif not loop:
            self._skip(entry, number)

    def _fire(self, entry: NodePlan, key: _RoundKey) -> None:
        name, number, loop = key
        self._fired.add((name, number))
        self._ever.add(name)
        self._live[entry.region] += 1
        if entry.in_loop:
            self._under_way[entry.region].add((name, number))
        self._forget(name, number)
        self._moves.append(Fire(name, number, self._inputs(entry, number, loop)))

    def _skip(self, entry: NodePlan, number: int) -> None:
        name = entry.node.id
        self._fired.add((name, number))
        self._ever.add(name)
        self._forget(name, number)
        self._moves.append(Skip(name, number))
        self._leave(entry, number, ())

    def _forget(self, name: NodeId, number: int) -> None:
        if name in self._rounds_of:
            self._rounds_of[name] = [key for key in self._rounds_of[name] if key[1] != number]

    def _inputs(self, entry: NodePlan, number: int, loop: bool) -> dict[PortName, Json]:
        """Values of this number, by port. An edge that has none of this number repeats its last
        one, except beside a value that came back along a loop."""
        now: dict[PortName, list[Json]] = {}
        every: dict[PortName, list[Json]] = {}
        for edge in entry.incoming:
            latest = self._arrivals[edge.id].latest(number)
            leads_back = edge.id in self._plan.back
            if latest is None or (latest < number and leads_back):
                continue
            value = self._value(edge, latest)
            every.setdefault(edge.target_port, []).append(value)
            if latest == number and leads_back == loop:
                now.setdefault(edge.target_port, []).append(value)
        chosen = {**every, **now} if loop else every
        return {port: values if port in entry.gathering else (now.get(port) or values)[0] for port, values in chosen.items()}

    def _value(self, edge: Edge, number: int) -> Json:
        if edge.source not in self._plan.nodes:
            return self._scope.seed
        source = self._scope.activations[edge.source][self._arrivals[edge.id].taken[number]]
        return source.outputs[edge.source_port]

    def _settle(self, region: int) -> None:
        """Close what leads out of a region in which nothing can happen any more."""
        if self._settled[region] or self._live[region] or self._entering[region]:
            return
        members = self._plan.regions[region].nodes
        stuck = sorted((key[1], key) for name in members for key in self._rounds_of[name] if self._rounds[key].taken)
        if stuck:
            # A join inside a loop waits for an edge that only an outer round uses: take its last value.
            for number, key in stuck:
                if number == stuck[0][0] and (key[0], number) not in self._fired:
                    self._fire(self._plan.nodes[key[0]], key)
            return
        self._release()
        self._settled[region] = True
        for name in members:
            entry = self._plan.nodes[name]
            if name not in self._ever:
                self._skip(entry, 1)
            for edge in entry.outgoing:
                target = self._plan.nodes.get(edge.target)
                if target is not None and not target.follows and edge.id not in self._plan.inside:
                    self._work.append(partial(self._close, edge))


_DELIVERED = (NodeStatus.SUCCEEDED, NodeStatus.FAILED)


def _needed(entry: NodePlan) -> int | None:
    """How many values are enough; None when every edge must be resolved."""
    firing = entry.node.firing
    if firing.rule is FiringRule.ALL:
        return None
    return 1 if firing.rule is FiringRule.ANY else firing.count
