"""What every saver of checkpoints does here: it fails as the records do, and is told when stale."""

import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from records.errors import StaleFence

logger = logging.getLogger(__name__)

# What LangGraph raises when it reads a checkpoint that was damaged.
_UNREADABLE = (ValueError, NotImplementedError, KeyError)


class Fenced(BaseCheckpointSaver[str]):
    """Stands before a saver of LangGraph's, which does the work."""

    sitting_id = ""
    fence = 0

    def held(self, sitting_id: str, fence: int) -> Self:
        """The same saver, as of the one who holds the sitting under `fence`."""
        self.sitting_id = sitting_id
        self.fence = fence
        return self

    def stale(self) -> StaleFence:
        return StaleFence(
            f"Sitting {self.sitting_id} was claimed by another worker since fence {self.fence}."
        )

    def guarded(self) -> AbstractAsyncContextManager[None]:
        """Turns the driver's errors into StaleFence and RecordsUnavailable."""
        raise NotImplementedError

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """None for one that cannot be read, too: the record is there to be replayed."""
        async with self.guarded():
            try:
                return await super().aget_tuple(config)
            except _UNREADABLE as error:
                logger.error(
                    "sitting %s: its checkpoint cannot be read: %s",
                    self.sitting_id,
                    type(error).__name__,
                )
                return None

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        async with self.guarded():
            return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        async with self.guarded():
            await super().aput_writes(config, writes, task_id, task_path)
