import pytest
import trustme
import yaml

from collectors.http import passwords


@pytest.fixture(autouse=True)
def _checks_do_not_wait_for_others(monkeypatch):
    """Let the threads that check passwords be no nicer than others: on a busy machine they would get no turn."""
    monkeypatch.setattr(passwords, "NICENESS", 0)


@pytest.fixture
def config(tmp_path):
    """Return a function that writes the web configuration, and returns its path."""
    path = tmp_path / "web.yml"

    def write(**content):
        fresh = tmp_path / "fresh.yml"
        fresh.write_text(yaml.safe_dump(content))
        fresh.replace(path)
        return path

    return write


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def certificate(tmp_path, authority):
    """Write a certificate of 127.0.0.1, and return how the web configuration names it."""
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(tmp_path / "server.crt", append=number > 0)
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    return {"cert_file": "server.crt", "key_file": "server.key"}
