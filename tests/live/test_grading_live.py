"""The real service: it marks, tells how it is, ends in order, dies and is replaced; on Postgres."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from records.grading_store import GradingStore
from records.store import Records
from tests.graders.graders import Panel, panel
from tests.graders.sittings import FULL, HALF, hold
from tests.processes import ROOT, running

pytestmark = pytest.mark.live

SAID = {"first": FULL, "second": HALF, "third": FULL}
QUICK = {"GRADING_RENEW_S": "0.2", "GRADING_EXPIRES_S": "1", "GRADING_PATIENCE_S": "60"}


async def _held(url: str, *users: str) -> list[str]:
    records = await Records.open(url)
    ids = [await hold(records, user, SAID) for user in users]
    await records.close()
    return ids


def _environment(url: str, graders: Panel) -> dict[str, str]:
    return graders.environment | QUICK | {"DATABASE_URL": url}


async def _pending(url: str, graders: Panel) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "grading", "--pending"),
        cwd=ROOT,
        env=os.environ | _environment(url, graders),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def _open(store: GradingStore, ids: list[str]) -> bool:
    found = [grading for each in ids for grading in await store.gradings(each)]
    return any(grading.state != "done" for grading in found)


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return str(answer.read().decode())


async def _check(url: str, ids: list[str]) -> None:
    store = await GradingStore.open(url)
    for sitting_id in ids:
        [grading] = await store.gradings(sitting_id)
        assert grading.state == "done"
        assert [mark.marks for mark in await store.marks(grading.id)] == [4, 2, 4]
        assert (await store.verify(sitting_id)).broken == []
    await store.close()
    with psycopg.connect(url) as database:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
            assert database.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)
        counted = database.execute(
            "SELECT sitting_id, sum(quantity) FROM costs GROUP BY 1"
        ).fetchall()
        assert dict(counted) == dict.fromkeys(ids, 420.0 * 6)


async def test_two_services_one_of_which_is_killed(
    postgres_url: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    ids = await _held(postgres_url, "ada", "bea", "cyd")
    ports = free_port(), free_port()
    async with panel("silent_once", "good") as graders:
        environment = _environment(postgres_url, graders)
        command = [sys.executable, "-m", "grading", "--port"]
        first = await asyncio.to_thread(
            _started, [*command, str(ports[0])], ports[0], tmp_path / "first", environment
        )
        with first as dying:
            # It waits for the reply that never comes, and has kept the other ones.
            await graders.were_asked(6)
            dying.send_signal(signal.SIGKILL)
            await asyncio.to_thread(dying.wait)
        second = await asyncio.to_thread(
            _started, [*command, str(ports[1])], ports[1], tmp_path / "second", environment
        )
        with second as service:
            store = await GradingStore.open(postgres_url)
            while await _open(store, ids):  # noqa: ASYNC110 -- another process closes them
                await asyncio.sleep(0.05)
            assert service.poll() is None
            await store.close()
            base = f"http://127.0.0.1:{ports[1]}"
            assert json.loads(await asyncio.to_thread(_read, f"{base}/healthz"))
            figures = await asyncio.to_thread(_read, f"{base}/metrics")
            assert 'voxam_gradings_total{outcome="done"}' in figures
    await _check(postgres_url, ids)


class _started:  # noqa: N801 -- a context that is entered in a thread
    """`running`, begun without holding up the loop on which the graders' server answers."""

    def __init__(self, command: list[str], port: int, log: Path, env: dict[str, str]) -> None:
        self._context = running(command, f"http://127.0.0.1:{port}/readyz", log, 30, env)
        self._process = self._context.__enter__()

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self._process

    def __exit__(self, *_: object) -> None:
        self._context.__exit__(None, None, None)


async def test_what_a_service_gives_back_is_worked_off_later(
    postgres_url: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    ids = await _held(postgres_url, "ada")
    port = free_port()
    async with panel("silent", "good") as graders:
        command = [sys.executable, "-m", "grading", "--port", str(port)]
        started = await asyncio.to_thread(
            _started, command, port, tmp_path / "log", _environment(postgres_url, graders)
        )
        with started as service:
            await graders.were_asked(6)
            service.send_signal(signal.SIGTERM)
            await asyncio.wait_for(asyncio.to_thread(service.wait), 10)
    async with panel("good", "good") as graders:
        assert await _pending(postgres_url, graders) == (
            f"1: sitting {ids[0]} is marked.\n1 marked, 0 put off.\n"
        )
        assert {each["model"] for each in graders.server.requests} == {graders.models[0]}
    await _check(postgres_url, ids)
