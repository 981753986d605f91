"""Which parts a running Voxam consists of, for an exam in a browser and for a console."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from deploy import livekit_server
from deploy.environment import write_private
from deploy.part import Part
from deploy.ports import Port
from deploy.settings import Settings

LIVEKIT = "livekit-server"
SPEECH = "local_providers"
DATABASE = "database"
PAPERS = "papers"
# what livekit-agents logs: its health port answers 200 before LiveKit knows of the worker
REGISTERED = "registered worker"


def for_exam(
    settings: Settings, root: Path, env: Mapping[str, str], *, workers: int, developing: bool
) -> tuple[Part, ...]:
    """Everything that an exam needs. Raises ToolMissing when there is no livekit-server."""
    own_livekit = () if settings.livekit_url else (_livekit(settings, root, env),)
    return (
        *own_livekit,
        *for_console(settings, speaks=True),
        _token_api(settings),
        _keeper(settings),
        _grading(settings),
        _desk(settings),
        *(_worker(settings, number, developing) for number in range(workers)),
    )


def for_console(settings: Settings, *, speaks: bool) -> tuple[Part, ...]:
    """What an exam at the terminal needs: the database with its papers, and speech if it speaks."""
    speech = (_speech(settings),) if speaks and settings.speaks_locally else ()
    return (
        *speech,
        Part(name=DATABASE, command=_door("records", "migrate")),
        Part(name=PAPERS, command=_door("worker", "publish"), after=frozenset({DATABASE})),
    )


def ports(settings: Settings, *, workers: int) -> tuple[Port, ...]:
    """The ports that the parts of `for_exam` listen on."""
    livekit = (
        Port(settings.livekit_port, LIVEKIT, "LIVEKIT_PORT"),
        Port(settings.livekit_tcp_port, f"{LIVEKIT}, media", "LIVEKIT_TCP_PORT"),
        Port(settings.livekit_udp_port, f"{LIVEKIT}, media", "LIVEKIT_UDP_PORT", udp=True),
    )
    return (
        *(() if settings.livekit_url else livekit),
        *speech_ports(settings),
        Port(settings.token_api_port, "token API", "TOKEN_API_PORT"),
        Port(settings.keeper_port, "keeper", "KEEPER_PORT"),
        Port(settings.grading_port, "grading", "GRADING_PORT"),
        Port(settings.desk_port, "desk", "DESK_PORT"),
        *(
            Port(settings.worker_health_port + number, "worker health", "WORKER_HEALTH_PORT")
            for number in range(workers)
        ),
    )


def speech_ports(settings: Settings) -> tuple[Port, ...]:
    """The port of local_providers, where it is used."""
    if not settings.speaks_locally:
        return ()
    return (Port(settings.local_providers_port, "local speech", "LOCAL_PROVIDERS_PORT"),)


def _livekit(settings: Settings, root: Path, env: Mapping[str, str]) -> Part:
    binary = livekit_server.find(root)
    keys = root / settings.var_dir / "livekit-keys.yaml"
    pair = {env["LIVEKIT_API_KEY"]: env["LIVEKIT_API_SECRET"]}
    write_private(keys, json.dumps(pair))  # JSON is YAML
    return Part(
        name=LIVEKIT,
        command=livekit_server.command(
            binary,
            _livekit_config(settings, root, env["LIVEKIT_API_KEY"]),
            keys,
            port=settings.livekit_port,
            tcp_port=settings.livekit_tcp_port,
            udp_port=settings.livekit_udp_port,
        ),
        ready_url=f"http://127.0.0.1:{settings.livekit_port}/",
        timeout_s=20,
        note=env["LIVEKIT_URL"],
    )


def _livekit_config(settings: Settings, root: Path, api_key: str) -> Path:
    """livekit.yaml, and that the keeper hears of what happens; signed with the key made for it."""
    config = yaml.safe_load((root / "livekit.yaml").read_text())
    url = f"http://127.0.0.1:{settings.keeper_port}/livekit-webhook"
    config["webhook"] = {"api_key": api_key, "urls": [url]}
    path = root / settings.var_dir / "livekit.yaml"
    write_private(path, yaml.safe_dump(config))
    return path


def _speech(settings: Settings) -> Part:
    port = settings.local_providers_port
    return Part(
        name=SPEECH,
        command=_door("local_providers", "--port", str(port)),
        ready_url=f"http://127.0.0.1:{port}/healthz",
        timeout_s=240,  # it loads the speech models, perhaps from a cold disk
        note="speech on this machine, as DEEPGRAM_API_KEY is not set",
    )


def _token_api(settings: Settings) -> Part:
    port = settings.token_api_port
    return Part(
        name="token_api",
        command=_door("token_api", "--port", str(port)),
        ready_url=f"http://127.0.0.1:{port}/readyz",
        after=_servers(settings),
        note=settings.public_url or f"http://127.0.0.1:{port}",
    )


def _keeper(settings: Settings) -> Part:
    port = settings.keeper_port
    return Part(
        name="keeper",
        command=_door("keeper", "--port", str(port)),
        ready_url=f"http://127.0.0.1:{port}/readyz",
        after=_servers(settings),
    )


def _grading(settings: Settings) -> Part:
    port = settings.grading_port
    return Part(
        name="grading",
        command=_door("grading", "serve", "--port", str(port)),
        ready_url=f"http://127.0.0.1:{port}/readyz",
        after=frozenset({DATABASE}),
    )


def _desk(settings: Settings) -> Part:
    port = settings.desk_port
    return Part(
        name="desk",
        command=_door("desk", "serve", "--port", str(port)),
        ready_url=f"http://127.0.0.1:{port}/readyz",
        after=frozenset({DATABASE}),
        note=f"http://127.0.0.1:{port}, for teachers",
    )


def _worker(settings: Settings, number: int, developing: bool) -> Part:
    port = settings.worker_health_port + number
    return Part(
        name=f"worker-{number + 1}",
        command=_door("worker", "dev" if developing else "start"),
        ready_url=f"http://127.0.0.1:{port}/",
        ready_log=REGISTERED,
        timeout_s=240,
        after=_servers(settings),
        env={"WORKER_HEALTH_PORT": str(port)},
        note=f"answers on {urlsplit(settings.livekit_url).hostname}"
        if settings.livekit_url
        else "",
    )


def _servers(settings: Settings) -> frozenset[str]:
    return frozenset({DATABASE} if settings.livekit_url else {DATABASE, LIVEKIT})


def _door(room: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", room, *arguments)
