"""The official client libraries for Python."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import anthropic
import ollama
import openai
from checks import Traffic
from libraries import Failure, play_library
from people import ALICE
from stage import Stage

MODEL = "smollm2"
WAIT = 120  # seconds
MOST = 40  # tokens


def _user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


class OpenAi:
    errors = (openai.OpenAIError,)

    def __init__(self, root: str, key: str):
        self.client = openai.OpenAI(base_url=f"{root}/v1", api_key=key, timeout=WAIT, max_retries=0)

    def extras(self, traffic: Traffic) -> None:
        traffic.case.check(MODEL in [model.id for model in self.client.models.list()], "the model is listed")


class OpenAiChat(OpenAi):
    name = "openai (Python), chat completions"

    def ask(self, text: str) -> str:
        return self.client.chat.completions.create(model=MODEL, messages=_user(text)).choices[0].message.content

    def stream(self, text: str) -> Iterator[str]:
        with self.client.chat.completions.create(model=MODEL, messages=_user(text), stream=True) as events:
            for event in events:
                yield event.choices[0].delta.content or "" if event.choices else ""


class OpenAiResponses(OpenAi):
    name = "openai (Python), responses"

    def ask(self, text: str) -> str:
        return self.client.responses.create(model=MODEL, input=text).output_text

    def stream(self, text: str) -> Iterator[str]:
        with self.client.responses.create(model=MODEL, input=_user(text), stream=True) as events:
            for event in events:
                if event.type == "response.output_text.delta":
                    yield event.delta


class OpenAiCompletions(OpenAi):
    name = "openai (Python), completions"

    def ask(self, text: str) -> str:
        return self.client.completions.create(model=MODEL, prompt=text).choices[0].text

    def stream(self, text: str) -> Iterator[str]:
        with self.client.completions.create(model=MODEL, prompt=text, stream=True) as events:
            for event in events:
                yield event.choices[0].text


class AnthropicMessages:
    name = "anthropic (Python), messages"
    errors = (anthropic.AnthropicError,)

    def __init__(self, root: str, key: str):
        self.client = anthropic.Anthropic(base_url=root, api_key=key, timeout=WAIT, max_retries=0)

    def ask(self, text: str) -> str:
        return self.client.messages.create(model=MODEL, max_tokens=MOST, messages=_user(text)).content[0].text

    def stream(self, text: str) -> Iterator[str]:
        with self.client.messages.stream(model=MODEL, max_tokens=MOST, messages=_user(text)) as events:
            yield from events.text_stream

    def extras(self, traffic: Traffic) -> None:
        counted = self.client.messages.count_tokens(model=MODEL, messages=_user(ALICE.says(ALICE.question)))
        traffic.case.check(counted.input_tokens > 0, "tokens are counted")


class Ollama:
    errors = (ollama.ResponseError, ollama.RequestError)

    def __init__(self, root: str, key: str):
        self.client = ollama.Client(host=root, headers={"Authorization": f"Bearer {key}"}, timeout=WAIT)

    def extras(self, traffic: Traffic) -> None:
        traffic.case.check(MODEL in [model.model.split(":")[0] for model in self.client.list().models], "the model is listed")
        traffic.case.check(self.client.ps().models is not None, "running models are listed")


class OllamaChat(Ollama):
    name = "ollama (Python), chat"

    def ask(self, text: str) -> str:
        return self.client.chat(MODEL, _user(text)).message.content

    def stream(self, text: str) -> Iterator[str]:
        for part in self.client.chat(MODEL, _user(text), stream=True):
            yield part.message.content or ""


class OllamaGenerate(Ollama):
    name = "ollama (Python), generate"

    def ask(self, text: str) -> str:
        return self.client.generate(MODEL, text).response

    def stream(self, text: str) -> Iterator[str]:
        for part in self.client.generate(MODEL, text, stream=True):
            yield part.response


@dataclass(frozen=True)
class PythonLibrary:
    """An API above, for any key."""

    api: Callable[[str, str], object]
    root: Callable[[], str]

    @property
    def name(self) -> str:
        return self.api.name

    def chat(self, key: str, text: str, streamed: bool) -> str:
        client = self.api(self.root(), key)
        return "".join(client.stream(text)) if streamed else client.ask(text)

    def failure(self, key: str, text: str, streamed: bool) -> Failure:
        started = time.monotonic()
        try:
            answer = self.chat(key, text, streamed)
        except Exception as error:
            kind = f"{type(error).__module__.split('.')[0]}.{type(error).__name__}"
            own = isinstance(error, self.api.errors)
            return Failure(kind, own, str(error), getattr(error, "status_code", None), time.monotonic() - started)
        return Failure("no error at all", False, repr(answer), None, time.monotonic() - started)

    def stop(self, key: str, text: str) -> float:
        stream = self.api(self.root(), key).stream(text)
        list(itertools.islice(stream, 3))
        stopped = time.time()
        stream.close()
        return stopped

    def extras(self, traffic: Traffic, key: str) -> None:
        self.api(self.root(), key).extras(traffic)


def play(stage: Stage) -> None:
    for api in (OpenAiChat, OpenAiResponses, OpenAiCompletions, AnthropicMessages, OllamaChat, OllamaGenerate):
        play_library(stage, PythonLibrary(api, lambda: stage.memgate.root))
