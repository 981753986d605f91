"""Groq's words around what a model writes: refusals, completions, events of a stream.

Source: console.groq.com/docs/structured-outputs, /docs/errors, /docs/api-reference.
"""

import json
from typing import Any

from aiohttp import web

STRICT_MODELS = ("openai/gpt-oss-20b", "openai/gpt-oss-120b")
MODELS = (*STRICT_MODELS, "llama-3.1-8b-instant", "llama-3.3-70b-versatile", "qwen/qwen3-32b")
CHARS_PER_TOKEN = 4

_CREATED = 1_700_000_000


def unauthorized(request: web.Request) -> web.Response | None:
    """Any key will do, none will not."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and key.strip():
        return None
    return error(401, "Invalid API Key", "invalid_api_key")


def invalid(body: dict[str, Any]) -> web.Response | None:
    """What Groq refuses before a model sees it."""
    model, messages = body.get("model"), body.get("messages")
    if model not in MODELS:
        return error(404, f"The model `{model}` does not exist", "model_not_found")
    if not isinstance(messages, list) or not messages:
        return error(400, "'messages' : minimum number of items is 1")
    wanted = body.get("response_format") or {}
    if wanted.get("type") != "json_schema":
        return None
    if body.get("stream"):
        return error(400, "response_format json_schema does not support streaming")
    if model not in STRICT_MODELS:
        return error(400, "This model does not support response format `json_schema`.")
    described = wanted["json_schema"]
    if described.get("strict") and not is_strict(described["schema"]):
        return error(400, "invalid JSON schema for response_format")
    return None


def is_strict(schema: dict[str, Any]) -> bool:
    """Every field required, no others allowed, no empty choice."""
    if schema.get("enum") == []:
        return False
    if schema.get("type") == "array":
        return is_strict(schema["items"])
    if schema.get("type") != "object":
        return True
    return (
        schema.get("additionalProperties") is False
        and set(schema.get("required", ())) == set(schema["properties"])
        and all(is_strict(each) for each in schema["properties"].values())
    )


def error(status: int, message: str, code: str | None = None) -> web.Response:
    body = {"message": message, "type": "invalid_request_error", "code": code}
    return web.json_response({"error": body}, status=status)


def tokens(text: str) -> list[str]:
    """Pieces of about a token each."""
    return [text[at : at + CHARS_PER_TOKEN] for at in range(0, len(text), CHARS_PER_TOKEN)]


def usage(prompt: int, completion: int) -> dict[str, Any]:
    """In tokens."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def completion(request_id: str, model: str, text: str, used: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": request_id,
        "object": "chat.completion",
        "created": _CREATED,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": used,
        "x_groq": {"id": f"req_{request_id}"},
    }


def chunk(
    request_id: str, model: str, delta: dict[str, Any], used: dict[str, Any] | None = None
) -> bytes:
    """One event of a stream; `used` marks the last one."""
    finish = None if used is None else "stop"
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    data: dict[str, Any] = {
        "id": request_id,
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": model,
        "choices": [choice],
    }
    if used is not None:
        data |= {"usage": used, "x_groq": {"id": f"req_{request_id}", "usage": used}}
    return f"data: {json.dumps(data)}\n\n".encode()


DONE = b"data: [DONE]\n\n"
