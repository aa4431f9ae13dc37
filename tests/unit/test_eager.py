"""When does a coroutine that is begun by hand become a task, and is it one in every way?"""

from __future__ import annotations

import asyncio

import pytest

from ostiary.eager import begin, in_a_task


async def begun(coroutine):
    """Begin it as a callback of the loop does: outside of any task."""
    loop = asyncio.get_running_loop()
    started = loop.create_future()
    loop.call_soon(lambda: started.set_result(begin(coroutine, loop)))
    return await started


async def test_what_never_waits_is_done_at_once_and_no_task():
    told = []

    async def work():
        told.append("done")

    assert await begun(work()) is None
    assert told == ["done"]


async def test_what_waits_goes_on_as_a_task():
    gate, told = asyncio.get_running_loop().create_future(), []

    async def work():
        told.append(await gate)
        told.append(await asyncio.sleep(0, "slept"))

    task = await begun(work())
    assert told == []
    gate.set_result("open")
    await task
    assert told == ["open", "slept"]


async def test_what_was_awaited_may_be_done_before_the_task_begins():
    gate = asyncio.get_running_loop().create_future()

    async def work():
        return await gate

    waiting = begun(work())
    asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(gate.set_result, None))
    task = await waiting
    await asyncio.wait_for(task, 5)


async def test_a_failure_of_what_was_awaited_reaches_the_coroutine():
    gate, told = asyncio.get_running_loop().create_future(), []

    async def work():
        try:
            await gate
        except ValueError as error:
            told.append(str(error))

    task = await begun(work())
    gate.set_exception(ValueError("broken"))
    await task
    assert told == ["broken"]


async def test_a_cancellation_reaches_the_coroutine_and_what_it_awaits():
    inner, told = asyncio.get_running_loop().create_future(), []

    async def work():
        try:
            await inner
        finally:
            told.append("cleaned up")

    task = await begun(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cleaned up"]
    assert inner.cancelled()


async def test_a_cancellation_before_the_task_has_begun_reaches_the_coroutine_and_what_it_awaits():
    loop, told = asyncio.get_running_loop(), []
    inner, started = loop.create_future(), loop.create_future()

    async def work():
        try:
            await inner
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    def at_once():
        task = begin(work(), loop)
        task.cancel()
        started.set_result(task)

    loop.call_soon(at_once)
    with pytest.raises(asyncio.CancelledError):
        await (await started)
    assert told == ["cancelled"]
    assert inner.cancelled()


async def test_a_timeout_works_in_what_was_begun_by_hand():
    told = []

    async def work():
        await in_a_task()
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            told.append("too late")

    await (await begun(work()))
    assert told == ["too late"]


async def test_in_a_task_nothing_happens():
    order = []

    async def work():
        await in_a_task()
        order.append("work")

    asyncio.get_running_loop().call_soon(order.append, "loop")
    await asyncio.get_running_loop().create_task(work())
    assert sorted(order) == ["loop", "work"]
    order.clear()
    asyncio.get_running_loop().call_soon(order.append, "loop")
    await work()
    assert order == ["work"]
