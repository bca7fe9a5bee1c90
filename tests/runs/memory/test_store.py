"""What is kept is found again, by its own tenant alone, on both databases alike."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from orchestrator.engine.document.agents.memory import Retrieval
from runs.memory import matrix, search
from runs.memory.matrix import BLOCK, Matrices
from runs.memory.spaces import erase, erase_expired, erase_space, rewrite, space_named
from runs.models import Memory, MemorySpace
from runs.vector_field import Vector
from runs.worker import scheduler
from tenants.isolation.scope import NoTenant, system_scope, tenant_scope
from tests.runs.databases import Database
from tests.runs.factories import World, world
from tests.runs.memory.rows import all_texts, find, keep, texts, unit


@pytest.fixture
def place(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(search, "MATRICES", Matrices())
    made = world()
    with tenant_scope(made.tenant.pk):
        yield made


def age(text: str, **ago: float) -> None:
    Memory.objects.filter(text=text).update(created_at=timezone.now() - timedelta(**ago))


def test_what_shares_words_is_found_and_the_most_alike_comes_first(place: World) -> None:
    for text in ("Ann likes green tea", "Bob drives a red car", "Ann drinks green tea in the morning"):
        keep(text)
    found = find("Ann likes green tea", k=2)
    assert texts(found) == ["Ann likes green tea", "Ann drinks green tea in the morning"]
    assert found[0].ranked.score == pytest.approx(1.0, abs=1e-5) and 0.3 < found[1].ranked.score < 1
    assert texts(find("zebra", min_score=0.2)) == []
    assert find("tea", space="nobody") == []


def test_spaces_kinds_and_models_do_not_mix(place: World) -> None:
    keep("a note about tea")
    keep("an episode about tea", kind="episode")
    keep("elsewhere about tea", space="other")
    keep("vector of another model", vector=unit(1, 0, 0))
    assert texts(find("about tea")) == ["a note about tea"]
    assert texts(find("about tea", kind="episode")) == ["an episode about tea"]
    assert texts(find("about tea", space="other")) == ["elsewhere about tea"]
    assert texts(find(unit(1, 0.1, 0))) == ["vector of another model"]
    assert find(unit(1, 0)) == [], "another size is never compared"


def test_the_same_key_keeps_once(place: World) -> None:
    first, second = keep("once", once="key"), keep("twice", once="key")
    assert first.id == second.id and all_texts() == ["once"]
    row = MemorySpace.objects.get()
    assert (row.version, row.size) == (1, 1)


def test_what_was_written_corrected_and_erased_since_is_seen_by_the_next_search(place: World) -> None:
    keep("tea is green")
    assert texts(find("tea")) == ["tea is green"]
    keep("tea is black")
    assert sorted(texts(find("tea"))) == ["tea is black", "tea is green"]
    memory = Memory.objects.get(text="tea is green")
    rewrite(memory, "coffee is brown", find("x" * 3)[0].memory.embedding * 0 + unit(*([0.0] * 255 + [1.0])), memory.model, "Eve", ())
    changed = Memory.objects.get(pk=memory.pk)
    assert (changed.text, changed.person, changed.changed_at is not None) == ("coffee is brown", "Eve", True)
    assert texts(find("tea", k=1)) == ["tea is black"]
    erase(Memory.objects.get(text="tea is black"))
    assert texts(find("tea is black")) == ["coffee is brown"]
    assert MemorySpace.objects.get().size == 1


def test_retention_by_count_and_by_age(place: World) -> None:
    for number in range(5):
        kept = keep(f"tea {number}", max_count=3)
        age(f"tea {number}", hours=10 - number)
    assert kept.forgotten == 1 and all_texts() == ["tea 2", "tea 3", "tea 4"]
    age("tea 2", days=11)
    assert keep("tea 5", max_age_days=10).forgotten == 1
    assert all_texts() == ["tea 3", "tea 4", "tea 5"] and MemorySpace.objects.get().size == 3
    keep("an episode", kind="episode", max_count=1)
    assert len(all_texts()) == 4, "of its own kind only"


def test_what_is_overdue_is_not_found_and_a_sweep_erases_it(place: World) -> None:
    keep("tea for a day", max_age_days=1)
    keep("tea for ever")
    Memory.objects.filter(text="tea for a day").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert texts(find("tea for")) == ["tea for ever"]
    assert erase_expired(10) == 1 and all_texts() == ["tea for ever"] and MemorySpace.objects.get().size == 1


def test_what_is_recent_is_worth_more_by_recency(place: World) -> None:
    keep("Ann likes green tea")
    keep("Ann likes green tea too")
    age("Ann likes green tea", days=60)
    assert texts(find("Ann likes green tea", strategy="similarity")) == ["Ann likes green tea", "Ann likes green tea too"]
    found = find("Ann likes green tea", strategy="recency", half_life_days=30)
    assert texts(found) == ["Ann likes green tea too", "Ann likes green tea"]
    assert found[1].ranked.score == pytest.approx(0.25, abs=0.01) and found[1].ranked.similarity == pytest.approx(1, abs=0.01)


def test_mmr_prefers_what_is_not_told_yet(place: World) -> None:
    for text, vector in (("a", unit(1, 0, 0)), ("a again", unit(1, 0.01, 0)), ("b", unit(0.8, 0.6, 0)), ("far", unit(0, 0, 1))):
        keep(text, vector=vector)
    assert texts(find(unit(1, 0, 0), strategy="mmr", k=2, diversity=0.6, min_score=0.1)) == ["a", "b"]
    assert texts(find(unit(1, 0, 0), strategy="mmr", k=2, diversity=0.0)) == ["a", "a again"]
    assert texts(find(unit(1, 0, 0), strategy="mmr", k=4, min_score=0.1)) == ["a", "a again", "b"]


def test_t15_a_neighbours_vector_identical_to_ours_finds_nothing_of_ours(place: World) -> None:
    """T15: identical vector, huge top k, hostile names; after deletion no vector is left."""
    secret = unit(*np.random.default_rng(7).standard_normal(256))
    keep("secret of alpha", vector=secret)
    beta = world()
    with tenant_scope(beta.tenant.pk):
        assert find(secret, k=50) == [] and space_named("team") is None
        keep("beta's own", vector=secret)
        for hostile in ("team' OR '1'='1", "%", "team%", "*", "team;--"):
            assert find(secret, space=hostile, k=50) == []
            assert find(secret, kind=hostile[:8], k=50) == [] and find(secret, model=hostile, k=50) == []
        assert texts(find(secret, k=50)) == ["beta's own"]
        foreign = Memory.objects.filter(text="secret of alpha")
        assert not foreign.exists() and foreign.delete()[0] == 0
    assert texts(find(secret, k=50)) == ["secret of alpha"]
    ours = space_named("team")
    assert ours is not None
    with tenant_scope(beta.tenant.pk):
        assert search.search(ours, "note", "test/vectors", secret, Retrieval(k=50, min_score=0)) == [], "even with our space's row in hand"
    assert erase_space(ours) == 1
    with system_scope():
        assert Memory.objects.count() == 1 and MemorySpace.objects.count() == 1
        Memory.objects.filter(tenant=beta.tenant).delete()
        assert Memory.objects.count() == 0


def test_t15_without_a_tenant_nothing_is_found_or_kept(database: Database) -> None:
    with pytest.raises(NoTenant):
        find("tea")
    with pytest.raises(NoTenant):
        keep("tea")


def by_hand(rows: dict[str, Vector], question: Vector, k: int) -> set[str]:
    return set(sorted(rows, key=lambda text: -float(rows[text] @ question))[:k])


def random_unit(dice: np.random.Generator, size: int = 8) -> Vector:
    return unit(*dice.standard_normal(size))


@pytest.mark.parametrize("most_bytes", [64 * 1024**2, 2 * 16 * (4 * 8 + 8), 0])
def test_whatever_was_written_and_erased_the_most_alike_are_found(place: World, monkeypatch: pytest.MonkeyPatch, most_bytes: int) -> None:
    """As by the plain definition; by two processes alike; though the space is larger than its copy may be."""
    monkeypatch.setattr(matrix, "BLOCK", 16)
    processes = [Matrices(most_bytes), Matrices(most_bytes)]
    dice = np.random.default_rng(5)
    rows: dict[str, Vector] = {}
    for number in range(120):
        what = dice.choice(["keep", "keep", "keep", "correct", "erase"])
        if what == "keep" or not rows:
            rows[f"m{number}"] = random_unit(dice)
            keep(f"m{number}", vector=rows[f"m{number}"])
            continue
        text = str(dice.choice(sorted(rows)))
        memory = Memory.objects.get(text=text)
        if what == "erase":
            erase(memory)
            del rows[text]
        else:
            rows[text] = random_unit(dice)
            rewrite(memory, text, rows[text], memory.model, "Eve", ())
        if number % 5 == 0:
            question = random_unit(dice)
            monkeypatch.setattr(search, "MATRICES", processes[number % 2])
            assert set(texts(find(question, k=6))) == by_hand(rows, question, 6), number
            assert processes[number % 2].holds() <= most_bytes


def test_what_has_gone_hides_nothing_that_is_there(place: World) -> None:
    for number in range(90):
        keep(f"near {number}", vector=unit(1, number / 10_000))
    keep("far", vector=unit(1, 1))
    assert len(find(unit(1, 0), k=5)) == 5
    for row in Memory.objects.filter(text__startswith="near"):
        erase(row)
    assert texts(find(unit(1, 0), k=5)) == ["far"]


def test_a_model_that_gives_vectors_of_another_size_by_now_harms_nothing(place: World) -> None:
    keep("small", vector=unit(1, 0))
    assert texts(find(unit(1, 0))) == ["small"]
    keep("large", vector=unit(1, 0, 0))
    assert texts(find(unit(1, 0))) == ["small"] and texts(find(unit(1, 0, 0))) == ["large"]


def test_t15_the_index_of_postgresql_finds_the_same_and_nothing_of_a_neighbour(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        return
    monkeypatch.setattr(search, "EXACT_UP_TO", 0)
    dice = np.random.default_rng(3)
    rows = {f"m{number}": random_unit(dice, 256) for number in range(150)}
    beta = world()
    for text, vector in rows.items():
        keep(text, vector=vector)
        with tenant_scope(beta.tenant.pk):
            keep(f"foreign {text}", vector=vector)
    for _ in range(5):
        question = random_unit(dice, 256)
        assert set(texts(find(question, k=10))) == by_hand(rows, question, 10)
    gone = Memory.objects.get(text=texts(find(question, k=1))[0])
    erase(gone)
    assert gone.text not in texts(find(question, k=50))


def test_t14_copies_of_vectors_stay_within_their_bounds_and_their_space(place: World) -> None:
    if connection.vendor == "postgresql":
        return  # which compares vectors itself
    block = BLOCK * (4 * 256 + 8)
    held = Matrices(most_bytes=2 * block)
    search.MATRICES = held
    for number in range(6):
        keep(f"tea {number}", space=f"s{number}")
        assert texts(find("tea", space=f"s{number}")) == [f"tea {number}"]
        assert 0 < held.holds() <= 2 * block
    assert texts(find("tea", space="s0")) == ["tea 0"], "what was let go is read again"


def test_a_copy_is_read_anew_when_much_of_it_has_gone(place: World) -> None:
    if connection.vendor == "postgresql":
        return
    for number in range(130):
        keep(f"tea {number}", vector=unit(1, number / 100))
    find(unit(1, 0))
    for row in Memory.objects.order_by("pk")[:120]:
        erase(row)
    assert len(find(unit(1, 0), k=50)) == 10
    [held] = search.MATRICES._held.values()
    assert held.count == 10 and held.bytes == BLOCK * (4 * 2 + 8)


def test_what_tells_of_one_piece_of_work_takes_the_place_of_what_told_of_it_before(place: World) -> None:
    first = keep("it failed", kind="episode", once="work", tells_of="work")
    assert keep("it went well", kind="episode", once="work", tells_of="work").id == first.id
    assert all_texts() == ["it went well"] and texts(find("it went well", kind="episode", k=1)) == ["it went well"]
    assert keep("it went well", kind="episode", once="work", tells_of="work").id == first.id, "begun anew after a crash"
    row = MemorySpace.objects.get()
    assert (row.version, row.size) == (2, 1)
    memory = Memory.objects.get()
    rewrite(memory, "as Eve says", memory.embedding, memory.model, "Eve", ())
    keep("it went on", kind="episode", once="work", tells_of="work")
    assert all_texts() == ["as Eve says"], "what a person has corrected stays"


def test_a_sweep_erases_in_portions_and_of_every_tenant(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "AT_ONCE", 2)
    beta = world()
    for tenant, count in ((place.tenant.pk, 5), (beta.tenant.pk, 1)):
        with tenant_scope(tenant):
            for number in range(count):
                keep(f"tea {number}", space=f"s{number % 2}", max_age_days=1)
            Memory.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
            keep("for ever")
            keep("not yet", max_age_days=1)
    swept = scheduler.Scheduler()
    left = []
    for _ in range(5):
        with system_scope():
            swept._erase_memories()
            left.append(Memory.objects.count())
    assert left[0] in (8, 9) and min(before - after for before, after in pairwise([10, *left])) == 0
    assert max(before - after for before, after in pairwise([10, *left])) == 2 and left[-1] == 4
    with system_scope():
        assert sorted(MemorySpace.objects.values_list("name", "size")) == [("s0", 0), ("s0", 0), ("s1", 0), ("team", 2), ("team", 2)]
