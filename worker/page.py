"""The examiner's side of the student's page: attributes out, buttons in."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from livekit import rtc

from records.notice import NOTICE_TOPIC, Notice
from worker.protocol import RPC_OK, SUMMARY_TOPIC, View

logger = logging.getLogger(__name__)

Handler = Callable[[], Awaitable[None]]


class Page:
    """Shows a `View` by participant attributes (only what changed) and answers the page's RPCs.

    `student`: the identity of whose page it is. Nobody else in the room may press its buttons.
    """

    def __init__(self, room: rtc.Room, student: str) -> None:
        self._room = room
        self._student = student
        self._shown: dict[str, str] = {}
        self._wanted: dict[str, str] = {}
        self._sending: asyncio.Task[None] | None = None

    def show(self, view: View) -> None:
        """Publishes a view soon; of several in a row the last one counts."""
        self._wanted = view.attributes()
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def shown(self) -> None:
        """Waits until the last view was published."""
        if self._sending is not None:
            await self._sending

    async def notify(self, notice: Notice) -> None:
        """A notice on the page, sent reliably while there is a room."""
        try:
            await self._room.local_participant.publish_data(
                notice.encode(), reliable=True, topic=NOTICE_TOPIC
            )
        except Exception as error:  # the room may be going away under us
            logger.warning("notice %s was not sent: %s", notice.code, type(error).__name__)

    async def sum_up(self, summary: str) -> None:
        """A practice's summary, in as many packets as it takes, to the student alone."""
        try:
            await self._room.local_participant.send_text(
                summary,
                topic=SUMMARY_TOPIC,
                destination_identities=[self._student],
                compress=False,
            )
        except Exception as error:  # the room may be going away under us
            logger.warning("the summary was not sent: %s", type(error).__name__)

    def on_packet(self, topic: str, handler: Callable[[], None]) -> None:
        """Calls `handler` at each packet of the student's page on this topic."""

        def received(packet: rtc.DataPacket) -> None:
            sender = packet.participant
            if packet.topic == topic and sender and sender.identity == self._student:
                handler()

        self._room.on("data_received", received)

    def on(self, method: str, handler: Handler) -> None:
        """Answers an RPC of the student's."""

        async def answer(call: rtc.RpcInvocationData) -> str:
            if call.caller_identity != self._student:
                raise rtc.RpcError(code=1403, message="Only the student's page may call this.")
            await handler()
            return RPC_OK

        self._room.local_participant.register_rpc_method(method, answer)

    async def _send(self) -> None:
        while changes := self._changes():
            try:
                await self._room.local_participant.set_attributes(changes)
            except Exception as error:  # the room may be going away under us
                logger.warning("attributes were not published: %s", type(error).__name__)
                return
            self._shown.update(changes)

    def _changes(self) -> dict[str, str]:
        return {key: value for key, value in self._wanted.items() if self._shown.get(key) != value}
