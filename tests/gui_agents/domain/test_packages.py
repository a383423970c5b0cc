import json

import pytest

from gui_agents.domain.packages import DISTRIBUTION, install_command

CHECKOUT = 'pip install -e ".[prometheus]"'
WHEEL = f'pip install "{DISTRIBUTION}[prometheus]"'


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A function that records where the distribution was installed from, as pip does."""
    directory = tmp_path / f"{DISTRIBUTION.replace('-', '_')}-9.9.dist-info"
    directory.mkdir()
    (directory / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {DISTRIBUTION}\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(tmp_path)
    return lambda origin: (directory / "direct_url.json").write_text(json.dumps(origin))


def test_an_editable_installation_is_told_the_command_of_a_checkout_without_its_path(record):
    record({"url": "file:///home/me/checkout", "dir_info": {"editable": True}})
    assert install_command("prometheus") == CHECKOUT


@pytest.mark.parametrize(
    "origin",
    [
        {"url": "file:///home/me/dist/some.whl", "archive_info": {}},
        {"url": "file:///src", "dir_info": {}},
        {"url": "file:///src", "dir_info": {"editable": False}},
        {"url": "https://example.com/repository", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}},
    ],
)
def test_any_other_installation_is_told_the_name_of_the_distribution(record, origin):
    record(origin)
    assert install_command("prometheus") == WHEEL


def test_what_came_from_an_index_is_told_the_name_of_the_distribution(record):
    assert install_command("prometheus") == WHEEL


def test_a_checkout_that_is_not_installed_is_told_the_command_of_a_checkout(monkeypatch):
    monkeypatch.setattr("sys.path", [])
    assert install_command("prometheus") == CHECKOUT
