"""The commands of the README work in the order in which they stand there, and print what it shows."""

import asyncio
import re
import urllib.request
from pathlib import Path

from tests.serving import serving_app

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMANDS = re.findall(r"^\$ (.*)$", README, re.MULTILINE)


def read(url: str) -> str:
    with urllib.request.urlopen(url) as page:  # noqa: S310 - a page of this test
        return page.read().decode()


async def test_the_first_query_prints_what_is_shown(tmp_path):
    (name,) = (command.split()[-1] for command in COMMANDS if "| grep" in command)
    shown = re.search(r"\| grep \S+\n```\n\n```\n(.*?)```", README, re.DOTALL)[1]
    async with serving_app({}, tmp_path) as served:
        await served.run("finish")
        page = await asyncio.to_thread(read, f"http://127.0.0.1:{served.app.metrics_port}/metrics")
    assert [line for line in page.splitlines() if re.match(name, line)] == shown.splitlines()


def test_no_two_services_have_one_port():
    ports = [
        re.findall(r"GRPC_PORT=(\d+)", command) or ["50051"] for command in COMMANDS if "gui-agents serve" in command
    ]
    assert len(ports) == 2
    assert ports[0] != ports[1]


def test_a_file_is_made_before_it_is_used():
    assert README.index("$ cp .env.example .env") < README.index("--env-file .env")
    assert COMMANDS.index("gui-agents completion bash > completion.bash") < COMMANDS.index("source completion.bash")
