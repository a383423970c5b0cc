"""The web configuration file of Prometheus's exporter-toolkit: TLS and passwords, as its users know them.

`tls_server_config` and `basic_auth_users` are taken as the toolkit's documentation describes them. What cannot be
honoured here is a mistake, never a silent omission: nobody should believe in a lock that is not there.

The file is read as YAML's nodes and not as Python's values: all that it holds is texts, in two levels, and what a value
could be besides (a date, a number, an alias of everything) would only bring mistakes of its own.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.packages import install_command
from gui_agents.domain.yaml_file import read_yaml

VARIABLE: Final = "PROMETHEUS_WEB_CONFIG"

VERSIONS: Final = {
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
"""TLS 1.0 and 1.1 are left out: they are broken."""

CLIENT_AUTH: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
"""The toolkit's other two take certificates without verifying them, which protects nothing."""

_TLS_KEYS: Final = frozenset(
    {"cert_file", "key_file", "client_auth_type", "client_ca_file", "min_version", "max_version"}
)
MAX_COST: Final = 16
"""Of a bcrypt hash. One check takes some seconds then, and each step more doubles it for all that wait."""
_HASH: Final = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
"""The last character of the salt holds two bits alone; bcrypt refuses one that has more."""


@attrs.frozen
class TlsConfig:
    """How the endpoint proves who it is, and whether its clients must."""

    cert_file: Path
    key_file: Path
    client_auth: ssl.VerifyMode
    client_ca_file: Path | None
    min_version: ssl.TLSVersion
    max_version: ssl.TLSVersion

    def context(self) -> ssl.SSLContext:
        """Return the context of new connections, made from the files as they are now.

        Raises:
            ConfigError: a file cannot be read, or key and certificate do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self.min_version
        context.maximum_version = self.max_version
        context.verify_mode = self.client_auth
        context.set_alpn_protocols(["http/1.1"])
        try:
            # Asked for a password, OpenSSL would wait at the terminal.
            context.load_cert_chain(self.cert_file, self.key_file, password=_no_password)
            if self.client_ca_file is not None:
                context.load_verify_locations(self.client_ca_file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            files = ", ".join(str(path) for path in self.files())
            raise ConfigError([f"{VARIABLE} tls_server_config: {reason} ({files})"]) from error
        return context

    def files(self) -> Iterator[Path]:
        """Yield the files that it reads."""
        yield self.cert_file
        yield self.key_file
        if self.client_ca_file is not None:
            yield self.client_ca_file


def _no_password() -> str:
    raise ValueError("the key is encrypted; give one without a password")


@attrs.frozen
class WebConfig:
    """What the file says."""

    tls: TlsConfig | None
    users: Mapping[str, bytes]
    """The bcrypt hash of each user's password; none: no password is asked for."""

    @property
    def locks(self) -> bool:
        """Whether it sets anything."""
        return self.tls is not None or self.identifies

    @property
    def identifies(self) -> bool:
        """Whether clients have to prove who they are."""
        return bool(self.users) or (self.tls is not None and self.tls.client_auth is ssl.CERT_REQUIRED)

    def doubt(self) -> str | None:
        """Return what is allowed, but probably not meant."""
        if self.locks:
            return None
        return f"{VARIABLE} locks nothing: the file sets neither tls_server_config nor basic_auth_users"


def load(path: Path) -> WebConfig:
    """Read and check the file; the files that it names are read, too.

    Raises:
        ConfigError: with one line for each mistake.
    """
    content = _parsed(path)
    mistakes = [f"{VARIABLE} {key}: is not known here" for key in sorted(set(map(str, content)) - _KEYS)]
    http = content.get("http_server_config") or {}
    if not isinstance(http, Mapping) or set(http) - {"http2"}:
        mistakes.append(f"{VARIABLE} http_server_config: only http2 is known here (this endpoint speaks HTTP/1.1)")
    tls = users = None
    try:
        tls = _tls(content.get("tls_server_config"), path.parent)
        if tls is not None:
            tls.context()
    except ConfigError as error:
        mistakes.extend(error.mistakes)
    try:
        users = _users(content.get("basic_auth_users"))
    except ConfigError as error:
        mistakes.extend(error.mistakes)
    if mistakes or users is None:
        raise ConfigError(mistakes)
    return WebConfig(tls, users)


@attrs.frozen
class Locks:
    """What the file asks of those who read the page."""

    tls: bool
    client_certificate: bool
    users: tuple[str, ...]


def locks(path: Path) -> Locks:
    """Tell what the file asks for; no other file is read, so that it serves those who may not see the key.

    Raises:
        ConfigError: the file cannot be read.
    """
    content = _parsed(path)
    tls, users = content.get("tls_server_config"), content.get("basic_auth_users")
    kind = tls.get("client_auth_type") if isinstance(tls, Mapping) else None
    return Locks(
        tls=tls is not None,
        client_certificate=CLIENT_AUTH.get(str(kind)) is ssl.CERT_REQUIRED,
        users=tuple(map(str, users)) if isinstance(users, Mapping) else (),
    )


def sets_tls(path: Path) -> bool:
    """Tell whether the file asks for TLS.

    Raises:
        ConfigError: the file cannot be read.
    """
    return locks(path).tls


MAX_USERS: Final = 1000
_KEYS: Final = frozenset({"tls_server_config", "http_server_config", "basic_auth_users"})


def _parsed(path: Path) -> Mapping[str, Any]:
    def read(root: Any, _: object) -> Any:
        return {} if root is None or _is_null(root) else _content(root, str(path), depth=2)

    content = read_yaml(path, read, variable=VARIABLE, extra="web")
    if not isinstance(content, Mapping):
        raise ConfigError([f"{VARIABLE} {path}: must hold a mapping, such as basic_auth_users: ..."])
    return content


def _is_null(node: Any) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _content(node: Any, where: str, *, depth: int) -> Any:
    """Return a text, nothing, or a mapping with all that is within `depth` levels; any other node as it is.

    Raises:
        ConfigError: a key is there twice, of which readers would take one or the other.
    """
    if _is_null(node):
        return None
    if node.id == "scalar":
        return node.value
    if node.id != "mapping" or depth == 0:
        return node
    content: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value) if key.id == "scalar" else "(a key that is no text)"
        if name in content:
            raise ConfigError([f"{VARIABLE} {where}: {name} is there twice"])
        content[name] = _content(value, name, depth=depth - 1)
    return content


def _tls(section: Any, folder: Path) -> TlsConfig | None:
    if section is None:
        return None
    if not isinstance(section, Mapping):
        raise ConfigError([f"{VARIABLE} tls_server_config: must be a mapping"])
    where = f"{VARIABLE} tls_server_config"
    mistakes = [f"{where}.{key}: is not known here" for key in sorted(set(map(str, section)) - _TLS_KEYS)]
    mistakes += [
        f"{where}.{key}: must be a text" for key, value in section.items() if not isinstance(value, str | None)
    ]
    files = {key: _file(section, key, folder) for key in ("cert_file", "key_file", "client_ca_file")}
    mistakes += [f"{where}.{key}: is missing" for key in ("cert_file", "key_file") if files[key] is None]
    chosen = {
        "client_auth_type": _choice(section, "client_auth_type", CLIENT_AUTH, "NoClientCert"),
        "min_version": _choice(section, "min_version", VERSIONS, "TLS12"),
        "max_version": _choice(section, "max_version", VERSIONS, "TLS13"),
    }
    options: dict[str, Mapping[str, Any]] = {
        "client_auth_type": CLIENT_AUTH,
        "min_version": VERSIONS,
        "max_version": VERSIONS,
    }
    mistakes += [
        f"{where}.{key}: must be one of {', '.join(options[key])}" for key, value in chosen.items() if value is None
    ]
    verifies = chosen["client_auth_type"] not in (None, ssl.CERT_NONE)
    if verifies != (files["client_ca_file"] is not None) and chosen["client_auth_type"] is not None:
        mistakes.append(f"{where}: client_auth_type and client_ca_file need each other")
    lowest, highest = chosen["min_version"], chosen["max_version"]
    if lowest is not None and highest is not None and lowest > highest:
        mistakes.append(f"{where}: min_version is above max_version")
    if mistakes:
        raise ConfigError(mistakes)
    return TlsConfig(
        cert_file=files["cert_file"],  # type: ignore[arg-type]  # missing ones are mistakes
        key_file=files["key_file"],  # type: ignore[arg-type]  # the same
        client_auth=chosen["client_auth_type"],
        client_ca_file=files["client_ca_file"],
        min_version=lowest,
        max_version=highest,
    )


def _file(section: Mapping[str, Any], key: str, folder: Path) -> Path | None:
    name = section.get(key)
    return folder / str(name) if name else None


def _choice(section: Mapping[str, Any], key: str, options: Mapping[str, Any], default: str) -> Any:
    return options.get(str(section.get(key) or default))


def _users(section: Any) -> dict[str, bytes]:
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise ConfigError([f"{VARIABLE} basic_auth_users: must be a mapping of names to bcrypt hashes"])
    if len(section) > MAX_USERS:
        raise ConfigError([f"{VARIABLE} basic_auth_users: has {len(section)} users, and may have {MAX_USERS}"])
    mistakes = [
        # The value is not quoted: someone may have written the password itself.
        f"{VARIABLE} basic_auth_users.{name}: is no bcrypt hash; make one with: htpasswd -nBC 10 '' | tr -d ':\\n'"
        for name, hashed in section.items()
        if not _is_hash(hashed)
    ]
    mistakes += [
        f"{VARIABLE} basic_auth_users.{name}: its bcrypt cost is above {MAX_COST}, so that a login would take too long"
        for name, hashed in section.items()
        if _is_hash(hashed) and cost(hashed.encode()) > MAX_COST
    ]
    mistakes += [
        f"{VARIABLE} basic_auth_users.{name}: a name is a text without a colon"
        for name in section
        if not name or ":" in name
    ]
    try:
        import bcrypt  # noqa: F401, PLC0415 - optional, and needed later
    except ImportError as error:
        mistakes.append(f"{VARIABLE} basic_auth_users needs {error.name}; run: {install_command('web')}")
    if mistakes:
        raise ConfigError(mistakes)
    return {name: hashed.encode() for name, hashed in section.items()}


def _is_hash(hashed: Any) -> bool:
    return isinstance(hashed, str) and _HASH.fullmatch(hashed) is not None


def cost(hashed: bytes) -> int:
    """Return the cost of a bcrypt hash: a check takes 2 ** cost rounds."""
    return int(hashed.split(b"$")[2])
