"""What the environment may set, read once."""

from pydantic import Field

from records.leases import EXPIRES_S
from records.starting import ServiceSettings


class Settings(ServiceSettings):
    keeper_port: int = Field(default=8020, ge=0, le=65535)
    lease_expires_s: float = Field(default=EXPIRES_S, gt=0)
    student_grace_s: float = Field(default=300, gt=0)
    """How long a sitting without examiner waits for its student before it is abandoned."""
    examiner_missing_s: float = Field(default=60, gt=0)
    """After it a student who waits is told that no examiner comes for now."""
