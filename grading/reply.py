"""What came of a call, as plain values: a checkpoint holds it."""

from typing import Literal, TypedDict


class Reply(TypedDict):
    """state: "written" by the model; "refused" for good by the server; "failed" for now, not to be
    asked before `until` (seconds of the epoch)

    content: what the model wrote; input_tokens, output_tokens: as the server counts
    tried: which try of the grading it was; why: an error in words
    """

    state: Literal["written", "refused", "failed"]
    model: str
    content: str
    input_tokens: int
    output_tokens: int
    tried: int
    until: float
    why: str


def written(model: str, content: str, input_tokens: int, output_tokens: int, tried: int) -> Reply:
    return Reply(
        state="written",
        model=model,
        content=content,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        tried=tried,
        until=0.0,
        why="",
    )


def not_written(
    state: Literal["refused", "failed"], model: str, tried: int, why: str, until: float = 0.0
) -> Reply:
    return Reply(
        state=state,
        model=model,
        content="",
        input_tokens=0,
        output_tokens=0,
        tried=tried,
        until=until,
        why=why,
    )
