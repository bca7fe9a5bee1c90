"""What people may do with memories: look, search, correct, delete."""

from dataclasses import dataclass
from typing import Final

from asgiref.sync import async_to_sync
from django.db.models import Count, Q, QuerySet

from orchestrator.capabilities.embeddings.embedder import RoutedEmbedder
from orchestrator.engine.agents.memory.sensitive import kinds
from orchestrator.engine.document.agents.memory import Retrieval
from orchestrator.engine.effects.memory import LONGEST_MEMORY, LONGEST_QUESTION
from orchestrator.engine.errors import MemoryFailed
from orchestrator.settings.env import PRIVATE_HOSTS
from runs.memory.search import Found, live, search
from runs.memory.spaces import erase, erase_space, rewrite, space_named
from runs.models import Memory, Run
from runs.vector_field import Vector
from tenants.models import User
from tenants.people.access import require_here, sees_all
from tenants.problems import ApiProblem, Forbidden, InvalidValue, NotFound
from tenants.vault.model_keys import keys_of_tenant

MOST_FOUND: Final = 50
_LARGEST_ID: Final = 2**63 - 1


class NotEmbedded(ApiProblem):
    """The text could not be made comparable."""

    code = "not_embedded"
    status = 409
    cure = "Look at the embedding model and its key, or try again."


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """`models` are how many memories were made comparable by which model: those of another than the asking agent's are not found."""

    name: str
    memories: int
    models: dict[str, int]


def memories_for(user: User, *, space: str = "", kind: str = "") -> QuerySet[Memory]:
    """What `user` may see: memories of runs of graphs they may see, and those of no run. Newest first."""
    rows = live().select_related("space", "run")
    if not sees_all(user):
        rows = rows.filter(Q(run=None) | Q(run__in=Run.objects.visible_to(user).values("pk")))
    if space:
        rows = rows.filter(space__name=space)
    return rows.filter(kind=kind) if kind else rows


def memory_for(user: User, memory_id: int) -> Memory:
    """Raises NotFound alike for what is missing, foreign or not for `user`."""
    found = memories_for(user).filter(pk=memory_id).first() if memory_id <= _LARGEST_ID else None
    if found is None:
        raise NotFound()
    return found


def spaces_for(user: User) -> list[SpaceRow]:
    """Every memory that holds something for `user`, by name."""
    counts = memories_for(user).order_by().values_list("space__name", "model").annotate(count=Count("pk"))
    found: dict[str, dict[str, int]] = {}
    for name, model, count in counts:
        found.setdefault(name, {})[model] = count
    return [SpaceRow(name, sum(models.values()), models) for name, models in sorted(found.items())]


def found_by(user: User, question: str, *, space: str = "", kind: str = "") -> list[Found]:
    """The memories most like a question, whatever model made them comparable: the best of each space and model. Raises NotEmbedded."""
    asked = question.strip()[:LONGEST_QUESTION]
    if not asked:
        return []
    chosen = [row for row in spaces_for(user) if not space or row.name == space]
    seen = memories_for(user, space=space, kind=kind)
    vectors = {model: _embedded(model, asked) for model in {model for row in chosen for model in row.models}}
    found: list[Found] = []
    for row in chosen:
        named = space_named(row.name)
        for model in row.models:
            for each in [kind] if kind else Memory.Kind.values:
                found += search(named, each, model, vectors[model], Retrieval(k=MOST_FOUND, min_score=0.05)) if named else []
    visible = set(seen.filter(pk__in=[one.memory.pk for one in found]).values_list("pk", flat=True))
    best = sorted((one for one in found if one.memory.pk in visible), key=lambda one: (-one.ranked.score, one.memory.pk))
    return best[:MOST_FOUND]


def correct(user: User, memory_id: int, text: str) -> Memory:
    """Put what a person wrote in the place of a memory's text. Raises InvalidValue, NotEmbedded."""
    require_here(user, "edit")
    memory = memory_for(user, memory_id)
    plain = text.replace("\r\n", "\n").strip()
    if not plain or len(plain) > LONGEST_MEMORY or "\0" in plain:
        raise InvalidValue(f"`text` must be 1 to {LONGEST_MEMORY} characters.", details={"field": "text"})
    rewrite(memory, plain, _embedded(memory.model, plain), memory.model, user.name, kinds(plain))
    return memory_for(user, memory_id)


def forget(user: User, memory_id: int) -> None:
    require_here(user, "edit")
    erase(memory_for(user, memory_id))


def forget_space(user: User, name: str) -> int:
    """Everything in a named memory. Raises Forbidden where something of it is hidden from `user`."""
    require_here(user, "edit")
    space = space_named(name)
    seen = memories_for(user, space=name).count() if space else 0
    if space is None or (not seen and not sees_all(user)):
        raise NotFound()
    if not sees_all(user) and live().filter(space=space).count() > seen:
        raise Forbidden("This memory holds what you may not see.")
    return erase_space(space)


def _embedded(model: str, text: str) -> Vector:
    embedder = RoutedEmbedder(keys_of_tenant(), private_hosts=PRIVATE_HOSTS)
    try:
        vector: Vector = async_to_sync(embedder.embed)(model, [text]).vectors[0]
    except MemoryFailed as error:
        raise NotEmbedded(error.info.message, cure=error.info.cure) from error
    return vector
