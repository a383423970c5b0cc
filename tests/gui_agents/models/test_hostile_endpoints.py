"""An endpoint that sends too much, too slowly, or what nobody can decode costs one failed attempt and little else."""

import asyncio
import gzip
import json
import re
import tracemalloc
import zlib
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from gui_agents.domain.actions import Done, InvalidActionError
from gui_agents.domain.model import ModelError
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import CallOutcome
from gui_agents.http import body as bounds
from gui_agents.http.network import MAX_HEAD_BYTES
from gui_agents.models.caller import DECODED_AT_ONCE, CalledModel
from gui_agents.models.clients import ModelClients
from gui_agents.models.retry import RetryPolicy
from tests.fakes import CallBook
from tests.gui_agents.http.hostile import serving
from tests.gui_agents.models.observed import request
from tests.scripted_model import text, tool_call, usage

MIB = 2**20
IN_BUFFERS = 8 * MIB
"""What the kernel may hold of what was sent: the buffers of both ends of a loopback connection."""
DONE = tool_call({"action": "done", "message": "ok"}, usage=usage(10, 2)).body


def head(*headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def endless(start: bytes, piece: bytes):
    async def answer():
        yield start
        for each in repeat(piece):
            yield each

    return answer


def whole(*pieces: bytes):
    async def answer():
        for piece in pieces:
            yield piece

    return answer


def body(data: bytes, *headers: str):
    return whole(head(f"content-length: {len(data)}", *headers), data)


async def asked(answer, *, timeout_seconds: float = 30.0):
    """Ask once; return the error if there is one, the outcomes, and what the server saw."""
    calls, failed, decision = CallBook(), None, None
    async with serving(answer) as server:
        model = CalledModel(
            endpoint=Endpoint(provider="openai", model="m", base_url=server.base_url, api_key=None),
            timeout_seconds=timeout_seconds,
            retry=RetryPolicy(max_attempts=1),
        )
        try:
            decision = await model.decide(request(), calls)
        except (ModelError, InvalidActionError) as error:
            failed = error
            if not re.search(" answered | no JSON| sent JSON", str(error)) and isinstance(error, ModelError):
                await asyncio.wait_for(server.ended.wait(), 10)
        finally:
            await model.close()
    return decision, failed, [call.outcome for call in calls], server


LISTS = b"[" + b"[]," * 20_000
CHUNKED = head("transfer-encoding: chunked")
TOO_LARGE = "more than 4,194,304 bytes"
TOO_MANY_VALUES = "more than 100,000 values"


def bomb(wbits: int) -> bytes:
    """Return some 64 KiB that open to 64 MiB."""
    compressor = zlib.compressobj(level=1, wbits=wbits)
    zeros = bytes(MIB)
    return b"".join(compressor.compress(zeros) for _ in range(64)) + compressor.flush()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(endless(CHUNKED, chunk(LISTS)), TOO_MANY_VALUES, id="lists without end"),
        pytest.param(endless(head(), LISTS), TOO_MANY_VALUES, id="lists without end, until the connection closes"),
        pytest.param(endless(CHUNKED, chunk(b"a" * 65536)), TOO_LARGE, id="chunks without end"),
        pytest.param(endless(head(), b" " * 65536), TOO_LARGE, id="spaces without end"),
        pytest.param(endless(head(f"content-length: {2**31}"), b"a" * 65536), TOO_LARGE, id="2 GiB"),
        pytest.param(endless(head(f"content-length: {'9' * 18}"), b"a" * 65536), TOO_LARGE, id="an exabyte"),
        pytest.param(endless(CHUNKED, chunk(b"a") * 1000), "more than 10,000 pieces", id="tiny chunks without end"),
        pytest.param(endless(CHUNKED + b"1" * 20, b"1" * 65536), "cannot be reached", id="a chunk's size without end"),
        pytest.param(endless(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 9), "more than an answer may have", id="headers"),
        pytest.param(endless(b"HTTP/1.1 200 OK\r\nx: ", b"y" * 4096), "more than an answer may have", id="a header"),
        pytest.param(endless(b"", b"y" * 4096), "more than an answer may have", id="no HTTP"),
        pytest.param(endless(b"", b"HTTP/1.1 100 Go on\r\n\r\n" * 99), "more than an answer may have", id="1xx"),
        pytest.param(endless(CHUNKED + b"0\r\n", b"x: y\r\n" * 999), "cannot be reached", id="trailers"),
    ],
)
async def test_what_has_no_end_is_one_failed_attempt_and_its_connection_closes(answer, problem):
    _, failed, outcomes, server = await asked(answer)
    assert problem in str(failed)
    assert outcomes == [CallOutcome.ERROR]
    assert server.taken < bounds.MAX_BYTES + IN_BUFFERS
    assert (server.connections, server.ended.is_set()) == (1, True)


@pytest.mark.parametrize(
    ("encoding", "data", "problem"),
    [
        ("gzip", bomb(wbits=31), TOO_LARGE),
        ("deflate", bomb(wbits=15), TOO_LARGE),
        ("gzip", gzip.compress(LISTS * 10), TOO_MANY_VALUES),
        ("gzip", DONE, "not compressed as its Content-Encoding says"),
        ("br", DONE, "the encoding 'br', which was not asked for"),
        ("zstd", DONE, "the encoding 'zstd', which was not asked for"),
        ("gzip, gzip", DONE, "the encoding 'gzip, gzip', which was not asked for"),
    ],
)
async def test_a_compressed_body_is_bounded_by_what_it_opens_to(encoding, data, problem):
    await ModelClients().client("http://127.0.0.1/v1", None)  # loads what is loaded once
    tracemalloc.start()
    _, failed, outcomes, _ = await asked(body(data, f"content-encoding: {encoding}"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problem in str(failed)
    assert outcomes == [CallOutcome.ERROR]
    assert peak < 3 * bounds.MAX_BYTES


@pytest.mark.parametrize(
    ("encoding", "data"), [("gzip", gzip.compress(DONE)), ("deflate", zlib.compress(DONE)), ("identity", DONE)]
)
async def test_an_answer_that_is_compressed_all_the_same_is_read(encoding, data):
    decision, *_ = await asked(body(data, f"content-encoding: {encoding}"))
    assert decision.actions[0] == Done("ok")


async def test_a_trickle_is_bounded_by_the_time_of_an_attempt():
    async def trickle():
        yield head("transfer-encoding: chunked", "content-type: text/event-stream")
        while True:
            await asyncio.sleep(0.01)
            yield chunk(b"data: {}\n\n")

    _, failed, outcomes, _ = await asked(trickle, timeout_seconds=0.2)
    assert "gave no answer within 0.2 s" in str(failed)
    assert outcomes == [CallOutcome.TIMEOUT]


def content(fill: str) -> bytes:
    """Return an answer whose other field holds `fill`, which is written as it is."""
    return DONE[:-1] + b', "other": ' + fill.encode() + b"}"


@pytest.mark.parametrize(
    "fill",
    [
        pytest.param("[" * 500 + "]" * 500, id="nested, not too deeply"),
        pytest.param('"' + "a" * 3 * MIB + '"', id="a long text"),
        pytest.param('"' + "\\ud800" * 1000 + '"', id="halves of pairs"),
        pytest.param("9" * MIB, id="a long integer"),
        pytest.param("-" + "9" * 4301, id="an integer that int() refuses"),
        pytest.param("1e999999", id="a number beyond the largest"),
        pytest.param("0." + "0" * MIB + "1", id="a long fraction"),
        pytest.param("NaN", id="no number"),
        pytest.param('{"a": 1, "a": 2}', id="a key twice"),
        pytest.param("[" + "1," * 90_000 + "1]", id="many numbers"),
    ],
)
async def test_what_is_odd_beside_the_action_does_not_matter(fill):
    decision, failed, outcomes, _ = await asked(body(content(fill)))
    assert (failed, outcomes) == (None, [CallOutcome.OK])
    assert decision.actions[0] == Done("ok")


@pytest.mark.parametrize("data", [b"[" * 90_000, b'{"a":' * 30_000, b"\xff" * 3 * MIB, content("[" * 50_000)])
async def test_what_cannot_be_decoded_is_a_failed_attempt(data):
    _, failed, outcomes, _ = await asked(body(data))
    assert isinstance(failed, ModelError)
    assert outcomes == [CallOutcome.ERROR]


async def test_the_longest_head_that_is_allowed_is_read():
    filler = "x: " + "y" * (MAX_HEAD_BYTES - 200)
    decision, *_ = await asked(body(DONE, filler))
    assert decision.actions[0] == Done("ok")


async def test_a_page_that_is_no_models_answer_is_not_shown():
    page = b"\n<!DOCTYPE html><title>Internal wiki: the password is 1234</title>"
    answer = whole(f"HTTP/1.1 404 Not Found\r\ncontent-length: {len(page)}\r\n\r\n".encode(), page)
    _, failed, *_ = await asked(answer)
    assert str(failed).endswith(" answered 404")


@pytest.mark.parametrize(
    "said",
    [
        "```" + "a" * 100_000,
        "{" * 90_000,
        '{"a":' * 20_000,
        '{"a":[' * 50 + "1," * 40_000,
        "{}" * 50_000,
        "." * 100_000,
        "sk-" * 33_000,
        " " * 100_000,
    ],
)
async def test_a_text_is_refused_after_bounded_work(said, monkeypatch):
    read = []
    scanner = bounds_of_answers(monkeypatch, read)
    _, failed, outcomes, _ = await asked(body(text(said).body))
    assert isinstance(failed, InvalidActionError)
    assert outcomes == [CallOutcome.INVALID]
    assert sum(read) <= scanner


def bounds_of_answers(monkeypatch, read: list[int]) -> int:
    """Count the characters that are read as objects, and return how many may be."""
    from gui_agents.http import decoding  # noqa: PLC0415
    from gui_agents.models.answers import text as answers  # noqa: PLC0415

    class Counting(json.JSONDecoder):
        def raw_decode(self, s, idx=0):
            try:
                value, end = super().raw_decode(s, idx)
            except json.JSONDecodeError as error:
                read.append(error.pos - idx)
                raise
            read.append(end - idx)
            return value, end

    monkeypatch.setattr(decoding, "DECODER", Counting(strict=False))
    # The text is tried as a whole as well, and what has a comma too many is read again.
    return (1 + decoding.MAX_COMMAS) * answers.MAX_SCANNED + 2 * answers.MAX_TEXT


@asynccontextmanager
async def in_front_of(answer):
    """Yield a model that has made its first call, and its server."""
    async with serving(answer) as server:
        model = CalledModel(endpoint=Endpoint(provider="openai", model="m", base_url=server.base_url, api_key=None))
        await model.decide(request(), CallBook())
        yield model, server
        await model.close()
        await asyncio.wait_for(server.ended.wait(), 10)


async def test_a_cancel_ends_the_wait_for_a_large_body_that_is_decoded():
    bodies = iter([DONE, content('"' + "a" * DECODED_AT_ONCE + '"')])

    async def answer():
        data = next(bodies)
        yield head(f"content-length: {len(data)}") + data

    async with in_front_of(answer) as (model, _):
        calls = CallBook()
        decoding = asyncio.Event()

        async def never(_):
            decoding.set()
            await asyncio.Event().wait()

        model._clients.decoding.run = never
        deciding = asyncio.create_task(model.decide(request(), calls))
        await asyncio.wait_for(decoding.wait(), 10)
        deciding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deciding
        assert [call.outcome for call in calls] == [CallOutcome.ERROR]


async def test_one_task_has_one_connection_and_a_cancel_closes_it():
    held = asyncio.Event()
    turns = iter(range(9))

    async def answer():
        if next(turns) == 1:
            yield CHUNKED
            held.set()
            while True:
                yield chunk(b" ")
                await asyncio.sleep(0.001)
        yield head(f"content-length: {len(DONE)}") + DONE

    async with in_front_of(answer) as (model, server):
        deciding = asyncio.create_task(model.decide(request(), CallBook()))
        await asyncio.wait_for(held.wait(), 10)
        deciding.cancel()
        await asyncio.wait([deciding])
        await asyncio.wait_for(server.ended.wait(), 10)
        for _ in range(3):
            await model.decide(request(), CallBook())
        assert server.connections == 2
