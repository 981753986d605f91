"""What the records' short words are called on a page."""

from collections.abc import Callable

_FLAGS = {
    "address": "speaks to the grader",
    "mark_depends_on_address": "the mark would be another with what is said to the grader",
    "graders_disagree": "graders disagree",
    "few_graders": "too few graders could be used",
    "grader_failed": "a grader failed",
    "quote_refused": "a grader quoted what was not said",
    "out_of_range": "a grader's mark was out of range",
    "low_confidence": "the recogniser was unsure of decisive words",
    "corrected_transcript": "transcript corrected",
    "provisional": "provisional",
    "needs_review": "needs a person",
    "not_reached": "the exam was over before it was asked",
    "recording_failed": "the recording is not whole",
    "recogniser_failed": "the recogniser failed",
    "voice_failed": "the examiner's voice failed",
    "records_failed": "the record could not be written for a while",
    "sound_lost": "the microphone was not heard",
    "other_language": "another language",
    "unclear": "not understood",
    "steer": "gave orders to the examiner",
    "abandoned": "abandoned",
    "distress": "distress",
    "absent": "away for long",
}
_STANDS = {
    "review": "needs you",
    "flagged": "flagged",
    "graded": "marked",
    "released": "released",
    "waiting": "being marked",
    "under_way": "exam not over",
}
_UNITS = {
    "input_tokens": "tokens read",
    "output_tokens": "tokens written",
    "stt_seconds": "seconds of listening",
    "tts_characters": "characters spoken",
}
_REASONS = {
    "closed": "the exam's end",
    "corrected": "a correction",
    "asked_again": "asked again",
    "regraded": "regraded, as a proposal",
}
_STATES = {
    "answered": "answered",
    "skipped": "skipped",
    "dont_know": "did not know",
    "unanswered": "not answered",
    "open": "open",
}


def flag(word: str) -> str:
    return _FLAGS.get(word, word.replace("_", " "))


def _of(known: dict[str, str]) -> Callable[[str], str]:
    return lambda word: known.get(word, word.replace("_", " "))


def clock(milliseconds: int | None) -> str:
    """Minutes and seconds."""
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes}:{seconds:02d}"


FILTERS: dict[str, Callable[..., str]] = {
    "flag": flag,
    "stand": _of(_STANDS),
    "unit": _of(_UNITS),
    "reason": _of(_REASONS),
    "answered": _of(_STATES),
    "clock": clock,
}
