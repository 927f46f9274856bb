"""What blocks return that are left by the call already."""

import asyncio

import pytest

import eagerloop
from eagerloop.core.finished import DONE


def test_it_can_be_awaited_any_number_of_times() -> None:
    async def main() -> None:
        for _ in range(3):
            assert await DONE is None

    eagerloop.run(main())


def test_it_is_a_coroutine_for_who_asks() -> None:
    async def main() -> None:
        assert asyncio.iscoroutine(DONE)
        assert await eagerloop.create_task(DONE) is None
        assert await eagerloop.wait_for(DONE, 1) is None

    eagerloop.run(main())


def test_driven_by_hand_it_ends_at_once() -> None:
    with pytest.raises(StopIteration) as caught:
        DONE.send(None)
    assert caught.value.value is None
    with pytest.raises(KeyError, match="what came"):
        DONE.throw(KeyError("what came"))
    DONE.close()


def test_a_block_left_by_hand_is_left() -> None:
    async def main() -> None:
        lock, places = eagerloop.Lock(), eagerloop.Semaphore(1)
        for primitive in (lock, places):
            await primitive.__aenter__()
            assert primitive.locked()
            await primitive.__aexit__(None, None, None)
            assert not primitive.locked()
        with pytest.raises(RuntimeError, match="Lock is not acquired"):
            await lock.__aexit__(None, None, None)

    eagerloop.run(main())
