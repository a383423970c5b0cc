"""What the verbs read from the environment and the `.env` file of the working directory."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gui_agents import config
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.domain.address import host_and_port, split_address

DOTENV: Final = Path(".env")
ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::", "[::]"})  # noqa: S104 - compared with, never bound
TOKEN_VARIABLES: Final = ("GUI_AGENTS_TOKEN", "GUI_AGENTS_TOKEN_FILE")


def variables() -> Mapping[str, str]:
    """Return the environment. The `.env` file fills what it leaves out."""
    return config.variables(os.environ, DOTENV)


def client(*, without_token: bool = False) -> config.ClientConfig:
    """Return how commands reach the service; without the token, if another one is used.

    Raises:
        ConfigError: a variable for it is wrong.
    """
    left_out = TOKEN_VARIABLES if without_token else ()
    return config.load_section(config.ClientConfig, os.environ, DOTENV, left_out)


def loaded() -> config.Config:
    """Return the configuration of the service that would start here.

    Raises:
        ConfigError: it is wrong.
    """
    return config.load(os.environ, DOTENV)


def reachable(host: str) -> str:
    """Return the host to connect to for a service that listens on `host`."""
    return "127.0.0.1" if host in ANY_ADDRESS else host


def endpoint(host: str, port: int) -> str:
    """Return HOST:PORT for a client."""
    return host_and_port(reachable(host), port)


def add_address(parser: argparse.ArgumentParser) -> None:
    """Add the option for the service's address."""
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="address of the service (default: GRPC_HOST and GRPC_PORT)"
    )


def address(arguments: argparse.Namespace) -> str:
    """Return the address of the service that the user means.

    Raises:
        CommandError: the address is not HOST:PORT, or none is known.
        ConfigError: GRPC_HOST or GRPC_PORT is wrong.
    """
    if arguments.address:
        given = str(arguments.address)
        try:
            split_address(given)
        except ValueError as error:
            # What stands before an @ may be a password.
            shown = given.rpartition("@")[2]
            raise CommandError(ExitCode.USAGE, f"--address {error}, not {shown!r:.80}") from None
        return given
    known = variables()
    ours = config.load_section(
        config.RpcConfig, {name: known[name] for name in ("GRPC_HOST", "GRPC_PORT") if name in known}
    )
    if ours.port == 0:
        raise CommandError(
            ExitCode.USAGE,
            "GRPC_PORT is 0, so the service chose a port: name it with --address (ports.json has it)",
        )
    return endpoint(ours.host, ours.port)
