"""The worker's settings, and what else the doctor looks at: those of the other parts."""

from pathlib import Path

from pydantic import SecretStr

from worker.settings import Settings


class DoctorSettings(Settings):
    """What only another part needs may be missing here: it may run on another machine."""

    public_url: str = "http://127.0.0.1:8000"
    token_api_key: SecretStr | None = None
    invitation_secret: SecretStr | None = None
    keeper_url: str = "http://127.0.0.1:8020"
    #: The file with which livekit-server runs, where the doctor can read it.
    livekit_config: Path | None = None
    var_dir: Path = Path("var")
