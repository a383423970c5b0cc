"""The demo's site keeps what each visitor has sent, and nothing else."""

import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

from gui_agents.commands.demo.site import ORDERS, Site, Visit


@pytest.fixture
def site():
    served = Site()
    served.start()
    yield served
    served.stop()


def get(site: Site, path: str) -> str:
    with urllib.request.urlopen(f"http://{site.address}{path}", timeout=10) as reply:
        return reply.read().decode()


def post(site: Site, path: str, **fields: str) -> str:
    body = urlencode(fields).encode()
    with urllib.request.urlopen(f"http://{site.address}{path}", body, timeout=10) as reply:
        return reply.read().decode()


@pytest.mark.parametrize(
    "path", ["/1/", "/1/contact", "/1/orders", "/1/newsletter", "/1/search?query=tea", "/1/thanks"]
)
def test_pages_link_to_each_other_for_one_visitor(site, path):
    page = get(site, path)

    assert 'href="/1/contact"' in page
    assert "$" not in page


def test_pages_have_their_style(site):
    assert "font" in get(site, "/style.css")


@pytest.mark.parametrize("path", ["/", "/style", "/x/contact", "/1/nothing", "/99999/contact", "/1/../style.css"])
def test_other_paths_are_not_found(site, path):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(site, path)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        post(site, path, name="x")


def test_what_visitors_send_is_kept_for_each_of_them(site):
    thanks = post(site, "/1/contact", name="<Ann>", message="one\r\ntwo")
    post(site, "/2/newsletter", email="b@example.com")
    orders = post(site, "/3/orders", order="Assam")
    get(site, "/4/search?query=green+%26+black")

    assert "Thank you, &lt;Ann&gt;" in thanks
    assert "Assam" not in orders
    assert dict(site.visits) == {
        1: Visit(messages=[{"name": "<Ann>", "message": "one\ntwo"}]),
        2: Visit(letters=[{"email": "b@example.com"}]),
        3: Visit(orders=["Sencha", "Dragon Well"]),
        4: Visit(queries=["green & black"]),
    }
    assert Visit().orders == [*ORDERS]


def test_a_site_that_was_stopped_has_no_port_and_no_thread():
    served = Site()
    served.start()
    served.stop()

    assert not served._thread.is_alive()
    with pytest.raises(OSError, match="refused"):
        get(served, "/1/")


def test_a_site_that_never_served_can_be_stopped():
    Site().stop()
