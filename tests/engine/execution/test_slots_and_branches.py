"""Who is at work: slots in line, branches that rest and go on, deadlines that stand still."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.execution.branches import Branch, Crew, Rest, Slots, gather, time_limit


@given(st.integers(1, 4), st.lists(st.booleans(), max_size=30))
def test_slots_are_never_more_than_there_are_and_go_in_the_order_of_the_line(size: int, acts: list[bool]) -> None:
    """True: another one asks; false: one of those that have a slot gives it back."""
    slots, served, asked, given_back = Slots(size), list[int](), 0, 0
    for ask in acts:
        if ask:
            slots.take(lambda number=asked: served.append(number))  # type: ignore[misc]  # bound now, not when it is called
            asked += 1
        elif given_back < len(served):
            slots.give_back()
            given_back += 1
        holding = len(served) - given_back
        assert 0 <= holding <= size and slots.free == size - holding
        assert served == list(range(len(served))), "first come, first served"
        assert holding == size or len(served) == asked, "nobody waits while a slot is free"


def test_line_of_a_hundred_thousand_that_give_back_at_once_needs_no_recursion() -> None:
    slots, served = Slots(1), list[int]()

    def use() -> None:
        served.append(1)
        slots.give_back()

    for _ in range(100_000):
        slots.take(use)
    assert (len(served), slots.free) == (100_000, 1)
    held = Slots(0)
    for _ in range(100_000):
        held.take(lambda: held.give_back())
    held.give_back()
    assert held.free == 1


class Told:
    """How often a trunk said that nothing is at work."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def begun(told: Told) -> Branch:
    trunk = Branch(on_rest=told)
    trunk.begin(lambda: None)
    return trunk


async def test_trunk_tells_when_the_last_of_what_is_at_work_has_ended() -> None:
    told = Told()
    trunk = begun(told)
    child = Branch(trunk)
    child.begin(lambda: None)
    assert (trunk.at_work, child.at_work) == (2, 1)
    trunk.end()
    assert (trunk.at_work, told.times) == (1, 0)
    child.end()
    assert (trunk.at_work, child.at_work, told.times) == (0, 0, 1)
    child.end()
    assert (trunk.at_work, child.at_work) == (0, 0), "to end twice is to end once"


async def test_branch_that_never_began_ends_without_a_trace() -> None:
    told, slots = Told(), Slots(0)
    trunk = begun(told)
    waiting = Branch(trunk, slots)
    waiting.begin(lambda: None)
    waiting.end()
    assert (trunk.at_work, waiting.at_work, slots.free, told.times) == (1, 0, 0, 0)


async def test_branch_that_rests_counts_no_more_and_counts_again_from_when_it_is_woken() -> None:
    told = Told()
    trunk = begun(told)
    async with trunk.resting() as rest:
        assert (trunk.at_work, told.times) == (0, 1)
        rest.end()
        assert trunk.at_work == 1, "from the moment at which it is woken, not from when its code gets its turn"
        rest.end()
        await rest.over
    assert (trunk.at_work, told.times) == (1, 1)


async def test_branch_without_a_parent_or_anybody_to_tell_rests_as_well() -> None:
    alone = Branch()
    alone.begin(lambda: None)
    async with alone.resting() as rest:
        assert alone.at_work == 0
        rest.end()
        await rest.over
    alone.end()
    assert alone.at_work == 0


async def test_code_that_is_torn_out_of_its_rest_counts_again() -> None:
    told = Told()
    trunk = begun(told)
    with pytest.raises(RuntimeError):
        async with trunk.resting() as rest:
            raise RuntimeError
    assert (trunk.at_work, rest.over.cancelled()) == (1, True)
    rest.end()
    assert trunk.at_work == 1, "waking what rests no more changes nothing"


async def test_branch_gives_its_slot_up_while_it_rests_and_stands_in_line_for_it_again() -> None:
    trunk, slots = begun(Told()), Slots(1)
    first, second = Branch(trunk, slots), Branch(trunk, slots)
    order: list[str] = []
    first.begin(lambda: order.append("first"))
    second.begin(lambda: order.append("second"))
    assert (order, slots.free) == (["first"], 0)
    async with first.resting() as rest:
        assert order == ["first", "second"], "the slot goes to the next in line"
        rest.end()
        assert not rest.over.done(), "it waits in line"
        second.end()
        assert rest.over.done()
        await rest.over
    assert (first.at_work, second.at_work, slots.free) == (1, 0, 0)
    first.end()
    assert slots.free == 1


async def test_branch_that_is_woken_twice_while_it_stands_in_line_takes_one_slot() -> None:
    trunk, slots = begun(Told()), Slots(1)
    first, second = Branch(trunk, slots), Branch(trunk, slots)
    first.begin(lambda: None)
    async with first.resting() as one, first.resting() as other:
        second.begin(lambda: None)
        one.end()
        other.end()
        second.end()
        await one.over
        await other.over
    assert (first.at_work, slots.free) == (1, 0)
    first.end()
    assert (first.at_work, slots.free, trunk.at_work) == (0, 1, 1)


async def test_code_that_is_torn_out_of_its_rest_goes_on_without_a_slot_and_gives_none_back() -> None:
    trunk, slots = begun(Told()), Slots(1)
    first, second = Branch(trunk, slots), Branch(trunk, slots)
    first.begin(lambda: None)
    with pytest.raises(RuntimeError):
        async with first.resting():
            second.begin(lambda: None)
            raise RuntimeError
    assert (first.at_work, second.at_work, slots.free) == (1, 1, 0), "it only has to clear up"
    first.end()
    assert slots.free == 0, "the slot is the other's"
    second.end()
    assert slots.free == 1


async def test_code_that_is_torn_out_of_the_line_counts_once_when_its_slot_comes() -> None:
    trunk, slots = begun(Told()), Slots(1)
    first, second = Branch(trunk, slots), Branch(trunk, slots)
    first.begin(lambda: None)
    with pytest.raises(RuntimeError):
        async with first.resting() as rest:
            second.begin(lambda: None)
            rest.end()
            raise RuntimeError
    assert (first.at_work, second.at_work, trunk.at_work) == (1, 1, 3), "it clears up, without a slot"
    second.end()
    assert (first.at_work, trunk.at_work, slots.free) == (1, 2, 0), "the slot that it stood in line for"
    first.end()
    assert (first.at_work, trunk.at_work, slots.free) == (0, 1, 1)


@pytest.mark.parametrize("torn", [False, True])
async def test_rest_that_is_over_counts_in_no_later_one(torn: bool) -> None:
    trunk = begun(Told())
    for _ in range(2):
        with suppress(RuntimeError):
            async with trunk.resting() as rest:
                assert trunk.at_work == 0
                if torn:
                    raise RuntimeError
                rest.end()
                await rest.over
        async with trunk.call(), trunk.call(), trunk.resting() as rest:
            assert trunk.at_work == 1, "one of two calls rests"
            rest.end()
            await rest.over


async def test_code_with_several_calls_rests_when_all_of_them_rest() -> None:
    told = Told()
    trunk = begun(told)
    seen: list[int] = []
    rests: list[Rest] = []

    async def one_of_two() -> None:
        async with trunk.call():
            await asyncio.sleep(0)
            async with trunk.resting() as rest:
                seen.append(trunk.at_work)
                rests.append(rest)
                await rest.over

    tasks = [asyncio.ensure_future(one_of_two()) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (seen, told.times) == ([1, 0], 1), "only when the second rests as well"
    for rest in rests:
        rest.end()
    await asyncio.gather(*tasks)
    assert trunk.at_work == 1


async def test_time_limit_counts_work_and_no_rest() -> None:
    trunk = begun(Told())
    async with time_limit(trunk, 0.05):
        async with trunk.resting() as rest:
            asyncio.get_running_loop().call_later(0.1, rest.end)
            await rest.over
    with pytest.raises(TimeoutError):
        async with time_limit(trunk, 0.01):
            await asyncio.sleep(5)


async def test_time_that_was_worked_before_a_rest_counts_after_it() -> None:
    trunk = begun(Told())
    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with time_limit(trunk, 0.06):
            await asyncio.sleep(0.03)
            async with trunk.resting() as rest:
                rest.end()
                await rest.over
            await asyncio.sleep(5)
    assert asyncio.get_running_loop().time() - began < 1


async def test_code_that_is_over_time_may_rest_while_it_clears_up() -> None:
    trunk = begun(Told())
    with pytest.raises(TimeoutError):
        async with time_limit(trunk, 0.01):
            try:
                await asyncio.sleep(5)
            finally:
                async with trunk.resting() as rest:
                    rest.end()
                    await rest.over
    assert trunk.at_work == 1


async def test_time_limit_that_begins_in_a_rest_goes_on_when_that_is_over() -> None:
    trunk = begun(Told())
    with pytest.raises(TimeoutError):
        async with trunk.resting() as rest, time_limit(trunk, 0.01):
            rest.end()
            await rest.over
            await asyncio.sleep(5)
    assert trunk.at_work == 1


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_gathered_work_gives_its_results_in_order_and_is_never_more_at_once_than_may(size: int) -> None:
    trunk, at_work, most = begun(Told()), 0, 0

    async def work(number: int) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        for _ in range(5 - number):
            await asyncio.sleep(0)
        at_work -= 1
        return number

    slots = Slots(size)
    assert await gather(trunk, [lambda _branch, number=number: work(number) for number in range(5)], slots) == list(range(5))  # type: ignore[misc]
    assert (most, slots.free, trunk.at_work) == (size, size, 1)


async def test_nothing_to_gather_is_an_empty_list() -> None:
    assert await gather(begun(Told()), []) == []


async def test_first_failure_ends_the_others_and_is_raised_and_those_in_line_never_begin() -> None:
    trunk, slots = begun(Told()), Slots(2)
    ended: list[str] = []

    async def hang(_branch: Branch) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("hung")

    async def fail(_branch: Branch) -> None:
        raise RuntimeError("first")

    async def never(_branch: Branch) -> None:
        ended.append("begun")
        await asyncio.sleep(60)

    with pytest.raises(RuntimeError, match="first"):
        await gather(trunk, [hang, fail, *[never] * 20], slots)
    assert ended.count("hung") == 1 and ended.count("begun") <= 1
    assert (slots.free, trunk.at_work) == (2, 1)


async def test_crew_that_is_cancelled_cancels_its_work() -> None:
    trunk = begun(Told())
    cancelled = asyncio.Event()

    async def hang(_branch: Branch) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    crew = Crew(trunk)
    crew.add(hang)
    joining = asyncio.ensure_future(crew.join())
    await asyncio.sleep(0)
    assert trunk.at_work == 1, "the work; whoever joins rests"
    joining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    assert cancelled.is_set() and trunk.at_work == 1, "the one that joined goes on with its cancellation"


async def test_crew_may_grow_while_it_works() -> None:
    trunk, done = begun(Told()), list[int]()
    crew = Crew(trunk)

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)
        if number < 3:
            crew.add(lambda _branch: work(number + 1))

    crew.add(lambda _branch: work(0))
    await crew.join()
    assert (done, trunk.at_work) == ([0, 1, 2, 3], 1)
