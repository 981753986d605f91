"""What a client may ask for, and the sentence it gets for what it may not."""

from typing import Any

import pytest
from starlette.datastructures import QueryParams

from local_providers import listen_parameters, speak_parameters
from local_providers.errors import ParameterError
from local_providers.thresholds import Thresholds

pytestmark = pytest.mark.unit


def test_listening_has_flux_defaults() -> None:
    parsed = listen_parameters.parse(QueryParams("model=flux-general-en"))
    assert parsed.sample_rate == 16000
    assert parsed.thresholds == Thresholds(eager=None, eot=0.7, timeout_ms=5000)
    assert parsed.keyterms == ()
    assert not parsed.numerals


def test_listening_takes_all_that_flux_takes() -> None:
    query = (
        "model=flux-general-multi&encoding=linear16&sample_rate=48000&eager_eot_threshold=0.4"
        "&eot_threshold=0.8&eot_timeout_ms=3000&keyterm=osmosis&keyterm=Calvin%20cycle"
        "&mip_opt_out=true&tag=a&tag=b&numerals=true&language_hint=en&profanity_filter=false"
    )
    parsed = listen_parameters.parse(QueryParams(query))
    assert parsed.sample_rate == 48000
    assert parsed.thresholds == Thresholds(0.4, 0.8, 3000)
    assert parsed.keyterms == ("osmosis", "Calvin cycle")
    assert parsed.numerals


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "model"),
        ("model=nova-3", "model"),
        ("encoding=opus", "encoding"),
        ("sample_rate=nine", "sample_rate"),
        ("sample_rate=4000", "sample_rate"),
        ("sample_rate=96000", "sample_rate"),
        ("eot_threshold=0.4", "eot_threshold"),
        ("eot_threshold=1.1", "eot_threshold"),
        ("eot_threshold=nan", "eot_threshold"),
        ("eot_threshold=high", "eot_threshold"),
        ("eager_eot_threshold=0.2", "eager_eot_threshold"),
        ("eager_eot_threshold=0.8", "must not be above eot_threshold"),
        ("eot_timeout_ms=499", "eot_timeout_ms"),
        ("eot_timeout_ms=60001", "eot_timeout_ms"),
        ("mip_opt_out=perhaps", "mip_opt_out"),
        ("tag=" + "x" * 129, "tag"),
        ("&".join(["keyterm=x"] * 101), "keyterms"),
        ("interim_results=true", "interim_results"),
    ],
)
def test_listening_names_the_parameter_that_is_wrong(query: str, says: str) -> None:
    if query and not query.startswith("model"):
        query = f"model=flux-general-en&{query}"
    with pytest.raises(ParameterError, match=says):
        listen_parameters.parse(QueryParams(query))


def test_thresholds_change_only_where_given() -> None:
    before = Thresholds(0.4, 0.8, 3000)
    assert before.changed({}) == before
    assert before.changed({"eot_threshold": 1.0}) == Thresholds(0.4, 1.0, 3000)
    assert before.changed({"eager_eot_threshold": None}) == before
    assert before.as_wire() == {
        "eager_eot_threshold": 0.4,
        "eot_threshold": 0.8,
        "eot_timeout_ms": 3000,
    }
    assert "eager_eot_threshold" not in Thresholds().as_wire()


@pytest.mark.parametrize("value", [True, [0.7], {}, "x", float("inf")])
def test_thresholds_are_numbers(value: Any) -> None:
    with pytest.raises(ValueError, match="eot_threshold"):
        Thresholds().changed({"eot_threshold": value})


@pytest.mark.parametrize("value", [5, [1], {"a": 1}])
def test_keyterms_are_strings(value: Any) -> None:
    with pytest.raises(ValueError, match="keyterms"):
        listen_parameters.parse_keyterms(value)


def test_speaking_has_defaults_and_two_speakers() -> None:
    parsed = speak_parameters.parse(QueryParams("model=aura-2-orion-en"), batch=False)
    assert (parsed.sample_rate, parsed.speed, parsed.high) == (24000, 1.0, False)
    assert speak_parameters.parse(QueryParams("model=aura-2-thalia-en"), batch=False).high
    assert speak_parameters.parse(QueryParams(""), batch=True).container == "wav"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("model=aura-2-hector-fr", "model"),
        ("model=orion", "model"),
        ("encoding=mp3", "encoding"),
        ("sample_rate=22050", "sample_rate"),
        ("speed=0.6", "speed"),
        ("speed=1.6", "speed"),
        ("speed=nan", "speed"),
        ("speed=fast", "speed"),
        ("container=ogg", "container"),
        ("voice=x", "voice"),
    ],
)
def test_speaking_names_the_parameter_that_is_wrong(query: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        speak_parameters.parse(QueryParams(query), batch=True)


def test_a_container_is_for_batches_only() -> None:
    with pytest.raises(ParameterError, match="container"):
        speak_parameters.parse(QueryParams("container=wav"), batch=False)
