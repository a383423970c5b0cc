"""Whom a client of the service trusts, and what it proves with who it is: TLS and a token."""

import ssl
from pathlib import Path
from typing import Any, Final

import attrs
import grpc.aio

from gui_agents.domain.address import split_address
from gui_agents.domain.base_urls import key_problem
from gui_agents.domain.certificates import CertificateError, PemFile, load_authorities, load_pair
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.internet import is_loopback
from gui_agents.domain.secret import Secret


class CredentialsError(GuiAgentsError):
    """The service cannot be called with these credentials. The text says what to do."""


def _secret(token: "Secret | str | None") -> Secret | None:
    return Secret(token) if isinstance(token, str) else token


@attrs.frozen(kw_only=True)
class Credentials:
    """How a client reaches the service. In plain text, unless one of the fields for TLS is set."""

    token: Secret | None = attrs.field(default=None, converter=_secret)
    """Sent with every call."""
    tls: bool = False
    """Whether TLS is used with the authorities that this machine trusts."""
    tls_ca: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    """PEM file with the authorities to trust instead."""
    tls_certificate: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    """PEM file with the client's own certificate, if the service asks for one."""
    tls_key: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    tls_name: str | None = None
    """What the service's certificate must be for, unless it is for the host that is called."""
    insecure: bool = False
    """Whether the token may travel in plain text to another machine."""

    @property
    def secured(self) -> bool:
        """Whether TLS is used."""
        return self.tls or not (self.tls_ca is None and self.tls_certificate is None and self.tls_key is None)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What is sent with each call."""
        return () if self.token is None else (("authorization", f"Bearer {self.token.reveal()}"),)

    def channel(self, address: str, options: list[tuple[str, Any]]) -> grpc.aio.Channel:
        """Return a channel to HOST:PORT.

        Raises:
            CredentialsError: a file cannot be used, or the token would be sent where others can read it.
        """
        self._check_token(address)
        if not self.secured:
            return grpc.aio.insecure_channel(address, options=options)
        # It reads the same files, and says what is wrong with them; grpc would not.
        self.context()
        if self.tls_name is not None:
            options = [*options, ("grpc.ssl_target_name_override", self.tls_name)]
        return grpc.aio.secure_channel(address, self._of_grpc(), options=options)

    def context(self) -> ssl.SSLContext:
        """Return the same in the words of OpenSSL.

        Raises:
            CredentialsError: a file cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # As grpc does: a certificate that is trusted by itself needs no authority.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.set_alpn_protocols(["h2"])
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise CredentialsError("a client certificate and its key go together; name both files, or none")
        try:
            if self.tls_ca is not None:
                load_authorities(context, self.tls_ca)
            else:
                context.load_default_certs()
            if self.tls_certificate is not None and self.tls_key is not None:
                load_pair(context, self.tls_certificate, self.tls_key)
        except CertificateError as error:
            raise CredentialsError(f"{self._path(error.file)} {error}") from error
        return context

    def _path(self, file: PemFile) -> Path | None:
        return {
            PemFile.AUTHORITIES: self.tls_ca,
            PemFile.CERTIFICATE: self.tls_certificate,
            PemFile.KEY: self.tls_key,
        }[file]

    def _of_grpc(self) -> grpc.ChannelCredentials:
        authorities = self.tls_ca or _system_authorities()
        return grpc.ssl_channel_credentials(
            root_certificates=None if authorities is None else authorities.read_bytes(),
            private_key=None if self.tls_key is None else self.tls_key.read_bytes(),
            certificate_chain=None if self.tls_certificate is None else self.tls_certificate.read_bytes(),
        )

    def _check_token(self, address: str) -> None:
        if self.token is None:
            return
        problem = key_problem(self.token.reveal())
        if problem is not None:
            raise CredentialsError(f"the token {problem}")
        if self.secured or self.insecure:
            return
        try:
            host, _ = split_address(address)
        except ValueError:
            # One of gRPC's other ways to write an address, of which nothing is known.
            host = ""
        if not is_loopback(host):
            raise CredentialsError(
                f"the token would travel to {address} in plain text, where others can read it; call the service over "
                "TLS (--tls-ca FILE or GUI_AGENTS_TLS_CA, or --tls), or allow it with --insecure"
            )


def _system_authorities() -> Path | None:
    """Return the file of the authorities that this machine trusts; grpc has some of its own, which are older."""
    file = ssl.get_default_verify_paths().cafile
    return None if file is None else Path(file)


PLAIN: Final = Credentials()
"""Neither TLS nor a token."""
