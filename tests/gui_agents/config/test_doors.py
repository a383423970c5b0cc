"""What the service does not start with, because the wrong people would get in."""

import pytest

from gui_agents.config import load
from gui_agents.domain.errors import ConfigError

LOOPBACK = ["127.0.0.1", "127.0.0.2", "127.1", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1"]
ELSEWHERE = ["0.0.0.0", "::", "[::]", "192.168.1.2", "0", "agents.example.com", "::ffff:10.0.0.1", "127.0.0.1.nip.io"]  # noqa: S104 - read


@pytest.fixture
def files(tmp_path):
    """Variables that name files, each with its own."""

    def named(*variables):
        for variable in variables:
            (tmp_path / variable).write_text("x")
        return {variable: str(tmp_path / variable) for variable in variables}

    return named


def mistakes(environment):
    try:
        load(environment)
    except ConfigError as error:
        return error.mistakes
    return ()


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_needs_neither_tokens_nor_tls(host, files):
    assert mistakes({"GRPC_HOST": host}) == ()
    assert mistakes({"GRPC_HOST": host, **files("ACCESS_TOKENS_FILE")}) == ()


@pytest.mark.parametrize("host", ELSEWHERE)
def test_other_addresses_need_tokens(host, files):
    tls = files("GRPC_TLS_CERT", "GRPC_TLS_KEY", "GRPC_TLS_CLIENT_CA")
    for environment in ({}, tls):
        (line,) = mistakes({"GRPC_HOST": host, **environment})
        assert line.startswith(f"GRPC_HOST is {host.strip('[]')}, ")
        assert "set ACCESS_TOKENS_FILE, or ALLOW_INSECURE=true" in line
        assert mistakes({"GRPC_HOST": host, "ALLOW_INSECURE": "true", **environment}) == ()


@pytest.mark.parametrize("host", ELSEWHERE)
def test_tokens_do_not_travel_in_plain_text(host, files):
    tokens, tls = files("ACCESS_TOKENS_FILE"), files("GRPC_TLS_CERT", "GRPC_TLS_KEY")
    (line,) = mistakes({"GRPC_HOST": host, **tokens})
    assert "set GRPC_TLS_CERT and GRPC_TLS_KEY, or ALLOW_INSECURE=true behind a proxy that ends TLS" in line
    assert mistakes({"GRPC_HOST": host, "ALLOW_INSECURE": "true", **tokens}) == ()
    assert mistakes({"GRPC_HOST": host, **tokens, **tls}) == ()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (("GRPC_TLS_CERT",), "GRPC_TLS_CERT is set and GRPC_TLS_KEY is not; set both for TLS, or none of them"),
        (("GRPC_TLS_KEY",), "GRPC_TLS_KEY is set and GRPC_TLS_CERT is not; set both for TLS, or none of them"),
        (("GRPC_TLS_KEY", "GRPC_TLS_CLIENT_CA"), "GRPC_TLS_KEY is set and GRPC_TLS_CERT is not; "),
        (("GRPC_TLS_CLIENT_CA",), "GRPC_TLS_CLIENT_CA has no effect without TLS; set GRPC_TLS_CERT and GRPC_TLS_KEY"),
    ],
)
def test_half_a_lock_is_a_mistake(files, variables, told):
    (line,) = mistakes(files(*variables))
    assert line.startswith(told)
