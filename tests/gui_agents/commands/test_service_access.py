"""How the verbs reach a service behind TLS and tokens, and what they say if they do not."""

import contextlib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gui_agents import cli
from gui_agents.client import CallError
from gui_agents.commands.exits import ExitCode, of_call
from gui_agents.commands.findings import Verdict
from gui_agents.credentials import Credentials
from gui_agents.domain.secret import Secret
from gui_agents.rpc.tls import ServerTls, TlsFiles
from tests.certificates import PAST, Authority, self_signed
from tests.gui_agents.commands.fake_agent import TokenCheck, fake_service

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "gat_starter"  # noqa: S105 - of tests
OURS = "the certificate of gRPC, for agents.test, expires on"
VERBS = [
    ["run", "works"],
    ["run", "works", "--follow"],
    ["watch", "works"],
    ["status", "works"],
    ["cancel", "waits"],
    ["health"],
]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@contextlib.contextmanager
def secured(pair, client_ca=None, tokens=None):
    """Serve over TLS and yield the address."""
    tls = ServerTls(TlsFiles(pair.certificate, pair.key, client_ca))
    with fake_service(tls.credentials(), tokens) as (_, address):
        yield address


@pytest.fixture
def tokens():
    return TokenCheck()


@pytest.fixture
def locked(authority, tokens):
    """The address of a service behind TLS and tokens."""
    with secured(authority.issue(), tokens=tokens) as address:
        yield address


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_calls_over_tls_with_its_token(locked, tokens, authority, verb):
    options = ["--address", locked, "--tls-ca", str(authority.file), "--token", TOKEN]
    assert cli.main([*verb, *options]) == ExitCode.DONE
    assert set(tokens.seen) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_variables_do_the_same(locked, tokens, authority, verb, monkeypatch):
    token, dotenv = (authority.file.with_name(name) for name in ("token", ".env"))
    token.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("GUI_AGENTS_TOKEN_FILE", str(token))
    dotenv.write_text(f"GUI_AGENTS_TLS_CA={authority.file}\n")
    assert cli.main([*verb, "--address", locked]) == ExitCode.DONE
    assert set(tokens.seen) == {f"Bearer {TOKEN}"}


def test_an_option_goes_before_its_variable(locked, authority, tokens, monkeypatch, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("GUI_AGENTS_TOKEN", "gat_other")
    monkeypatch.setenv("GUI_AGENTS_TLS_CA", "/no/such/file")
    options = ["--address", locked, "--tls-ca", str(authority.file), "--token-file", str(tmp_path / "token")]
    assert cli.main(["run", "works", *options]) == ExitCode.DONE
    assert tokens.seen == [f"Bearer {TOKEN}"]


def test_a_client_certificate_is_shown_where_one_is_asked_for(authority, tmp_path, capsys):
    clients = Authority(tmp_path, "clients")
    ann, old = clients.issue("ann", "ann"), clients.issue("old", "ann", expires=PAST)
    with secured(authority.issue(), clients.file) as address:
        call = ["health", "--address", address, "--tls-ca", str(authority.file)]
        assert cli.main([*call, "--tls-cert", str(ann.certificate), "--tls-key", str(ann.key)]) == ExitCode.DONE
        capsys.readouterr()
        assert cli.main(call) == ExitCode.UNREACHABLE
        asked = "asks for a client certificate: name one with --tls-cert and --tls-key"
        assert capsys.readouterr().err == f"gui-agents: {address} {asked}\n"
        with_old = [*call, "--tls-cert", str(old.certificate), "--tls-key", str(old.key)]
        assert cli.main(with_old) == ExitCode.UNREACHABLE
        assert "does not accept the client certificate: name another one with --tls-cert" in capsys.readouterr().err


def failing(capsys, arguments):
    """Return the exit code and the one line of a verb that fails."""
    code = cli.main(arguments)
    (line,) = capsys.readouterr().err.splitlines()
    return code, line.removeprefix("gui-agents: ")


def test_a_plain_client_of_a_secured_service_is_told(locked, capsys):
    code, line = failing(capsys, ["health", "--address", locked])
    assert code == ExitCode.UNREACHABLE
    assert line.startswith(f"{locked} speaks TLS, and was called in plain text: name the authority that signed its ")


@pytest.mark.parametrize("options", [["--tls"], ["--tls-ca", "ca.crt"]], ids=" ".join)
def test_a_secured_client_of_a_plain_service_is_told(service, authority, capsys, options):
    _, address = service
    code, line = failing(capsys, ["status", "works", "--address", address, *options])
    assert code == ExitCode.UNREACHABLE
    assert line.startswith(f"{address} speaks no TLS: leave out the options and variables for TLS ")


def test_a_certificate_that_is_not_trusted_is_told(locked, tmp_path, capsys):
    other = Authority(tmp_path, "other")
    for options in (["--tls"], ["--tls-ca", str(other.file)]):
        code, line = failing(capsys, ["health", "--address", locked, *options])
        assert code == ExitCode.UNREACHABLE
        assert line.startswith(f"{locked} has a certificate that is not trusted (")
        assert line.endswith("): name the authority that signed it with --tls-ca FILE or GUI_AGENTS_TLS_CA")


def test_nothing_but_that_line_is_printed(locked, tmp_path):
    ours = [sys.executable, "-m", "gui_agents.cli", "health", "--address", locked, "--tls"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(ours, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (ExitCode.UNREACHABLE, "", 1)


def test_a_certificate_for_another_name_is_told(authority, capsys):
    with secured(authority.issue("server", "agents.test")) as address:
        code, line = failing(capsys, ["health", "--address", address, "--tls-ca", str(authority.file)])
    assert code == ExitCode.UNREACHABLE
    assert line == f"{address} has a certificate for other names than 127.0.0.1: call it by one of them with --address"


def test_nobody_there_is_told_as_ever(authority, unused_tcp_port, capsys):
    address = f"127.0.0.1:{unused_tcp_port}"
    code, line = failing(capsys, ["health", "--address", address, "--tls-ca", str(authority.file)])
    assert code == ExitCode.UNREACHABLE
    assert line.startswith(f"no service answers at {address} (UNAVAILABLE)")


def test_a_missing_token_is_told(locked, authority, capsys):
    code, line = failing(capsys, ["run", "works", "--address", locked, "--tls-ca", str(authority.file)])
    assert code == ExitCode.REFUSED
    assert line == (
        "the service refused: no valid token (UNAUTHENTICATED); name a token with GUI_AGENTS_TOKEN_FILE, "
        "GUI_AGENTS_TOKEN or --token-file"
    )


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("gat_nobody", "(UNAUTHENTICATED); the token that was sent is not valid, or not any more: ask the operator"),
        (
            "gat_reader",
            "(PERMISSION_DENIED); the token that was sent does not allow it: ask the operator for one with",
        ),
    ],
)
def test_a_token_that_does_not_do_is_told_and_not_shown(locked, authority, capsys, token, told):
    options = ["--address", locked, "--tls-ca", str(authority.file), "--token", token]
    code, line = failing(capsys, ["run", "works", *options])
    assert code == ExitCode.REFUSED
    assert told in line
    assert token not in line


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "PERMISSION_DENIED"])
def test_what_our_service_says_of_a_token_is_not_said_twice(code):
    said, sent = "the token is wrong; do this", Credentials(token=Secret(TOKEN))
    error = CallError(address="a:1", code=code, text=said, facts=["TOKEN_WRONG"], credentials=sent)
    assert str(of_call(error)) == f"the service refused: {said} ({code}) [TOKEN_WRONG]"


@pytest.mark.parametrize("host", ["agents.example.com", "192.0.2.1", "localhost.example.com", "[2001:db8::1]"])
def test_a_token_is_not_sent_in_plain_text_to_another_machine(capsys, host):
    code, line = failing(capsys, ["health", "--address", f"{host}:50051", "--token", TOKEN])
    assert code == ExitCode.USAGE
    assert line == (
        f"the token would travel to {host}:50051 in plain text, where others can read it; call the service over TLS "
        "(--tls-ca FILE or GUI_AGENTS_TLS_CA, or --tls), or allow it with --insecure"
    )


def test_a_token_may_be_sent_in_plain_text_if_asked_for(capsys, monkeypatch):
    call = ["health", "--address", "no-such-name.invalid:50051", "--token", TOKEN]
    assert failing(capsys, [*call, "--insecure"])[0] == ExitCode.UNREACHABLE
    monkeypatch.setenv("GUI_AGENTS_INSECURE", "true")
    assert failing(capsys, call)[0] == ExitCode.UNREACHABLE


def test_on_this_machine_a_token_needs_no_tls(tokens, capsys):
    with fake_service(tokens=tokens) as (_, address):
        assert cli.main(["status", "works", "--address", address, "--token", TOKEN]) == ExitCode.DONE
    assert set(tokens.seen) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--tls-ca", "/no/such/file"], "/no/such/file is no file"),
        (["--tls-ca", "empty"], "empty holds no certificate in PEM"),
        (["--tls-cert", "server.crt"], "a client certificate and its key go together; name both files, or none"),
        (["--tls-key", "server.key"], "a client certificate and its key go together; name both files, or none"),
        (["--tls-cert", "server.crt", "--tls-key", "other.key"], "other.key belongs to another certificate"),
        (["--token", "two words"], "the token must be 1 to 4000 visible ASCII characters"),
        (["--token", ""], "--token is empty; leave it out to send none"),
        (["--token-file", "/no/such/file"], "--token-file must name a file that exists, not '/no/such/file'"),
        (["--token-file", "empty"], "--token-file names an empty file; write the secret into it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_wrong_usage(tmp_path, authority, capsys, options, told):
    (tmp_path / "empty").touch()
    authority.issue("other")
    authority.issue()
    assert failing(capsys, ["health", "--address", "127.0.0.1:1", *options]) == (ExitCode.USAGE, told)


def test_a_token_and_its_file_exclude_each_other(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["health", "--token", "x", "--token-file", "y"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_help_says_that_others_see_a_token_on_the_command_line(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["run", "--help"])
    words = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "whoever lists processes sees it, so rather use --token-file or GUI_AGENTS_TOKEN" in words


@pytest.fixture
def own(authority, monkeypatch):
    """A service that runs as the environment says, with a certificate for other names than loopback."""
    pair = authority.issue("server", "agents.test")
    for variable, value in pair.of_service.items():
        monkeypatch.setenv(variable, value)
    with secured(pair) as address:
        monkeypatch.setenv("GRPC_PORT", address.rpartition(":")[2])
        yield pair


def test_the_service_of_this_environment_is_known_by_its_certificate(own, capsys):
    assert cli.main(["health"]) == ExitCode.DONE


def test_another_service_is_not_taken_for_that_of_this_environment(own, tmp_path, capsys, monkeypatch):
    for variable, value in Authority(tmp_path, "other").issue("elsewhere", "agents.test").of_service.items():
        monkeypatch.setenv(variable, value)
    code, line = failing(capsys, ["health"])
    assert code == ExitCode.UNREACHABLE
    assert "has a certificate that is not trusted" in line


def test_who_may_not_read_the_key_is_told_to_name_the_authority(own, capsys):
    own.key.unlink()
    code, line = failing(capsys, ["health"])
    assert code == ExitCode.UNREACHABLE
    assert line.endswith("name the authority that signed it with --tls-ca FILE or GUI_AGENTS_TLS_CA")


def findings(capsys, *options):
    cli.main(["doctor", "--json", *options])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {finding["subject"]: (finding["verdict"], finding["text"]) for finding in told}


def test_doctor_tells_the_expiry_and_calls_the_service(own, capsys):
    told = findings(capsys)
    assert told["TLS"] == (Verdict.OK, f"{OURS} 3000-01-01")
    assert told["service"][1].startswith("gui-agents 7.8.9 at 127.0.0.1:")


def test_doctor_tells_what_is_wrong_with_the_files(own, authority, capsys):
    own.key.write_bytes(authority.issue("other").key.read_bytes())
    told = findings(capsys)
    assert told["TLS"] == (Verdict.PROBLEM, f"GRPC_TLS_KEY {own.key} belongs to another certificate")
    assert told["service"][0] is not None
    assert told["service"][1].endswith("--tls-ca FILE or GUI_AGENTS_TLS_CA")


def test_doctor_needs_no_token_to_see_that_a_service_runs(locked, authority, monkeypatch, capsys):
    monkeypatch.setenv("GRPC_PORT", locked.rpartition(":")[2])
    monkeypatch.setenv("GUI_AGENTS_TLS_CA", str(authority.file))
    verdict, text = findings(capsys)["service"]
    assert verdict == Verdict.OK
    assert text.startswith(f"gui-agents at {locked} is healthy; it asks for a token")
    verdict, text = findings(capsys, "--token", TOKEN)["service"]
    assert (verdict, text) == (Verdict.OK, f"gui-agents 7.8.9 at {locked} is healthy")


def test_what_expires_soon_is_noted(own, authority, capsys):
    soon = datetime.now(UTC) + timedelta(days=10, hours=1)
    authority.issue("server", "agents.test", expires=soon)
    text = f"{OURS} {soon:%Y-%m-%d}, in 10 days"
    assert findings(capsys)["TLS"] == (Verdict.NOTE, text)
    assert cli.main(["config", "check"]) == ExitCode.DONE
    assert capsys.readouterr().err == f"warning: {text}\n"


def test_the_authority_of_clients_expires_too(own, monkeypatch, tmp_path, capsys):
    clients = self_signed(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    monkeypatch.setenv("GRPC_TLS_CLIENT_CA", str(clients.certificate))
    assert cli.main(["config", "check"]) == ExitCode.DONE
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"note: {OURS} 3000-01-01"
    assert second.startswith("warning: the last authority for clients of gRPC expires on 20")


def test_config_check_tells_what_is_wrong_with_the_files(own, authority, capsys):
    assert cli.main(["config", "check"]) == ExitCode.DONE
    assert capsys.readouterr().err == f"note: {OURS} 3000-01-01\n"
    authority.issue("server", "agents.test", expires=PAST)
    code, line = failing(capsys, ["config", "check"])
    assert code == ExitCode.USAGE
    assert line == f"GRPC_TLS_CERT {own.certificate} cannot be used: certificate has expired"


def test_config_check_tells_mistakes_of_clients_too(monkeypatch, capsys):
    monkeypatch.setenv("GUI_AGENTS_TLS", "perhaps")
    code, line = failing(capsys, ["config", "check"])
    assert code == ExitCode.USAGE
    assert line.startswith("GUI_AGENTS_TLS must be true or false")


def test_config_check_says_which_file_a_secret_is_from(monkeypatch, tmp_path, capsys):
    (tmp_path / "key").write_text("sk-planted-in-a-file")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    (tmp_path / ".env").write_text(f"GUI_AGENTS_TOKEN_FILE={tmp_path / 'key'}\n")
    assert cli.main(["config", "check"]) == ExitCode.DONE
    printed = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines()}
    assert rows["OPENAI_API_KEY"] == ["********", "OPENAI_API_KEY_FILE", "(environment)"]
    assert rows["GUI_AGENTS_TOKEN"] == ["********", "GUI_AGENTS_TOKEN_FILE", "(.env)"]
    assert "planted" not in printed
