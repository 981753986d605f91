"""Speech on disk: found again only for the same words in the same voice, and only whole."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from worker.speech_store import CLAIM_S, SpeechStore

pytestmark = pytest.mark.unit

TRAITS = {"provider": "http://here", "voice": "orion", "speed": 1.0, "sample_rate": 48_000}
SOUND = bytes(range(256)) * 8


def _store(folder: Path, other: dict[str, object] | None = None) -> SpeechStore:
    return SpeechStore(folder, 1, TRAITS | (other or {}))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    _store(tmp_path).write("Thank you.", SOUND)
    assert _store(tmp_path).read("Thank you.") == SOUND
    assert _store(tmp_path).has("Thank you.")


@pytest.mark.parametrize(
    "other", [{"provider": "http://there"}, {"voice": "thalia"}, {"speed": 0.8}, {"local": "x"}]
)
def test_another_voice_is_never_found(tmp_path: Path, other: dict[str, object]) -> None:
    _store(tmp_path).write("Thank you.", SOUND)
    assert _store(tmp_path, other).read("Thank you.") is None


def test_other_words_are_never_found(tmp_path: Path) -> None:
    _store(tmp_path).write("Thank you.", SOUND)
    assert _store(tmp_path).read("Thank you!") is None


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_file_is_no_speech_and_is_made_good_by_the_next(
    tmp_path: Path, damage: str
) -> None:
    store = _store(tmp_path)
    store.write("Thank you.", SOUND)
    path = store.path("Thank you.")
    whole = path.read_bytes()
    torn = {"cut": whole[:-100], "changed": whole[:-1] + b"\0", "empty": b""}[damage]
    path.write_bytes(torn)
    assert store.read("Thank you.") is None
    store.write("Thank you.", SOUND)
    assert store.read("Thank you.") == SOUND


def test_the_bound_is_kept_and_what_was_used_last_stays(tmp_path: Path) -> None:
    store = _store(tmp_path)
    sound = bytes(100_000)
    for number in range(10):
        store.write(f"{number}", sound)
        os.utime(store.path(f"{number}"), (number, number))
    assert store.read("0") == sound, "now it is the one that was used last"
    for number in range(10, 14):
        store.write(f"{number}", sound)
    held = sum(path.stat().st_size for path in tmp_path.glob("*/*.pcm"))
    assert held <= 2**20
    assert store.has("0")
    assert not store.has("1")


def test_a_folder_that_cannot_be_used_is_only_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    store = _store(file)
    for _ in range(2):
        store.write("Thank you.", SOUND)
        assert store.read("Thank you.") is None
        with store.claimed("Thank you.") as ours:
            assert ours
    assert caplog.text.count("cannot be kept") == 1


def test_one_process_at_a_time_makes_a_text(tmp_path: Path) -> None:
    one, other = _store(tmp_path), _store(tmp_path)
    with (
        one.claimed("Thank you.") as first,
        other.claimed("Thank you.") as second,
        other.claimed("All right.") as different,
    ):
        assert (first, second, different) == (True, False, True)
    with other.claimed("Thank you.") as again:
        assert again


def test_a_claim_that_was_given_up_holds_nobody_up(tmp_path: Path) -> None:
    store = _store(tmp_path)
    with store.claimed("Thank you."):
        claim = store.path("Thank you.").with_suffix(".claim")
        old = time.time() - CLAIM_S - 1
        os.utime(claim, (old, old))
        with store.claimed("Thank you.") as ours:
            assert ours


def _write_and_read(folder: str) -> int:
    store = _store(Path(folder))
    wrong = 0
    for number in range(200):
        store.write(f"{number % 7}", bytes([number % 7]) * 2000)
        found = store.read(f"{number % 5}")
        wrong += found is not None and set(found) != {number % 5}
    return wrong


def test_processes_at_the_same_files_never_read_half_a_sound(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        assert list(pool.map(_write_and_read, [str(tmp_path)] * 3)) == [0, 0, 0]
