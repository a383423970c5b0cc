"""The runbooks that the service serves itself, as pages that a browser shows without anything from elsewhere."""

import re
from html.parser import HTMLParser

import pytest

from collectors.http import runbooks as pages
from collectors.http.static import POLICY
from collectors.operations import runbooks
from collectors.operations.alerts import alert_names
from collectors.operations.model import Setting
from tests.collectors.http.serving import ask, serving

ALERTS = alert_names(Setting())


@pytest.fixture(scope="module")
def endpoint():
    with serving() as served:
        yield served


class Page(HTMLParser):
    """Collects the addresses of a page, and what is inline."""

    def __init__(self, text):
        super().__init__()
        self.links, self.inline, self.headings = [], [], []
        self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._tag = tag
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        self.inline += [name for name, _ in attrs if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag in {"script", "style"} else []

    def handle_data(self, data):
        if self._tag in {"h1", "h2"} and data.strip():
            self.headings.append(data)


def page(endpoint, path):
    status, headers, body = ask(endpoint, path)
    assert status == 200, path
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"] == POLICY
    return Page(body.decode())


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_its_page(endpoint, name):
    shown = page(endpoint, f"/runbooks/{name}")
    assert shown.headings == [name, "Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert shown.inline == []


def test_the_index_leads_to_every_page_and_every_link_of_a_page_leads_somewhere(endpoint):
    index = page(endpoint, "/runbooks/")
    assert set(ALERTS) <= set(index.links)
    names = {name if name != runbooks.INDEX else "" for name in runbooks.texts()}
    for name in names:
        for link in page(endpoint, f"/runbooks/{name}").links:
            if link.startswith("https://"):
                continue
            path = f"/{link.removeprefix('../')}" if link.startswith("../") else f"/runbooks/{link.removeprefix('./')}"
            assert ask(endpoint, path)[0] == 200, (name, link)


def test_a_page_is_also_found_by_the_name_of_its_file(endpoint):
    assert page(endpoint, "/runbooks/ServiceDown.md").headings[0] == "ServiceDown"


def test_tables_and_commands_are_shown_as_such(endpoint):
    _, _, body = ask(endpoint, "/runbooks/HighTaskFailureRate")
    assert b"<table>" in body
    assert re.search(rb'<pre><code class="language-promql">sum by \(reason\)', body)


def test_the_path_without_its_slash_leads_to_the_list(endpoint):
    status, headers, _ = ask(endpoint, "/runbooks")
    assert (status, headers["location"]) == (308, "runbooks/")


@pytest.mark.parametrize("path", ["/runbooks/Nothing", "/runbooks/../page.css", "/runbooks/a/b", "/runbooks/__init__"])
def test_there_is_no_other_page(endpoint, path):
    status, _, body = ask(endpoint, path)
    assert (status, body) == (404, b"There is no runbook of this name; /runbooks/ lists them\n")


def test_html_in_a_page_would_be_shown_and_not_run():
    rendered = pages._rendered("Name", "# Name\n\n<script>alert(1)</script>\n").decode()
    assert "&lt;script&gt;" in rendered
    assert Page(rendered).inline == []
