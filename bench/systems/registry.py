"""Every system by its name, in the order of the report."""

from bench.systems.pipecat import pipecat
from bench.systems.seed import seed
from bench.systems.starter import starter, starter_tuned
from bench.systems.system import System
from bench.systems.voxam import voxam

SYSTEMS: dict[str, System] = {
    "seed": seed,
    "starter": starter,
    "starter_tuned": starter_tuned,
    "pipecat": pipecat,
    "voxam": voxam,
}
