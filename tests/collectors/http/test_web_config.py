import contextlib

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import check_settings
from collectors.http import web_config
from collectors.http.security import Security
from collectors.http.web_config import MAX_USERS
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.packages import install_command
from gui_agents.domain.yaml_file import MAX_CHARACTERS
from tests.collectors.http.credentials import HASH


def mistakes(path):
    with pytest.raises(ConfigError) as wrong:
        Security(path)
    return list(wrong.value.mistakes)


@pytest.mark.parametrize(
    "text", ["", "~", "http_server_config:\n  http2: true\n", "tls_server_config:", "basic_auth_users: {}"]
)
def test_a_file_that_locks_nothing_is_doubted(tmp_path, caplog, text):
    path = tmp_path / "web.yml"
    path.write_text(text)
    assert web_config.load(path) == web_config.WebConfig(None, {})
    Security(path)
    (record,) = caplog.records
    doubt = "PROMETHEUS_WEB_CONFIG locks nothing: the file sets neither tls_server_config nor basic_auth_users"
    assert (record.levelname, record.getMessage()) == ("WARNING", doubt)
    assert check_settings(web_config=path) == [doubt]


def test_a_file_that_locks_something_is_not_doubted(config, certificate, caplog):
    for content in ({"tls_server_config": certificate}, {"basic_auth_users": {"me": HASH}}):
        path = config(**content)
        Security(path).close()
        assert check_settings(web_config=path) == []
    assert caplog.records == []


def test_a_missing_file_is_a_mistake(tmp_path):
    assert mistakes(tmp_path / "none.yml") == [
        f"PROMETHEUS_WEB_CONFIG {tmp_path / 'none.yml'}: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("a: [", "is no YAML in UTF-8 in line 1"),
        ("- a", "must hold a mapping"),
        ("\x00", "is no YAML"),
        ("[" * 20_000, "nests too deep"),
        ("a: " + "[" * 13 + "]" * 13, "nests too deep"),
        ("a: " + "[" * 7 + "]" * 7 + "\nb: " + "{" * 7 + "}" * 7, "a: is not known here"),
        (r'a: "\UFFFFFFFF"', "is no YAML"),
        ("%YAML 1." + "1" * 5000 + "\n---\na: b", "is no YAML"),
        ("a: b\na: b", "a is there twice"),
        ("basic_auth_users: {me: hunter2, me: hunter2}", "basic_auth_users: me is there twice"),
        ("? [a]\n: b\n", "(a key that is no text): is not known here"),
        ("basic_auth_users: {me: 2024-99-99}", "basic_auth_users.me: is no bcrypt hash"),
        ("basic_auth_users: {me: }", "basic_auth_users.me: is no bcrypt hash"),
        ("basic_auth_users: !!int foo", "basic_auth_users: must be a mapping"),
        ("basic_auth_users: &all {me: *all}", "has an alias (*all); write the value out"),
        ("basic_auth_users: {" + "x" * MAX_CHARACTERS, "is larger than 256 KiB"),
        (
            "basic_auth_users: {" + ", ".join(f"u{number}: x" for number in range(MAX_USERS + 1)) + "}",
            "basic_auth_users: has 1001 users, and may have 1000",
        ),
        (f"basic_auth_users: {{me: {HASH[:28]}a{HASH[29:]}}}", "basic_auth_users.me: is no bcrypt hash"),
        (
            f"basic_auth_users: {{me: {HASH.replace('$04$', '$17$')}}}",
            "basic_auth_users.me: its bcrypt cost is above 16",
        ),
        ("tls_server_config: {cert_file: [a], key_file: b}", "tls_server_config.cert_file: must be a text"),
        (r'tls_server_config: {cert_file: "a\0b", key_file: c}', "tls_server_config: embedded null"),
        ("odd: 1", "odd: is not known here"),
        ("http_server_config: {headers: {X: y}}", "http_server_config: only http2 is known here"),
        ("http_server_config: 5", "http_server_config: only http2 is known here"),
        ("tls_server_config: 5", "tls_server_config: must be a mapping"),
        ("tls_server_config: {cert_file: a}", "tls_server_config.key_file: is missing"),
        ("tls_server_config: {key_file: a}", "tls_server_config.cert_file: is missing"),
        ("tls_server_config: {cipher_suites: []}", "tls_server_config.cipher_suites: is not known here"),
        ("tls_server_config: {min_version: TLS10}", "tls_server_config.min_version: must be one of TLS12, TLS13"),
        ("tls_server_config: {min_version: TLS13, max_version: TLS12}", "min_version is above max_version"),
        (
            "tls_server_config: {client_auth_type: RequireAnyClientCert}",
            "client_auth_type: must be one of NoClientCert",
        ),
        ("tls_server_config: {client_ca_file: a}", "client_auth_type and client_ca_file need each other"),
        ("basic_auth_users: 5", "basic_auth_users: must be a mapping"),
        ("basic_auth_users: {me: hunter2}", "basic_auth_users.me: is no bcrypt hash; make one with: htpasswd"),
        ("basic_auth_users: {'a:b': x}", "basic_auth_users.a:b: a name is a text without a colon"),
    ],
)
def test_mistakes_are_told_without_secrets(tmp_path, text, mistake):
    path = tmp_path / "web.yml"
    path.write_text(text)
    told = mistakes(path)
    assert any(mistake in line for line in told), told
    assert all(line.startswith("PROMETHEUS_WEB_CONFIG ") for line in told)
    assert "hunter2" not in "".join(told)


def test_files_that_do_not_fit_are_a_mistake(config, certificate, tmp_path, authority):
    other = authority.issue_cert("elsewhere")
    other.private_key_pem.write_to_path(tmp_path / "other.key")
    (told,) = mistakes(config(tls_server_config={**certificate, "key_file": "other.key"}))
    assert "tls_server_config: KEY_VALUES_MISMATCH" in told
    (told,) = mistakes(config(tls_server_config={**certificate, "key_file": "none.key"}))
    assert "No such file or directory" in told


def test_an_encrypted_key_is_a_mistake_and_asks_nobody(config, certificate, tmp_path):
    (tmp_path / "server.key").write_text(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
        "00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n"
    )
    (told,) = mistakes(config(tls_server_config=certificate))
    assert "tls_server_config: " in told


def test_missing_packages_are_a_mistake_with_the_command(config, monkeypatch):
    path = config(basic_auth_users={"me": HASH})
    monkeypatch.setitem(__import__("sys").modules, "bcrypt", None)
    assert mistakes(path) == [f"PROMETHEUS_WEB_CONFIG basic_auth_users needs bcrypt; run: {install_command('web')}"]
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    assert mistakes(path) == [f"PROMETHEUS_WEB_CONFIG needs yaml; run: {install_command('web')}"]


def test_whatever_the_file_holds_is_a_configuration_or_a_mistake(tmp_path):
    path = tmp_path / "web.yml"
    pieces = [
        "basic_auth_users",
        "tls_server_config",
        "cert_file",
        HASH,
        ": ",
        "\n",
        " ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
    ]
    tags = ["!!int ", "!!timestamp ", "!!binary ", "<<", "? ", "- ", '"', "'", "|", "%YAML 1.1", "---", "\\U", "~", "#"]

    @given(st.lists(st.sampled_from(pieces + tags) | st.text(max_size=5), max_size=20).map("".join))
    def load(text):
        path.write_bytes(text.encode(errors="replace"))
        # Nothing else is raised.
        with contextlib.suppress(ConfigError):
            assert web_config.load(path).tls is None

    load()


@pytest.mark.parametrize("last", "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
def test_a_salt_is_taken_where_bcrypt_takes_it(config, last):
    salted = HASH[:28] + last + HASH[29:]
    try:
        bcrypt.checkpw(b"", salted.encode())
    except ValueError:
        assert "is no bcrypt hash" in mistakes(config(basic_auth_users={"me": salted}))[0]
    else:
        assert web_config.load(config(basic_auth_users={"me": salted})).users == {"me": salted.encode()}


def test_a_name_may_look_like_a_number(config):
    assert set(web_config.load(config(basic_auth_users={17: HASH})).users) == {"17"}
