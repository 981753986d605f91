"""What tests/unit/test_worker_checkpoints.py says of checkpoints, on a real Postgres."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig

from exam_graph.graph import keep, kept
from records.model import Sitting
from records.store import Records
from tests.postgres import Postgres
from tests.takeover import take_over
from tests.unit.test_worker_checkpoints import (  # noqa: F401 -- they run here
    open_sitting,
    state,
    test_a_checkpoint_that_cannot_be_read_is_as_if_it_were_not_there,
    test_a_holder_who_was_replaced_writes_nothing_and_holds_nobody_up,
    test_a_sitting_that_is_not_there_has_no_checkpoints,
    test_every_way_to_write_is_fenced,
    test_many_may_begin_at_once_on_a_new_database,
    test_what_is_kept_is_there_for_the_next_holder,
    test_who_is_stopped_in_mid_write_leaves_no_lock,
    thread,
)
from worker.checkpoints import open_checkpoints

pytestmark = pytest.mark.live


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    records = await Records.open(url)
    await records.publish_paper("cells", {"title": "Cells"}, "hash")
    yield records
    await records.close()


@pytest.fixture
async def sitting(records: Records) -> Sitting:
    return await open_sitting(records, "ann")


async def test_a_connection_that_was_cut_is_made_again(
    postgres: Postgres, url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        await keep(checkpoints, thread(sitting), state(0))
        postgres.stop()
        postgres.start()
        await keep(checkpoints, thread(sitting), state(1))
        assert await kept(checkpoints, thread(sitting)) == state(1)


async def test_nobody_writes_a_checkpoint_without_a_fence(
    url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        await keep(checkpoints, thread(sitting), state(0))
    with (
        psycopg.connect(url) as connection,
        pytest.raises(psycopg.DatabaseError, match="stale fence"),
    ):
        connection.execute("UPDATE checkpoints SET checkpoint_ns = 'x'")


async def test_behind_pgbouncer_the_fence_goes_with_each_transaction(
    url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    behind = f"{url}?pgbouncer=true"
    config: RunnableConfig = thread(sitting)
    async with open_checkpoints(behind, sitting.id, fence) as checkpoints:
        await keep(checkpoints, config, state(0))
        assert await kept(checkpoints, config) == state(0)
