"""Attacks on the metrics port."""

import asyncio
import base64
import json
from collections.abc import Mapping
from pathlib import Path

import bcrypt

from tests.attack.attack import Attack, Tally, Target, again_and_again

USER, PASSWORD = "prometheus", "right"
COST = 10
"""Of bcrypt: 50 ms and more for each check."""


async def connect(target: Target, tally: Tally) -> None:
    """Hold connections that are idle, have sent half a request, or take their page byte by byte."""
    wanted = target.size(5_000)
    sent = (
        b"",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Half: ",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5,
    )

    async def once(turn: int) -> None:
        tally.tried()
        if tally.number >= wanted:
            tally.at_full_strength()
        reader, writer = await asyncio.open_connection("127.0.0.1", target.metrics_port, limit=1)
        try:
            writer.write(sent[turn % len(sent)])
            while await reader.read(1):
                await asyncio.sleep(1)
        finally:
            writer.close()
            await asyncio.sleep(1)

    await again_and_again(wanted, once)


async def guess(target: Target, tally: Tally) -> None:
    """Try passwords as fast as they are answered, from other addresses than the scraper's."""

    async def once(turn: int) -> None:
        tally.tried()
        if tally.number >= target.size(200):
            tally.at_full_strength()
        user = USER if turn % 2 else f"user{turn}"
        headers = {"Authorization": _basic(user, f"wrong{turn}")}
        await _ask(target.metrics_port, "/metrics", headers, source=f"127.0.0.{2 + turn % 3}")

    await again_and_again(50, once)


async def ask_for_anything(target: Target, tally: Tally) -> None:
    """Ask with foreign hosts, thousands of names, and heads as long as they may be."""
    names = "&".join(f"name[]=agent_{number}" for number in range(400))
    asked: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("/metrics", {"Host": "attacker.example"}),
        (f"/metrics?{names}", {}),
        ("/metrics", {"Accept": ",".join(f"text/{number};q=0.{number}" for number in range(400))}),
        ("/metrics", {"Accept-Encoding": "gzip;q=0." + "1" * 3_000}),
        ("/" + "a/" * 2_000, {}),
        ("/", {"X-Scrape": "y" * 6_000}),
    )

    async def once(turn: int) -> None:
        tally.tried()
        if tally.number >= target.size(2_000):
            tally.at_full_strength()
        path, headers = asked[turn % len(asked)]
        await _ask(target.metrics_port, path, headers)

    await again_and_again(12, once)


async def _ask(port: int, path: str, headers: Mapping[str, str], source: str = "127.0.0.1") -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        lines = {"Host": "localhost", "Connection": "close"} | headers
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        while await reader.read(65536):
            pass
    finally:
        writer.close()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _with_password(directory: Path) -> Mapping[str, str]:
    path = directory / "web.yml"
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(COST)).decode()
    path.write_text(json.dumps({"basic_auth_users": {USER: hashed}}), encoding="utf-8")
    return {"PROMETHEUS_WEB_CONFIG": str(path)}


async def only_watch(target: Target, tally: Tally) -> None:
    """Leave the service alone: what is wrong is inside it."""
    tally.tried()
    tally.at_full_strength()
    await asyncio.Event().wait()


ATTACKS = (
    Attack(name="5,000 connections to the metrics port", carry_out=connect),
    Attack(
        name="wrong passwords without a pause, elsewhere",
        carry_out=guess,
        prepare=_with_password,
        headers={"Authorization": _basic(USER, PASSWORD)},
    ),
    Attack(name="foreign hosts and endless requests", carry_out=ask_for_anything),
    Attack(name="sections that hang, leave, never end", carry_out=only_watch, victim="sections"),
)
