import argparse
import base64
import ssl
import subprocess

import pytest

from gui_agents.commands import web_client
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.web_client import Peer
from gui_agents.domain.errors import ConfigError
from tests.system_tools import require_program
from tests.web_servers import answering, full, silent

PEER = Peer(title="the page", prefix="far-", password_variable="FAR_PASSWORD")  # noqa: S106 - a variable's name


def client(*options, environment=None):
    parser = argparse.ArgumentParser()
    web_client.add_timeout(parser)
    web_client.add_options(parser, PEER)
    return web_client.client(parser.parse_args(options), PEER, environment or {})


def fine(_request):
    return 200, b"fine"


def credentials(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_an_answer_is_its_text():
    with answering(fine) as (url, requests):
        assert client().get(f"{url}/metrics", "text/plain") == "fine"
    assert (requests[0].method, requests[0].path) == ("GET", "/metrics")
    assert requests[0].headers["accept"] == "text/plain"
    assert "authorization" not in requests[0].headers


def test_user_and_password_are_sent_and_not_shown():
    ours = client("--far-user", "ann", environment={"FAR_PASSWORD": "pass:wörd"})
    with answering(fine) as (url, requests):
        ours.get(url, "*/*")
    assert requests[0].headers["authorization"] == credentials("ann", "pass:wörd")
    assert "pass:wörd" not in repr(ours)


def test_a_redirect_does_not_take_the_password_along():
    with (
        answering(fine) as (url, arrived),
        answering(lambda _: (302, f"{url}/there".encode())) as (first, _),
    ):
        assert client("--far-user", "ann", environment={"FAR_PASSWORD": "secret"}).get(first, "*/*") == "fine"
    assert arrived[0].path == "/there"
    assert "authorization" not in arrived[0].headers


def test_a_password_may_be_in_a_file(tmp_path):
    (tmp_path / "password").write_text("secret\n")
    in_file = {"FAR_PASSWORD_FILE": str(tmp_path / "password")}
    with answering(fine) as (url, requests):
        client("--far-user", "ann", environment=in_file).get(url, "*/*")
    assert requests[0].headers["authorization"] == credentials("ann", "secret")
    with pytest.raises(ConfigError, match="FAR_PASSWORD and FAR_PASSWORD_FILE are both set; set one of them"):
        client("--far-user", "ann", environment={**in_file, "FAR_PASSWORD": "other"})


def test_without_a_terminal_a_missing_password_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(CommandError, match="the password of 'ann' must be in FAR_PASSWORD") as raised:
        client("--far-user", "ann")
    assert raised.value.code is ExitCode.USAGE


def test_in_a_terminal_a_missing_password_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "typed")
    with answering(fine) as (url, requests):
        client("--far-user", "ann").get(url, "*/*")
    assert asked == ["Password of ann for the page: "]
    assert requests[0].headers["authorization"] == credentials("ann", "typed")


@pytest.mark.parametrize(
    ("status", "body", "options", "says"),
    [
        (401, b"", (), "asks for a user and a password: name them with --far-user and FAR_PASSWORD"),
        (401, b"", ("--far-user", "ann"), "refuses the password of 'ann'"),
        (404, b"nothing here\nmore", (), "refuses with 404 Not Found: nothing here"),
        (500, b"\x1b[31m", (), "refuses with 500 Internal Server Error"),
    ],
)
def test_a_refusal_says_what_to_do(status, body, options, says):
    ours = client(*options, environment={"FAR_PASSWORD": "x"})
    with answering(lambda _: (status, body)) as (url, _), pytest.raises(CommandError) as raised:
        ours.get(url, "*/*")
    assert (raised.value.code, str(raised.value)) == (ExitCode.REFUSED, f"{url} {says}")


def test_nothing_that_listens_is_out_of_reach(unused_tcp_port):
    with pytest.raises(CommandError, match=r"the page at .* cannot be reached: Connection refused") as raised:
        client().get(f"http://127.0.0.1:{unused_tcp_port}", "*/*")
    assert raised.value.code is ExitCode.UNREACHABLE


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_does_not_answer_hangs(scheme):
    with silent(scheme) as url, pytest.raises(CommandError) as raised:
        client("--timeout", "0.05").get(url, "*/*")
    assert raised.value.code is ExitCode.UNREACHABLE
    said = f"the page at {url} accepts connections and does not answer within 0.05 s: the service hangs or is stopped"
    assert str(raised.value).startswith(said)


def test_a_server_whose_queue_of_connections_is_full_may_hang():
    with full() as port, pytest.raises(CommandError, match=r"accepts no connection within 0\.05 s: ") as raised:
        client("--timeout", "0.05").get(f"http://127.0.0.1:{port}", "*/*")
    assert raised.value.code is ExitCode.UNREACHABLE


def test_a_server_that_answers_too_slowly_does_not_hang(monkeypatch):
    monkeypatch.setattr(web_client, "CHUNK_BYTES", 1)
    with (
        answering(lambda _: (200, b"x" * 2**20)) as (url, _),
        pytest.raises(CommandError, match=r"cannot be reached: no whole answer within 0\.2 s"),
    ):
        client("--timeout", "0.2").get(url, "*/*")


def test_an_answer_without_an_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(web_client, "MAX_BYTES", 2**20)
    with answering(lambda _: (200, b"x" * 2**21)) as (url, _), pytest.raises(CommandError, match="more than 1 MiB"):
        client().get(url, "*/*")


def test_bytes_that_are_no_text_are_no_answer():
    with (
        answering(lambda _: (200, b"\xff")) as (url, _),
        pytest.raises(CommandError, match="does not answer with text"),
    ):
        client().get(url, "*/*")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "ftp://host/x",
        "http://",
        "http://host:99999",
        "http://host:0",
        "http://a b",
        "http://[::1",
        "http://a..b",
        "http://" + "x" * 64,
    ],
)
def test_an_address_must_be_one(url):
    with pytest.raises(CommandError, match="--far must be an address such as http://far:1,") as raised:
        web_client.checked_url("--far", url, "http://far:1")
    assert raised.value.code is ExitCode.USAGE


@pytest.mark.parametrize("url", ["http://host/ü", "http://host?x=ü", "http://bücher.example/ü"])
def test_an_address_must_be_ascii_behind_the_host(url):
    with pytest.raises(CommandError, match="--far must be ASCII behind the host; write other") as raised:
        web_client.checked_url("--far", url, "http://far:1")
    assert raised.value.code is ExitCode.USAGE


@pytest.mark.parametrize("url", ["http://[::1]:8000/metrics", "http://bücher.example", "https://host/%C3%BC?a=b"])
def test_an_address_that_can_be_asked_is_taken(url):
    assert web_client.checked_url("--far", url, "http://far:1") == url


def test_an_address_must_hold_no_password():
    with pytest.raises(CommandError, match="must not contain a user or a password") as raised:
        web_client.checked_url("--far", "http://ann:secret@host", "http://far:1")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_seconds_are_above_0(text):
    with pytest.raises(argparse.ArgumentTypeError):
        web_client.positive_seconds(text)


def test_a_key_needs_its_certificate():
    with pytest.raises(CommandError, match="--far-key needs --far-cert"):
        client("--far-key", "key.pem")


def test_files_that_cannot_be_used_are_named(tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    with pytest.raises(CommandError, match=r"broken\.pem cannot be used for TLS") as raised:
        client("--far-ca-file", str(broken))
    assert raised.value.code is ExitCode.USAGE


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1 that is its own authority, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls")
    command = [require_program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-keyout", path / "key.pem", "-out", path / "cert.pem"]
    subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files, *subject], check=True, capture_output=True)
    both = path / "both.pem"
    both.write_bytes((path / "cert.pem").read_bytes() + (path / "key.pem").read_bytes())
    return both


def server_side(authority, *, asks=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)
    return context


@pytest.mark.system_tools
def test_a_certificate_of_an_unknown_authority_is_refused_with_the_option_to_name_it(authority):
    with answering(fine, server_side(authority)) as (url, requests):
        with pytest.raises(CommandError, match="name the authority that signed its certificate with --far-ca-file"):
            client().get(url, "*/*")
        assert requests == []
        assert client("--far-ca-file", str(authority)).get(url, "*/*") == "fine"
        assert client("--far-insecure").get(url, "*/*") == "fine"


@pytest.mark.system_tools
def test_a_server_that_asks_for_a_certificate_gets_it(authority):
    trusting = ("--far-ca-file", str(authority))
    with answering(fine, server_side(authority, asks=True)) as (url, _):
        with pytest.raises(CommandError, match="cannot be reached") as raised:
            client(*trusting).get(url, "*/*")
        assert raised.value.code is ExitCode.UNREACHABLE
        assert client(*trusting, "--far-cert", str(authority)).get(url, "*/*") == "fine"
