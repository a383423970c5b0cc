"""The HTTP client of the verbs that read or push metrics: one user, one TLS context, errors that say what to do.

Each peer (the metrics page, the gateway) has the same options with its own prefix. A password comes from an environment
variable or from a prompt, never from the command line, because process lists show command lines.
"""

import argparse
import base64
import getpass
import http.client
import math
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs

from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.presence import Presence, away, hangs, presence
from gui_agents.config import secret_text
from gui_agents.domain.address import checked_host
from gui_agents.domain.secret import Secret

MAX_BYTES: Final = 32 * 2**20
"""Maximum size of an answer. A page of metrics is much smaller."""
CHUNK_BYTES: Final = 2**16
UNAUTHORIZED: Final = 401
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
WRONG_NAMES: Final = frozenset({62, 64})
"""OpenSSL's codes for a certificate of another host. Another authority would not help."""


class IncompleteError(OSError):
    """A server answers, and too slowly."""


@attrs.frozen(kw_only=True)
class Peer:
    """A server, as the options and errors name it."""

    title: str
    """Its name in a sentence, such as `the metrics page`."""
    prefix: str = ""
    """The prefix of its options: `--{prefix}user` and so on."""
    password_variable: str


@attrs.frozen(kw_only=True)
class WebClient:
    """Sends requests to one peer. Every error is a CommandError with its own text."""

    peer: Peer
    timeout_seconds: float
    """Time limit of one request with its whole answer."""
    user: str | None = None
    password: Secret | None = None
    tls: ssl.SSLContext | None = None
    """None uses the authorities that the system trusts."""

    def get(self, url: str, accept: str) -> str:
        """Return the text at `url`.

        Raises:
            CommandError: the peer cannot be reached, refuses, or does not answer with text.
        """
        body = self.send(url, "GET", [("Accept", accept)], None)
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise CommandError(ExitCode.FAILED, f"{url} does not answer with text") from error

    def send(self, url: str, method: str, headers: Iterable[tuple[str, str]], body: bytes | None) -> bytes:
        """Send one request and return the body of its answer.

        Raises:
            CommandError: the peer cannot be reached, or refuses.
        """
        request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - checked
        if self.user is not None and self.password is not None:
            credentials = base64.b64encode(f"{self.user}:{self.password.reveal()}".encode()).decode()
            # Unredirected: a redirect to another server must not send the password there.
            request.add_unredirected_header("Authorization", f"Basic {credentials}")
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self.tls))
        deadline = time.monotonic() + self.timeout_seconds
        try:
            with opener.open(request, timeout=self.timeout_seconds) as answer:
                return self._read(answer, url, deadline)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(url, error, deadline) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(url, error) from error

    def _read(self, answer: http.client.HTTPResponse | urllib.error.HTTPError, url: str, deadline: float) -> bytes:
        body = b""
        while chunk := answer.read1(CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_BYTES:
                raise CommandError(ExitCode.FAILED, f"{url} answers with more than {MAX_BYTES >> 20} MiB")
            if time.monotonic() > deadline:
                raise IncompleteError(f"no whole answer within {self.timeout_seconds:g} s")
        return body

    def _refusal(self, url: str, error: urllib.error.HTTPError, deadline: float) -> CommandError:
        if error.code == UNAUTHORIZED:
            text = (
                f"{url} asks for a user and a password: name them with --{self.peer.prefix}user and "
                f"{self.peer.password_variable}"
            )
            if self.user is not None:
                text = f"{url} refuses the password of {self.user!r}"
            return CommandError(ExitCode.REFUSED, text)
        try:
            lines = self._read(error, url, deadline).decode(errors="replace").strip().splitlines()
        except (OSError, http.client.HTTPException):
            lines = []
        said = f": {lines[0]:.200}" if lines and lines[0].isprintable() else ""
        return CommandError(ExitCode.REFUSED, f"{url} refuses with {error.code} {error.reason}{said}")

    def _unreachable(self, url: str, error: Exception) -> CommandError:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        hint = ""
        if isinstance(reason, ssl.SSLCertVerificationError) and reason.verify_code not in WRONG_NAMES:
            hint = f"; name the authority that signed its certificate with --{self.peer.prefix}ca-file"
        told = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
        said = f"cannot be reached: {str(told) or type(reason).__name__}{hint}"
        if isinstance(reason, TimeoutError):
            # Only an error before the request is sent is wrapped: in a connection that nobody took, or in its TLS.
            said = self._late(url, said) if isinstance(error, urllib.error.URLError) else hangs(self.timeout_seconds)
        return CommandError(ExitCode.UNREACHABLE, f"{self.peer.title} at {url} {said}")

    def _late(self, url: str, otherwise: str) -> str:
        """Return what to say of a peer with which no connection, or no TLS, came about in time."""
        parts = urlsplit(url)
        match presence(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]):
            case Presence.ABSENT:
                return otherwise
            case Presence.UNREACHED:
                return away(self.timeout_seconds)
            case _:
                return hangs(self.timeout_seconds)


def add_options(parser: argparse.ArgumentParser, peer: Peer) -> None:
    """Add the options for the access to `peer`."""
    options = parser.add_argument_group(f"access to {peer.title}")
    options.add_argument(
        f"--{peer.prefix}user",
        metavar="NAME",
        help=f"user for basic authentication; the password is read from {peer.password_variable} or asked for",
    )
    options.add_argument(
        f"--{peer.prefix}ca-file", metavar="FILE", help="authorities to trust, instead of the system's"
    )
    options.add_argument(f"--{peer.prefix}cert", metavar="FILE", help="client certificate, if the server asks for one")
    options.add_argument(
        f"--{peer.prefix}key", metavar="FILE", help="private key of the certificate, if its file has none"
    )
    options.add_argument(
        f"--{peer.prefix}insecure", action="store_true", help="accept any certificate; for tests, never for production"
    )


def add_timeout(parser: argparse.ArgumentParser, seconds: float = 10.0) -> None:
    """Add the option for the time limit of one request."""
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        default=seconds,
        metavar="SECONDS",
        help=f"time limit of one request (default: {seconds:g})",
    )


def client(arguments: argparse.Namespace, peer: Peer, environment: Mapping[str, str]) -> WebClient:
    """Return the client that the options ask for.

    Raises:
        CommandError: a file cannot be used, or a password is missing and there is no terminal to ask for it.
    """
    user, ca_file, cert, key, insecure = (
        getattr(arguments, f"{peer.prefix}{name}".replace("-", "_"))
        for name in ("user", "ca-file", "cert", "key", "insecure")
    )
    return WebClient(
        peer=peer,
        timeout_seconds=arguments.timeout,
        user=user,
        password=None if user is None else _password(user, peer, environment),
        tls=_tls(peer, ca_file, cert, key, insecure=insecure),
    )


def checked_url(option: str, url: str, example: str) -> str:
    """Return `url` if it is a usable HTTP address. The error names `option` and `example`.

    Raises:
        CommandError: it is not an HTTP address, or it contains a user or a password.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(checked_host(parts.hostname or "")) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise CommandError(ExitCode.USAGE, f"{option} must be an address such as {example}, not {_without_user(url)!r}")
    if not parts._replace(netloc="").geturl().isascii():
        raise CommandError(ExitCode.USAGE, f"{option} must be ASCII behind the host; write other characters as %XX")
    if "@" in parts.netloc:
        raise CommandError(
            ExitCode.USAGE, f"{option} must not contain a user or a password; there are options for them"
        )
    return url


def positive_seconds(text: str) -> float:
    """Read a number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return number


def _without_user(url: str) -> str:
    return url.rpartition("@")[2]


def _password(user: str, peer: Peer, environment: Mapping[str, str]) -> Secret:
    found = secret_text(peer.password_variable, environment)
    if found.variable != peer.password_variable:
        return Secret(found.text)
    # As it is: white space may be part of a password.
    given = environment.get(peer.password_variable)
    if given is not None:
        return Secret(given)
    if not sys.stdin.isatty():
        raise CommandError(ExitCode.USAGE, f"the password of {user!r} must be in {peer.password_variable}")
    return Secret(getpass.getpass(f"Password of {user} for {peer.title}: "))


def _tls(
    peer: Peer, ca_file: str | None, cert: str | None, key: str | None, *, insecure: bool
) -> ssl.SSLContext | None:
    if not (ca_file or cert or key or insecure):
        return None
    if key and not cert:
        raise CommandError(ExitCode.USAGE, f"--{peer.prefix}key needs --{peer.prefix}cert")
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if cert:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(name for name in (ca_file, cert, key) if name)
        raise CommandError(ExitCode.USAGE, f"{files} cannot be used for TLS: {error}") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
