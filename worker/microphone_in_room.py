"""The student's microphone as the room shows it: published, muted, gone."""

from livekit import rtc

from worker.microphone import Microphone


class MicrophoneInRoom:
    """Tells a `Microphone` what becomes of the student's tracks. Attach it before joining."""

    def __init__(self, room: rtc.Room, microphone: Microphone, student: str) -> None:
        self._microphone = microphone
        self._student = student
        room.on("track_published", self._see)
        room.on("track_unpublished", self._lose)
        room.on("track_muted", lambda participant, track: self._see(track, participant))
        room.on("track_unmuted", lambda participant, track: self._see(track, participant))
        room.on("participant_disconnected", self._leave)

    def look(self, room: rtc.Room) -> None:
        """Sees what is there already."""
        for participant in room.remote_participants.values():
            for publication in participant.track_publications.values():
                self._see(publication, participant)

    def _see(self, publication: rtc.TrackPublication, participant: rtc.Participant) -> None:
        is_microphone = publication.source == rtc.TrackSource.SOURCE_MICROPHONE
        if is_microphone and participant.identity == self._student:
            self._microphone.published(publication.sid, muted=publication.muted)

    def _lose(self, publication: rtc.TrackPublication, participant: rtc.Participant) -> None:
        self._microphone.unpublished(publication.sid)

    def _leave(self, participant: rtc.RemoteParticipant) -> None:
        for sid in list(participant.track_publications):
            self._microphone.unpublished(sid)
