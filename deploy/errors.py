"""What can go wrong before and while the parts run. Each error's text is the sentence people read.

DeployError
├── PortBusy        a port that a part needs is taken
├── ToolMissing     a program or file that must be there is not
├── SettingsWrong   an environment variable is missing or makes no sense
├── DoorFailed      a one-time step (migration, invitation, …) ended with an error
└── PartFailed      a part ended or was not ready in time
"""

# ruff: noqa: N818  (the names say what happened)


class DeployError(Exception):
    """Base of all errors that `deploy` reports in one sentence."""


class PortBusy(DeployError):
    """A port that a part needs is taken."""


class ToolMissing(DeployError):
    """A program or file that must be there is not."""


class SettingsWrong(DeployError):
    """An environment variable is missing or makes no sense."""


class DoorFailed(DeployError):
    """A one-time step ended with an error."""


class PartFailed(DeployError):
    """A part ended, or was not ready in time."""
