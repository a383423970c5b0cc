"""Why an endpoint was not reached, in words, with the variable that mends it."""

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import attrs
import httpcore2

MAX_CHAIN: Final = 10
MAX_PROBLEM: Final = 100
"""Characters of what is wrong with an answer that are shown."""
NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL calls the answer of a server that speaks no TLS."""
HOSTNAME_MISMATCH: Final = 62
"""X509_V_ERR_HOSTNAME_MISMATCH of OpenSSL, which also stands for addresses (64)."""
ADDRESS_MISMATCH: Final = 64
NO_TEXT: Final = "illegal request line"
"""What `h11` says of an answer that begins with no visible character, as an alert of TLS does (RFC 8446, 6)."""


@attrs.frozen
class Way:
    """How an endpoint is called."""

    scheme: str
    port: int
    named_by: str
    """What named its address: a variable, or a field of a request."""
    proxy_variable: str | None
    """The variable that names the proxy in between."""

    @property
    def next(self) -> str:
        """What errors call that to which the connection is made."""
        return "it" if self.proxy_variable is None else f"the proxy that {self.proxy_variable} names"

    @property
    def mended_by(self) -> str:
        """What names that to which the connection is made."""
        return self.named_by if self.proxy_variable is None else self.proxy_variable


@attrs.frozen
class Cause:
    """Why an attempt failed on its way."""

    text: str
    passing: bool
    """Whether another attempt may succeed."""
    unsent: bool
    """Whether the request did not reach the endpoint for sure."""


def cause_of(error: BaseException, way: Way) -> Cause:
    """Return why there was no answer."""
    # What caused an error knows more than the error.
    for each in _innermost_first(error):
        cause = _of_tls(each, way) if isinstance(each, ssl.SSLError) else _of_network(each, way)
        if cause is not None:
            unsent = cause.unsent or isinstance(error, httpcore2.ConnectError)
            return attrs.evolve(cause, unsent=unsent)
    return Cause("the connection broke", passing=True, unsent=isinstance(error, httpcore2.ConnectError))


def _of_tls(error: ssl.SSLError, way: Way) -> Cause:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Cause(_certificate(error, way), passing=False, unsent=True)
    if error.reason in NO_TLS:
        text = f"it speaks no TLS on port {way.port}; {way.named_by} may have to begin with http://"
        return Cause(text, passing=False, unsent=True)
    return Cause(f"TLS failed ({error.reason or error})", passing=True, unsent=False)


def _of_network(error: BaseException, way: Way) -> Cause | None:
    match error:
        case httpcore2.RemoteProtocolError():
            return _of_protocol(str(error), way)
        case httpcore2.ProxyError():
            text = f"the proxy that {way.proxy_variable} names answered {error}"
        case socket.gaierror():
            text = f"{way.next} has a name that cannot be resolved ({error.strerror}); check {way.mended_by}"
        case ConnectionRefusedError():
            text = f"{way.next} refuses connections; is it running, and is {way.mended_by} right?"
        case TimeoutError():
            text = f"{way.next} took too long; check {way.mended_by} and the network"
            return Cause(text, passing=True, unsent=False)
        case OSError(errno=errno.EHOSTUNREACH | errno.ENETUNREACH | errno.ENETDOWN):
            text = f"there is no route to {way.next}; check {way.mended_by} and the network"
        case _:
            return None
    return Cause(text, passing=True, unsent=True)


def _of_protocol(problem: str, way: Way) -> Cause:
    if way.scheme == "http" and NO_TEXT in problem:
        text = f"it expects TLS on port {way.port}; {way.named_by} must begin with https://"
        return Cause(text, passing=False, unsent=True)
    text = f"it gave no HTTP answer ({problem[:MAX_PROBLEM]})"
    if way.scheme == "http":
        text += f"; if it expects TLS, {way.named_by} must begin with https://"
    return Cause(text, passing=True, unsent=False)


def _innermost_first(error: BaseException) -> Iterator[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(chain) < MAX_CHAIN:
        chain.append(current)
        current = current.__cause__ or current.__context__
    yield from reversed(chain)


def _certificate(error: ssl.SSLCertVerificationError, way: Way) -> str:
    if error.verify_code in (HOSTNAME_MISMATCH, ADDRESS_MISMATCH):
        return f"its certificate is for another name ({error.verify_message}); check {way.named_by}"
    return (
        f"its certificate is refused ({error.verify_message}); if it is right, let SSL_CERT_FILE name a file with the"
        " certificate of its authority"
    )
