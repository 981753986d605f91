"""The records on a real Postgres: all that the unit tests say of a file holds here too."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from records import engine
from records.engine import writing
from records.errors import RecordsUnavailable, SchemaOutdated
from records.store import Records
from records.turns import hold
from tests.postgres import Postgres
from tests.processes import ROOT
from tests.takeover import take_over
from tests.unit.test_records_leases import (  # noqa: F401 -- they run here
    test_a_broken_lease_can_write_nothing,
    test_a_lease_that_beats_is_not_broken,
    test_a_lease_that_is_given_back_can_be_claimed,
    test_a_sitting_that_was_not_begun_is_not_abandoned,
    test_an_abandoned_sitting_is_over_until_it_is_reopened,
    test_each_renewal_is_a_beat,
    test_of_several_who_break_a_lease_one_does,
    test_one_of_many_who_claim_at_once_gets_the_sitting,
    test_only_an_abandoned_sitting_is_reopened,
)
from tests.unit.test_records_store import (  # noqa: F401 -- they run here
    PAPER,
    TestInvitations,
    TestOpening,
    TestPapers,
    TestTurns,
    open_sitting,
    test_reading_sees_one_state,
    test_the_migrations_make_the_tables_of_the_schema,
    turn,
)

pytestmark = pytest.mark.live


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    records = await Records.open(url)
    await records.publish_paper("cells", PAPER, "hash-1")
    yield records
    await records.close()


@pytest.fixture
def stoppable(postgres: Postgres) -> Iterator[Postgres]:
    """Runs again afterwards, whatever happens."""
    yield postgres
    postgres.stop()
    postgres.start()


async def test_many_migrate_a_new_database_at_once(postgres: Postgres) -> None:
    url = postgres.new_database()
    with pytest.raises(SchemaOutdated, match="no tables yet"):
        await Records.open(url)
    command = [sys.executable, "-m", "records", "migrate"]
    env = os.environ | {"DATABASE_URL": url}
    pipe = asyncio.subprocess.PIPE
    migrating = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stdout=pipe)
        for _ in range(3)
    ]
    said = [await each.communicate() for each in migrating]
    assert [each.returncode for each in migrating] == [0, 0, 0]
    assert len({out for out, _ in said}) == 1
    await (await Records.open(url)).close()


async def test_a_database_that_is_not_there_is_named(postgres: Postgres) -> None:
    with pytest.raises(RecordsUnavailable, match='database "none" does not exist'):
        await Records.open(postgres.url("none"))


async def test_while_postgres_is_down_the_records_are_unavailable_and_then_go_on(
    stoppable: Postgres, records: Records
) -> None:
    sitting, _ = await open_sitting(records)
    fence = await take_over(records, sitting.id)
    await records.commit_turn(sitting.id, fence, turn(0))
    stoppable.stop()
    with pytest.raises(RecordsUnavailable):
        await records.commit_turn(sitting.id, fence, turn(1))
    with pytest.raises(RecordsUnavailable):
        await records.turns(sitting.id)
    stoppable.start()
    await records.commit_turn(sitting.id, fence, turn(1))
    assert [each.number for each in await records.turns(sitting.id)] == [0, 1]


async def test_a_connection_that_was_cut_in_the_pool_is_not_noticed(
    stoppable: Postgres, records: Records
) -> None:
    sitting, _ = await open_sitting(records)
    stoppable.stop()
    stoppable.start()
    assert await records.sitting(sitting.id) == sitting


async def test_who_stands_still_in_a_transaction_does_not_keep_the_sitting(
    url: str, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was stopped in mid-commit holds the row's lock until Postgres ends it."""
    monkeypatch.setitem(engine._LIMITS_MS, "idle_in_transaction_session_timeout", 200)
    slow = await Records.open(url)
    sitting, _ = await open_sitting(records)
    async with asyncio.timeout(10):
        with pytest.raises(RecordsUnavailable):
            async with writing(slow._engine) as connection:
                await hold(connection, sitting.id)
                lease = await records.claim(sitting.id, "another")
                await hold(connection, sitting.id)
    assert lease.fence == 1
    await slow.close()
