"""The service that a verb calls: its address, and the options for TLS and the token."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import attrs

from gui_agents.client import AgentClient
from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.config.secret_files import secret_in
from gui_agents.credentials import Credentials
from gui_agents.domain.certificates import CertificateError, checked_server
from gui_agents.domain.secret import Secret


@attrs.frozen
class Service:
    """Where the service is, and how it is called."""

    address: str
    credentials: Credentials

    def client(self) -> AgentClient:
        """Return a client, on the event loop that runs.

        Raises:
            CredentialsError: a file cannot be used, or a token would be sent in plain text.
        """
        return AgentClient(self.address, self.credentials)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the service's address and for the way to it."""
    environment.add_address(parser)
    add_credentials(parser)


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """Add the options for the way to the service."""
    options = parser.add_argument_group("access")
    options.add_argument(
        "--tls-ca",
        type=Path,
        metavar="FILE",
        help="call over TLS, and trust the authorities in this PEM file (default: GUI_AGENTS_TLS_CA)",
    )
    options.add_argument(
        "--tls", action="store_true", help="call over TLS, and trust what this machine trusts (GUI_AGENTS_TLS)"
    )
    options.add_argument(
        "--tls-cert",
        type=Path,
        metavar="FILE",
        help="PEM file with a client certificate (default: GUI_AGENTS_TLS_CERT)",
    )
    options.add_argument("--tls-key", type=Path, metavar="FILE", help="its key (default: GUI_AGENTS_TLS_KEY)")
    token = options.add_mutually_exclusive_group()
    token.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with the token (default: GUI_AGENTS_TOKEN_FILE)"
    )
    token.add_argument(
        "--token",
        metavar="TOKEN",
        help="the token itself; whoever lists processes sees it, so rather use --token-file or GUI_AGENTS_TOKEN",
    )
    options.add_argument(
        "--insecure",
        action="store_true",
        help="send the token to other machines also without TLS, where others may read it (GUI_AGENTS_INSECURE)",
    )


def service(arguments: argparse.Namespace) -> Service:
    """Return the service that the user means.

    Raises:
        CommandError: the address is not HOST:PORT, or none is known.
        ConfigError: a variable is wrong, or a file holds no token.
    """
    return Service(environment.address(arguments), credentials(arguments, own=not arguments.address))


def credentials(arguments: argparse.Namespace, *, own: bool) -> Credentials:
    """Return how to call the service; options go before variables.

    With `own` it is the service that the environment describes. Its certificate is then known.

    Raises:
        CommandError: an option is wrong.
        ConfigError: a variable is wrong, or a file holds no token.
    """
    token = _token(arguments)
    variables = environment.client(without_token=token is not None)
    asked = Credentials(
        token=token or variables.token,
        tls=arguments.tls or variables.tls,
        tls_ca=arguments.tls_ca or variables.tls_ca,
        tls_certificate=arguments.tls_cert or variables.tls_certificate,
        tls_key=arguments.tls_key or variables.tls_key,
        insecure=arguments.insecure or variables.insecure,
    )
    return _trusting_our_own(asked, environment.variables()) if own else asked


def _token(arguments: argparse.Namespace) -> Secret | None:
    if arguments.token_file is not None:
        return Secret(secret_in("--token-file", arguments.token_file))
    if arguments.token is None:
        return None
    if not arguments.token:
        raise CommandError(ExitCode.USAGE, "--token is empty; leave it out to send none")
    return Secret(arguments.token)


def _trusting_our_own(asked: Credentials, known: Mapping[str, str]) -> Credentials:
    """Return credentials that trust the very certificate of a service that runs as the environment says.

    It is called at a loopback address, which no certificate is for. Whoever may not read its key, such as another user,
    trusts the authorities of this machine.
    """
    certificate, key = known.get("GRPC_TLS_CERT", "").strip(), known.get("GRPC_TLS_KEY", "").strip()
    if not (certificate and key) or asked.tls or asked.tls_ca is not None:
        return asked
    try:
        found = checked_server(Path(certificate), Path(key))
    except CertificateError:
        return attrs.evolve(asked, tls=True)
    return attrs.evolve(asked, tls_ca=Path(certificate), tls_name=found.name.replace("*", "any") or None)
