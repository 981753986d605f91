"""What can go wrong with the records. Each message is a sentence fit for an operator.

RecordsError
├── SchemaOutdated       the database lacks the newest migration (or any)
├── RecordsUnavailable   the database cannot be reached, or stays locked
│   └── RecordsDamaged   what is in it cannot be read: trying again does not help
├── StaleFence           another worker has claimed the sitting since, or this one's lease is broken
├── SittingHeld          an examiner holds the sitting
├── SittingOver          the sitting is finished or abandoned
├── NotAbandoned         only an abandoned sitting can be reopened
├── TurnExists           this turn is already recorded
├── UnknownSitting
├── UnknownUtterance
├── BackupFailed         nothing was copied, or put back
├── RecordingUnavailable the store of recordings cannot be reached
├── RecordingDamaged     the sound is not as it was recorded
├── PricesUnreadable     the price list cannot be read
├── SittingRuns          what is under way is not removed
├── UnknownExam          no paper of that id is published
├── ExamFinished         the student has already sat this exam
├── UnknownTeacher
├── TeacherExists        another teacher has that name
├── MarkRefused          a mark out of its range, or of a question that was not asked
├── NotMarked            a result is not given out while an answer has no mark
├── AppealRefused        nothing can be said against a mark now
├── ConsentRequired      the paper must be recorded and the student did not agree
└── InvitationError
    ├── InvitationInvalid    forged, mangled, or not one of ours
    ├── InvitationExpired
    ├── InvitationRevoked
    └── InvitationUsed       no attempt is left
"""

# ruff: noqa: N818  (the names say what happened; that it is an error, the base class says)

from records.model import LeaseBeat


class RecordsError(Exception):
    """Base of everything that this room raises on purpose."""


class SchemaOutdated(RecordsError):
    pass


class RecordsUnavailable(RecordsError):
    pass


class RecordsDamaged(RecordsUnavailable):
    pass


class StaleFence(RecordsError):
    pass


class SittingHeld(RecordsError):
    """`lease`: whose beat it is that may have stopped."""

    def __init__(self, message: str, lease: LeaseBeat) -> None:
        super().__init__(message)
        self.lease = lease


class SittingOver(RecordsError):
    pass


class NotAbandoned(RecordsError):
    pass


class TurnExists(RecordsError):
    pass


class UnknownSitting(RecordsError):
    pass


class UnknownUtterance(RecordsError):
    pass


class BackupFailed(RecordsError):
    pass


class RecordingUnavailable(RecordsError):
    pass


class RecordingDamaged(RecordsError):
    pass


class PricesUnreadable(RecordsError):
    pass


class SittingRuns(RecordsError):
    pass


class UnknownExam(RecordsError):
    pass


class ExamFinished(RecordsError):
    pass


class ConsentRequired(RecordsError):
    pass


class UnknownTeacher(RecordsError):
    pass


class TeacherExists(RecordsError):
    pass


class MarkRefused(RecordsError):
    pass


class NotMarked(RecordsError):
    pass


class AppealRefused(RecordsError):
    pass


class InvitationError(RecordsError):
    pass


class InvitationInvalid(InvitationError):
    pass


class InvitationExpired(InvitationError):
    """`jti` is there when the signature was good: a sitting begun in time may be rejoined."""

    def __init__(self, message: str, jti: str | None = None) -> None:
        super().__init__(message)
        self.jti = jti


class InvitationRevoked(InvitationError):
    pass


class InvitationUsed(InvitationError):
    pass
