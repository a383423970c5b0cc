"""Why no TLS connection to a service comes about, in a sentence that says what to do.

gRPC tells the words of its library and tries again. So the handshake is tried once more, by OpenSSL.
"""

import contextlib
import socket
import ssl
from typing import Final

from gui_agents.commands.presence import FRAME_HEADER_BYTES, PROBE_SECONDS, Presence, presence
from gui_agents.credentials import Credentials, CredentialsError

WRONG_NAME: Final = frozenset({62, 64})
"""OpenSSL's codes for a certificate of another host, or of another address."""


def handshake_problem(host: str, port: int, credentials: Credentials) -> str | None:
    """Return what to say of an address with which a call in plain text, or over TLS, came to nothing.

    None if that has other reasons. An IPv6 address stands without brackets.
    """
    if presence(host, port) is Presence.HTTP2:
        return _plain_service() if credentials.secured else None
    if not credentials.secured:
        return _secured_service() if _speaks_tls(host, port) else None
    try:
        context = credentials.context()
    except CredentialsError:
        return None
    return _tried(host, port, context, credentials)


def _plain_service() -> str:
    return (
        "speaks no TLS: leave out the options and variables for TLS (--tls, GUI_AGENTS_TLS_CA …), or start the service "
        "with GRPC_TLS_CERT and GRPC_TLS_KEY"
    )


def _secured_service() -> str:
    return (
        "speaks TLS, and was called in plain text: name the authority that signed its certificate with --tls-ca FILE "
        "or GUI_AGENTS_TLS_CA; if this machine trusts it, --tls is enough"
    )


def _speaks_tls(host: str, port: int) -> bool:
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    anything.set_alpn_protocols(["h2"])
    with contextlib.suppress(OSError, UnicodeError), _connected(host, port) as plain, anything.wrap_socket(plain):
        return True
    return False


def _tried(host: str, port: int, context: ssl.SSLContext, credentials: Credentials) -> str | None:
    finished = False
    try:
        with (
            _connected(host, port) as plain,
            context.wrap_socket(plain, server_hostname=credentials.tls_name or host) as secured,
        ):
            # A server looks at the client's certificate after the client's part of the handshake. gRPC's says nothing
            # of one that it does not accept, and closes the connection.
            finished = True
            if secured.recv(FRAME_HEADER_BYTES):
                return None
    except ssl.SSLCertVerificationError as error:
        return _distrusted(host, error)
    except ssl.SSLError as error:
        if not finished:
            return f"makes no TLS connection: {(error.reason or '').lower().replace('_', ' ') or error}"
    except TimeoutError:
        return None
    except (OSError, UnicodeError):
        if not finished:
            return None
    return _turned_away(with_certificate=credentials.tls_certificate is not None)


def _connected(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), PROBE_SECONDS)


def _distrusted(host: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in WRONG_NAME:
        return f"has a certificate for other names than {host}: call it by one of them with --address"
    return (
        f"has a certificate that is not trusted ({error.verify_message}): name the authority that signed it with "
        "--tls-ca FILE or GUI_AGENTS_TLS_CA"
    )


def _turned_away(*, with_certificate: bool) -> str:
    if with_certificate:
        return "does not accept the client certificate: name another one with --tls-cert and --tls-key"
    return "asks for a client certificate: name one with --tls-cert and --tls-key"
