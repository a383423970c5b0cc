"""What a model is told of addresses and of the network's errors."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gui_agents.domain.sandbox import TransientSandboxError

MAX_SHOWN: Final = 200
ERRORS: Final[Mapping[str, str]] = {
    "ERR_NAME_NOT_RESOLVED": "no such host was found",
    "ERR_CONNECTION_REFUSED": "the host refuses connections there",
    "ERR_CONNECTION_RESET": "the host broke the connection",
    "ERR_CONNECTION_CLOSED": "the host closed the connection without an answer",
    "ERR_CONNECTION_TIMED_OUT": "the host does not answer",
    "ERR_TIMED_OUT": "the host does not answer",
    "ERR_ADDRESS_UNREACHABLE": "the host cannot be reached",
    "ERR_EMPTY_RESPONSE": "the host sent no answer",
    "ERR_INVALID_RESPONSE": "the host's answer is not HTTP",
    "ERR_INVALID_HTTP_RESPONSE": "the host's answer is not HTTP",
    "ERR_TOO_MANY_REDIRECTS": "the page redirects without an end",
    "ERR_UNSAFE_PORT": "browsers open no pages on this port",
    "ERR_UNSAFE_REDIRECT": "the page redirects to an address that pages may not open",
    "ERR_BLOCKED_BY_CLIENT": "addresses of this kind are not opened here",
    "ERR_BLOCKED_BY_ADMINISTRATOR": "addresses of this kind are not opened here",
    "ERR_UNKNOWN_URL_SCHEME": "addresses of this kind are not opened here",
    "ERR_INVALID_AUTH_CREDENTIALS": "the site asks for a login; navigate to http://USER:PASSWORD@HOST/ if it is known",
    "ERR_TUNNEL_CONNECTION_FAILED": "the egress proxy refuses this host, or cannot reach it",
    "ERR_PROXY_CONNECTION_FAILED": "the egress proxy does not answer",
    "ERR_CERT_AUTHORITY_INVALID": "its TLS certificate is from an authority that is not trusted",
    "ERR_CERT_COMMON_NAME_INVALID": "its TLS certificate is for another host",
    "ERR_CERT_DATE_INVALID": "its TLS certificate has expired, or is not valid yet",
    "ERR_CERT_REVOKED": "its TLS certificate was revoked",
    "ERR_CERT_INVALID": "its TLS certificate is not valid",
    "ERR_CERT_WEAK_SIGNATURE_ALGORITHM": "its TLS certificate is signed in a way that is no longer trusted",
    "ERR_CERT_WEAK_KEY": "its TLS certificate has a key that is too weak",
    "ERR_CERT_VALIDITY_TOO_LONG": "its TLS certificate is valid for too long",
    "ERR_SSL_PROTOCOL_ERROR": "the host does not speak TLS there",
    "ERR_SSL_VERSION_OR_CIPHER_MISMATCH": "the host speaks only old versions of TLS",
    "ERR_SSL_UNRECOGNIZED_NAME_ALERT": "the host knows no site of this name",
    "ERR_BAD_SSL_CLIENT_AUTH_CERT": "the site asks for a certificate of the client",
    "ERR_SSL_CLIENT_AUTH_CERT_NEEDED": "the site asks for a certificate of the client",
}
SCHEMES: Final = ("http", "https")
LOOPBACK: Final = ("localhost", "127.", "[::1]")


def quoted(text: str) -> str:
    """Return a text of a page, short and with its control characters escaped."""
    return repr(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…")


def address(url: str) -> str:
    """Return an address without the user and the password in it."""
    head, separator, rest = url.partition("//")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    return f"{head}//{authority.rpartition('@')[2]}{slash}{path}"


def network_error(error: str, url: str) -> str:
    """Return a sentence for an error of the network, such as net::ERR_NAME_NOT_RESOLVED."""
    name = error.removeprefix("net::")
    why = ERRORS.get(name) or ("its TLS certificate is not valid" if "_CERT_" in name else "it failed")
    return f"{quoted(address(url))} was not opened: {why} ({name})"


def destination(url: str) -> str:
    """Return the address that a model means; one without a scheme gets https, or http if it is of this machine.

    Raises:
        TransientSandboxError: it is none that is opened here.
    """
    text = url.strip()
    scheme, separator, rest = text.partition(":")
    local = text.lower().startswith(LOOPBACK)
    if not separator or not scheme.isalpha() or rest.partition("/")[0].isdigit() or "." in scheme:
        text = f"{'http' if local else 'https'}://{text}"
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError as error:
        raise TransientSandboxError(f"{quoted(address(url))} is no address: {error}") from error
    if parts.scheme not in SCHEMES:
        raise TransientSandboxError(
            f"addresses with {parts.scheme}: are not opened here; only http:// and https:// are"
        )
    if not parts.hostname or any(character.isspace() for character in text):
        raise TransientSandboxError(f"{quoted(address(url))} is no address: such as https://example.com/path")
    return text
