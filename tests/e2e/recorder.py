"""Stands between memgate and the model: records what reached the model, and slows, cuts or stalls an answer on demand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import canned

HEAD_LIMIT = 1 << 20
LAST_CHUNK = b"\r\n0\r\n\r\n"
MODEL_LIMIT = 180  # seconds for one answer of the real model
WORDS = ["All ", "is ", "well ", "that ", "ends ", "well."]


@dataclass
class Exchange:
    """A request as it reached the model, and how its connection ended. Times are those of `time.time()`."""

    number: int
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    arrived: float
    ended: str = "open"  # then: whole | cut | left (memgate closed the connection before the answer was whole)
    ended_at: float | None = None

    @property
    def json(self) -> dict:
        with contextlib.suppress(ValueError):
            value = json.loads(self.body)
            if isinstance(value, dict):
                return value
        return {}

    @property
    def text(self) -> str:
        """Everything that a model would read, and where identities could hide: path, headers, the body with its escapes undone."""
        body = json.dumps(self.json, ensure_ascii=False) if self.json else self.body.decode(errors="replace")
        return "\n".join([f"{self.method} {self.path}", *(f"{name}: {value}" for name, value in self.headers), body])


@dataclass
class Script:
    """What to do instead of asking the model, with the next request that contains the text."""

    text: str
    pause: float = 0.0  # seconds before each piece
    words: int = len(WORDS)
    cut_after: int | None = None  # pieces, then the connection is cut
    stall_after: int | None = None  # pieces, then nothing, until memgate leaves
    used: threading.Event = field(default_factory=threading.Event)


def is_task(body: str) -> bool:
    """A chat UI's own request (title, tags, follow-ups): it quotes the conversation, and no script is meant for it."""
    return "### Task:" in body and "<chat_history>" in body


class Recorder:
    def __init__(self, model: str | None):
        self._model = urlsplit(model) if model else None
        self._scripts: list[Script] = []
        self._numbers = itertools.count(1)
        self.exchanges: list[Exchange] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> int:
        """Listens on a free port of the loopback interface, which is the result."""
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_LIMIT), self._loop).result(
            10
        )
        return server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def script(self, script: Script) -> Script:
        self._scripts.append(script)
        return script

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing is under way and nothing arrived or ended of late."""
        now = time.time()
        return all(exchange.ended_at and now - exchange.ended_at > seconds for exchange in self.exchanges)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            exchange = await self._read(reader)
            try:
                exchange.ended = await self._answer(exchange, reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                exchange.ended = "left"
            finally:
                exchange.ended_at = exchange.ended_at or time.time()
        if not writer.transport.is_closing():
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Exchange:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = [(name, value.strip()) for name, value in (line.split(":", 1) for line in lines[1:] if line)]
        lower = {name.lower(): value for name, value in headers}
        if lower.get("transfer-encoding", "").lower() == "chunked":
            body = await _read_chunks(reader)
        else:
            body = await reader.readexactly(int(lower.get("content-length", 0)))
        exchange = Exchange(next(self._numbers), method, path, headers, body, time.time())
        self.exchanges.append(exchange)
        return exchange

    async def _answer(self, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        script = self._scripted(exchange)
        path = exchange.path.split("?")[0]
        answer = None
        if script or self._model is None or path != "/v1/chat/completions":
            answer = canned.answer(path, exchange.json, WORDS * (1 + (script.words if script else 0) // len(WORDS)))
        sending = self._send(answer, script or Script(""), writer) if answer else self._pass_on(exchange, writer)
        leaving = asyncio.ensure_future(reader.read(1))
        work = asyncio.ensure_future(sending)
        done, _ = await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if work in done:
            leaving.cancel()
            return work.result()
        exchange.ended_at = time.time()
        work.cancel()
        writer.transport.abort()
        return "left"

    def _scripted(self, exchange: Exchange) -> Script | None:
        text = exchange.text
        if is_task(text):
            return None
        for script in self._scripts:
            if script.text in text:
                self._scripts.remove(script)
                script.used.set()
                return script
        return None

    async def _send(self, answer: canned.Answer, script: Script, writer: asyncio.StreamWriter) -> str:
        head = (
            f"HTTP/1.1 {answer.status} OK\r\ncontent-type: {answer.content_type}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode())
        for number, piece in enumerate(answer.pieces):
            if number == script.cut_after:
                await writer.drain()
                await asyncio.sleep(0.3)
                writer.transport.abort()
                return "cut"
            if number == script.stall_after:
                await asyncio.sleep(MODEL_LIMIT)
            await asyncio.sleep(script.pause)
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return "whole"

    async def _pass_on(self, exchange: Exchange, writer: asyncio.StreamWriter) -> str:
        """The real model's answer, byte for byte."""
        model = self._model
        from_model, to_model = await asyncio.open_connection(model.hostname, model.port)
        try:
            dropped = {"host", "connection", "transfer-encoding", "content-length"}
            headers = "".join(f"{name}: {value}\r\n" for name, value in exchange.headers if name.lower() not in dropped)
            head = f"{exchange.method} {exchange.path} HTTP/1.1\r\nhost: {model.netloc}\r\n{headers}content-length: {len(exchange.body)}\r\nconnection: close\r\n\r\n"
            to_model.write(head.encode("latin-1") + exchange.body)
            async with asyncio.timeout(MODEL_LIMIT):
                answer_head = await from_model.readuntil(b"\r\n\r\n")
                writer.write(answer_head)
                left = _content_length(answer_head)
                tail = b""
                # To the answer's last byte and no further: memgate may close as soon as it has that.
                while left != 0 and not (left is None and tail.endswith(LAST_CHUNK)):
                    piece = await from_model.read(65536)
                    if not piece:
                        raise ConnectionError("the model broke off")
                    left = left and left - len(piece)
                    tail = (tail + piece)[-len(LAST_CHUNK) :]
                    writer.write(piece)
                await writer.drain()
            return "whole"
        finally:
            to_model.close()


def _content_length(head: bytes) -> int | None:
    """Bytes of the body; nothing where it comes in chunks."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return None


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(pieces)
