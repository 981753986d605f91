"""Writes down when audio goes out of this process: loaded by Python itself, from PYTHONPATH.

Does nothing without BENCH_TRACE, the file that is written to. No product code knows of it: the
classes are wrapped as their modules get imported, in job processes too, which inherit the hook.
Logged is what changes only: the first audible frame after silence, or after 100 ms without frames,
and the change from acknowledgement to content.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

GAP_S = 0.1
_ids = itertools.count()


def _log(event: dict[str, Any], at: float | None = None) -> None:
    event = {"t": round(at or time.monotonic(), 6), "pid": os.getpid(), **event}
    file = os.open(os.environ["BENCH_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(file, json.dumps(event).encode() + b"\n")
    os.close(file)


def _id_of(source: Any) -> int:
    """A number for an AudioSource, unique in the process it was made in."""
    if not hasattr(source, "_bench_id"):
        source._bench_id = next(_ids)
    number: int = source._bench_id
    return number


class _Follower:
    """What one mouth says, and when that changes."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._kind = ""
        self._seen = 0.0

    def frame(self, frame: Any, source: int) -> None:
        from bench.trace.tones import kinds_of

        now = time.monotonic()
        if now - self._seen >= GAP_S:
            self._kind = ""
        for kind in kinds_of(frame.data, frame.sample_rate):
            if kind and kind != self._kind:
                _log({"what": self._what, "source": source, "kind": kind}, now)
            self._kind = kind
        self._seen = now


def _follower(owner: Any, what: str) -> _Follower:
    if not hasattr(owner, "_bench_follower"):
        owner._bench_follower = _Follower(what)
    follower: _Follower = owner._bench_follower
    return follower


def _room(module: Any) -> None:
    connect = module.Room.connect

    async def traced(self: Any, *args: Any, **options: Any) -> None:
        await connect(self, *args, **options)
        self.local_participant._bench_room = self.name
        _log({"what": "room", "room": self.name})

    module.Room.connect = traced


def _participant(module: Any) -> None:
    publish = module.LocalParticipant.publish_track

    async def traced(self: Any, track: Any, *args: Any, **options: Any) -> Any:
        source = getattr(track, "_bench_source", None)
        if source is not None:
            _log({"what": "track", "source": source, "room": getattr(self, "_bench_room", "")})
        return await publish(self, track, *args, **options)

    module.LocalParticipant.publish_track = traced


def _track(module: Any) -> None:
    create = module.LocalAudioTrack.create_audio_track

    def traced(name: str, source: Any) -> Any:
        track = create(name, source)
        track._bench_source = _id_of(source)
        return track

    module.LocalAudioTrack.create_audio_track = staticmethod(traced)


def _source(module: Any) -> None:
    import bench.trace.tones  # noqa: F401  (or the first frame would wait for it)

    capture = module.AudioSource.capture_frame

    async def traced(self: Any, frame: Any) -> None:
        _follower(self, "source").frame(frame, _id_of(self))
        await capture(self, frame)

    module.AudioSource.capture_frame = traced


def _output(module: Any) -> None:
    """The framework's output: AudioSource makes wait who is 200 ms ahead."""
    capture = module._ParticipantAudioOutput.capture_frame

    async def traced(self: Any, frame: Any) -> None:
        _follower(self, "out").frame(frame, _id_of(self._audio_source))
        await capture(self, frame)

    module._ParticipantAudioOutput.capture_frame = traced


_HOOKS: dict[str, Callable[[Any], None]] = {
    "livekit.rtc.room": _room,
    "livekit.rtc.participant": _participant,
    "livekit.rtc.track": _track,
    "livekit.rtc.audio_source": _source,
    "livekit.agents.voice.room_io._output": _output,
}


class _Finder(MetaPathFinder):
    """Finds the modules of `_HOOKS` as usual, and wraps them once they are executed."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        hook = _HOOKS.get(name)
        spec = PathFinder.find_spec(name, path, target) if hook else None
        if hook is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def traced(module: Any) -> None:
            execute(module)
            hook(module)

        spec.loader.exec_module = traced  # type: ignore[method-assign]
        return spec


if os.environ.get("BENCH_TRACE"):
    sys.meta_path.insert(0, _Finder())
