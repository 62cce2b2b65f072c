"""Answers in each dialect, for what the small model's server does not speak and for streams that a test wants slow or cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

ABOUT = {"created": 1_760_000_000, "model": "smollm2"}
OLLAMA_ABOUT = {"model": "smollm2", "created_at": "2026-01-01T00:00:00Z"}
OLLAMA_DONE = {"done": True, "done_reason": "stop", "prompt_eval_count": 12, "eval_count": 5, "total_duration": 1}


@dataclass(frozen=True)
class Answer:
    content_type: str
    pieces: Iterator[bytes]
    status: int = 200


def whole(value: object, status: int = 200) -> Answer:
    return Answer("application/json", iter([json.dumps(value).encode()]), status)


def events(pieces: Iterator[dict], *, named: bool = False, done: bool = True) -> Answer:
    """Server-sent events, with an `event:` line of their type where the dialect has one."""

    def lines() -> Iterator[bytes]:
        for piece in pieces:
            name = f"event: {piece['type']}\n" if named else ""
            yield f"{name}data: {json.dumps(piece)}\n\n".encode()
        if done:
            yield b"data: [DONE]\n\n"

    return Answer("text/event-stream", lines())


def chat(words: list[str]) -> Iterator[dict]:
    def chunk(delta: dict, reason: str | None = None) -> dict:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"id": "chatcmpl-e2e", "object": "chat.completion.chunk", **ABOUT, "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for word in words:
        yield chunk({"content": word})
    yield chunk({}, "stop")


def completions(words: list[str]) -> Iterator[dict]:
    for word in [*words, ""]:
        choice = {"index": 0, "text": word, "logprobs": None, "finish_reason": None if word else "stop"}
        yield {"id": "cmpl-e2e", "object": "text_completion", **ABOUT, "choices": [choice]}


def response(text: str, status: str = "completed") -> dict:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_e2e", "type": "message", "role": "assistant", "status": status, "content": [part]}
    usage = {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    about = {"id": "resp_e2e", "object": "response", "created_at": 1_760_000_000, "model": "smollm2", "status": status, "error": None}
    settings = {
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "metadata": {},
        "instructions": None,
        "incomplete_details": None,
    }
    finished = status == "completed"
    return about | settings | {"output": [item] if finished else [], "usage": usage if finished else None}


def responses(words: list[str]) -> Iterator[dict]:
    numbers = count()
    text = "".join(words)
    where = {"item_id": "msg_e2e", "output_index": 0, "content_index": 0}
    item = response(text)["output"][0]
    part = item["content"][0]

    def event(kind: str, **fields: object) -> dict:
        return {"type": f"response.{kind}", "sequence_number": next(numbers), **fields}

    yield event("created", response=response("", "in_progress"))
    yield event("output_item.added", output_index=0, item=item | {"status": "in_progress", "content": []})
    yield event("content_part.added", **where, part=part | {"text": ""})
    for word in words:
        yield event("output_text.delta", **where, delta=word, logprobs=[])
    yield event("output_text.done", **where, text=text, logprobs=[])
    yield event("content_part.done", **where, part=part)
    yield event("output_item.done", output_index=0, item=item)
    yield event("completed", response=response(text))


def message(text: str) -> dict:
    about = {"id": "msg_e2e", "type": "message", "role": "assistant", "model": "smollm2"}
    end = {"stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 12, "output_tokens": 5}}
    return about | {"content": [{"type": "text", "text": text}]} | end


def messages(words: list[str]) -> Iterator[dict]:
    yield {"type": "message_start", "message": message("") | {"content": [], "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for word in words:
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 5}}
    yield {"type": "message_stop"}


def ollama(path: str, words: list[str], streamed: bool) -> Answer:
    def part(text: str) -> dict:
        if path == "/api/chat":
            return OLLAMA_ABOUT | {"message": {"role": "assistant", "content": text}}
        return OLLAMA_ABOUT | {"response": text}

    if not streamed:
        return whole(part("".join(words)) | OLLAMA_DONE)
    lines = [*(part(word) | {"done": False} for word in words), part("") | OLLAMA_DONE]
    return Answer("application/x-ndjson", (json.dumps(line).encode() + b"\n" for line in lines))


def ollama_models() -> Answer:
    details = {
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "135M",
        "quantization_level": "Q4_1",
        "parent_model": "",
    }
    model = {
        "name": "smollm2",
        "model": "smollm2",
        "modified_at": "2026-01-01T00:00:00Z",
        "size": 98362432,
        "digest": "0" * 64,
        "details": details,
    }
    return whole({"models": [model]})


def answer(path: str, body: dict, words: list[str]) -> Answer | None:
    """The answer to a request, or nothing where the real model answers."""
    text = "".join(words)
    streamed = bool(body.get("stream", path.startswith("/api/")))
    match path:
        case "/v1/chat/completions":
            if streamed:
                return events(chat(words))
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            return whole({"id": "chatcmpl-e2e", "object": "chat.completion", **ABOUT, "choices": [choice]})
        case "/v1/completions":
            if streamed:
                return events(completions(words))
            return whole(
                {
                    "id": "cmpl-e2e",
                    "object": "text_completion",
                    **ABOUT,
                    "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}],
                }
            )
        case "/v1/responses":
            return events(responses(words), named=True, done=False) if streamed else whole(response(text))
        case "/v1/messages":
            return events(messages(words), named=True, done=False) if streamed else whole(message(text))
        case "/v1/messages/count_tokens":
            return whole({"input_tokens": 12})
        case "/api/chat" | "/api/generate":
            return ollama(path, words, streamed)
        case "/api/tags" | "/api/ps":
            return ollama_models()
        case "/api/version":
            return whole({"version": "0.12.0"})
    return None
