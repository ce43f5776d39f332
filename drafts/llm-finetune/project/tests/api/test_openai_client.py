"""OpenAI's own client against the service: answers, streams, errors, cancelling."""

import asyncio
import threading
import time
from collections.abc import Callable

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import SecretStr
from support.small import Small, rows

KEY = "a-key-that-nobody-guesses"
PROMPT = rows(3)[2].prompt


@pytest.fixture
def base_url(small: Small, port: Callable[..., int]) -> str:
    config = small.serving(api_key=SecretStr(KEY), max_tokens=64, mode="production", max_batch=16)
    return f"http://127.0.0.1:{port(config)}/v1"


@pytest.fixture
def client(base_url: str) -> OpenAI:
    return OpenAI(base_url=base_url, api_key=KEY, max_retries=0, timeout=30)


def answer(client: OpenAI, model: str, **settings: object) -> str:
    found = client.chat.completions.create(model=model, messages=PROMPT, max_tokens=12, **settings)
    return found.choices[0].message.content or ""


def test_models_and_their_answers(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names == ["base", "tuned", "tuned-dpo"]
    assert client.models.retrieve("tuned").id == "tuned"
    assert len({answer(client, name) for name in names}) == 3
    assert answer(client, "tuned") == answer(client, "tuned")


def test_an_answer_has_all_its_fields(client: OpenAI) -> None:
    found = client.chat.completions.create(model="tuned", messages=PROMPT, max_tokens=5)
    assert found.object == "chat.completion"
    assert found.choices[0].message.role == "assistant"
    assert found.choices[0].finish_reason in ("stop", "length")
    assert found.usage is not None
    assert found.usage.completion_tokens <= 5
    assert found.usage.total_tokens == found.usage.prompt_tokens + found.usage.completion_tokens


def test_a_stream_says_the_same_in_pieces(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="tuned",
        messages=PROMPT,
        max_tokens=12,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    texts = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(texts) == answer(client, "tuned")
    assert len(texts) > 3
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason in ("stop", "length")
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens <= 12
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stop_sequence_ends_the_answer(client: OpenAI) -> None:
    whole = answer(client, "base")
    stop = whole[len(whole) // 2 :][:2]
    for stream in (False, True):
        found = client.chat.completions.create(
            model="base", messages=PROMPT, max_tokens=12, stop=[stop, "never"], stream=stream
        )
        if stream:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in found)
        else:
            text = found.choices[0].message.content
        assert text == whole[: whole.index(stop)]


def test_text_parts_and_a_developer_turn(client: OpenAI) -> None:
    parts = [
        {"role": "developer", "content": PROMPT[0]["content"]},
        {"role": "user", "content": [{"type": "text", "text": PROMPT[1]["content"]}]},
    ]
    found = client.chat.completions.create(model="tuned", messages=parts, max_tokens=12)
    assert found.choices[0].message.content == answer(client, "tuned")


def test_errors_are_those_of_the_client_library(client: OpenAI, base_url: str) -> None:
    stranger = OpenAI(base_url=base_url, api_key="wrong-wrong-wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.models.list()
    with pytest.raises(openai.NotFoundError, match="tuned-dpo"):
        answer(client, "gpt-5")
    with pytest.raises(openai.UnprocessableEntityError, match="at most 64"):
        client.chat.completions.create(model="base", messages=PROMPT, max_tokens=65)
    with pytest.raises(openai.UnprocessableEntityError, match="temperature"):
        answer(client, "base", temperature=3)
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    with pytest.raises(openai.UnprocessableEntityError, match="does not do tools"):
        answer(client, "base", tools=[tool])
    with pytest.raises(openai.UnprocessableEntityError, match="n must be 1"):
        answer(client, "base", n=2)
    long = [{"role": "user", "content": "boats " * 200}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="base", messages=long)
    assert caught.value.code == "context_length_exceeded"


def test_sixteen_streams_at_once(base_url: str, client: OpenAI) -> None:
    expected = {name: answer(client, name) for name in ("base", "tuned", "tuned-dpo")}

    async def one(client: AsyncOpenAI, name: str) -> tuple[str, str]:
        stream = await client.chat.completions.create(
            model=name, messages=PROMPT, max_tokens=12, stream=True
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return name, "".join(pieces)

    async def all_of_them() -> list[tuple[str, str]]:
        async with AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
            names = [list(expected)[i % 3] for i in range(16)]
            return await asyncio.gather(*(one(client, name) for name in names))

    for name, text in asyncio.run(all_of_them()):
        assert text == expected[name]


def test_who_hangs_up_is_not_answered_any_further(client: OpenAI, base_url: str) -> None:
    with client.chat.completions.create(
        model="base", messages=PROMPT, max_tokens=64, stream=True, temperature=2, seed=3
    ) as stream:
        next(iter(stream))
    public = OpenAI(base_url=base_url.removesuffix("/v1"), api_key=KEY)
    for _ in range(100):
        text = public.get("/metrics", cast_to=str)
        if "rows_running 0.0" in text and 'finish="cancelled"' in text:
            return
        if 'answers_total{finish="length"' in text or 'answers_total{finish="stop"' in text:
            return  # it was faster than we were
        time.sleep(0.05)
    pytest.fail("the answer went on")


def test_requests_beyond_the_queue_are_told_to_come_back(
    small: Small, port: Callable[..., int]
) -> None:
    config = small.serving(max_batch=1, max_queue=1, max_tokens=150)
    url = f"http://127.0.0.1:{port(config)}/v1"
    client = OpenAI(base_url=url, api_key="none", max_retries=0)
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(
                client.chat.completions.create(model="base", messages=PROMPT, temperature=2, seed=1)
            )
        except openai.APIStatusError as error:
            found.append((error.status_code, error.response.headers["retry-after"]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (503, "1") in found
    assert any(not isinstance(each, tuple) for each in found)
