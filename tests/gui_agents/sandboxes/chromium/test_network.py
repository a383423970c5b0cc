"""Where a browser may go, and what is told of what does not come: with a real browser and pages on loopback."""

import ssl

import pytest
import trustme

from gui_agents.sandboxes.chromium import acting, hands, settling
from tests.gui_agents.sandboxes.chromium.browsers import everything
from tests.gui_agents.sandboxes.chromium.site import NEVER, Answer, serving

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.system_tools]


@pytest.fixture
def impatient(monkeypatch):
    for module in (acting, settling):
        monkeypatch.setattr(module, "LOAD_SECONDS", 1.0)
    monkeypatch.setattr(hands, "TAKEN_SECONDS", 1.0)


async def test_a_page_is_opened_and_its_status_is_told(browser, site):
    url = site.page("/", "<h1>Hello")
    written = f"127.0.0.1:{site.port}/"
    assert await browser.go(written) == f"navigated to '{written}'; the page is now '{url}'"
    gone = site.answer("/gone", Answer("<h1>Gone", 410))
    assert (await browser.go(gone)).endswith("the site answered with status 410")


async def test_what_the_network_says_is_told_in_words(browser, site):
    assert "no.such.invalid has no address" in await browser.go("http://no.such.invalid/")
    assert "cannot be connected to" in await browser.go("http://127.0.0.1:65000/")
    assert "the host closed the connection without an answer" in await browser.go(f"https://127.0.0.1:{site.port}/")
    assert "browsers open no pages on this port" in await browser.go("http://127.0.0.1:1/")
    empty = site.answer("/empty", Answer("", 204))
    assert (await browser.go(empty)).endswith(f"'{empty}' shows no page")


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://10.0.0.1/", "http://169.254.169.254/latest"])
async def test_what_the_egress_proxy_refuses_is_told_with_what_allows_it(browser, url):
    said = await browser.go(url)
    assert said.startswith(f"error: '{url}' was not opened: ")
    assert "is an address that is not public; the operator can allow it by " in said


async def test_a_page_that_asks_for_what_is_refused_is_told(browser, site):
    await browser.go(site.page("/", "<button onclick=\"fetch('http://192.168.7.7/')\">Ask</button>"))
    assert "the egress proxy refused: 192.168.7.7 " in await browser.click("button", "Ask")


async def test_a_wrong_certificate_is_told_and_cannot_be_clicked_away(browser):
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with serving(context) as site:
        said = await browser.go(site.page("/", "<h1>Inside"))
        assert "its TLS certificate is from an authority that is not trusted (ERR_CERT_AUTHORITY_INVALID)" in said
        for name in ("Advanced", "Hide advanced"):
            if any(each.name == name for each in everything(await browser.tree())):
                await browser.click("button", name)
        links = [each.name for each in everything(await browser.tree()) if each.role == "link"]
        assert [name for name in links if "roceed" in name] == []
        await browser.type("thisisunsafe")
        assert site.asked == []


async def test_a_site_that_asks_for_a_login_is_told_and_gets_it_from_the_address(browser, site):
    realm = ("WWW-Authenticate", 'Basic realm="here"')
    url = site.answer("/", Answer("no", 401, headers=(realm,)))
    assert "the site asks for a login" in await browser.go(url)
    said = await browser.go(url.replace("http://", "http://ann:s3cret@"))
    assert said == f"navigated to '{url}'; the page is now '{url}'"
    assert set(site.logins) == {"Authorization: Basic YW5uOnMzY3JldA=="}


async def test_a_page_that_never_comes_leaves_the_one_before(browser, site, impatient):
    never = site.answer("/never", NEVER)
    await browser.go(site.page("/", "<a href=/never>Go</a>", "Before"))
    assert await browser.go(never) == f"error: '{never}' was not opened: it has not answered for 1 s"
    said = await browser.click("link", "Go")
    assert said.endswith("the site did not answer for 1 s; the page before it is still shown")
    assert (await browser.document()).name == "Before"


async def test_a_page_that_never_ends_is_shown_as_far_as_it_came(browser, site, impatient):
    said = await browser.go(site.answer("/", Answer("<title>Half</title><h1>Part", stops=True)))
    assert "has not finished loading after 1 s" in said
    assert (await browser.find("heading", "Part")).role == "heading"


async def test_a_script_without_a_pause_is_ended_and_the_page_goes_on(browser, site, impatient):
    await browser.go(site.page("/", "<button onclick='while (true);'>Hang</button> <button>Other</button>"))
    said = await browser.click("button", "Hang")
    assert said.endswith("its script computed without a pause; the script was ended")
    assert (await browser.find("button", "Other")).role == "button"


async def test_a_page_that_hangs_again_and_again_is_closed(browser, site, impatient):
    forever = "<button onclick='setInterval(() => { while (true); }, 0)'>Hang</button>"
    await browser.go(site.page("/", forever))
    await browser.click("button", "Hang")
    await browser.sandbox.observe(screenshot=True)
    assert (await browser.document()).value == "about:blank"


async def test_a_page_that_crashes_is_told_and_replaced_by_a_blank_one(browser, site):
    url = site.page("/", "<h1>Fragile")
    await browser.go(url)
    inside = browser.sandbox._running.browser
    inside.connection.send("Page.crash", inside.shown.session)
    assert await inside.shown.until(lambda: inside.shown.crashed, 10)
    assert (await browser.document()).value == "about:blank"
    assert f"the page '{url}' crashed; a blank page is shown instead" in await browser.press("a")
    assert (await browser.go(url)).startswith("navigated to")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "chrome://version", "about:blank", "ftp://a/"],
)
async def test_addresses_of_other_kinds_are_not_opened(browser, url):
    scheme = url.partition(":")[0]
    assert await browser.go(url) == (
        f"error: addresses with {scheme}: are not opened here; only http:// and https:// are"
    )


async def test_pages_cannot_lead_to_what_navigate_refuses(browser, site):
    links = "<a href='file:///etc/passwd'>File</a> <a href='chrome://version'>Version</a>"
    url = site.page("/", f"{links} <a href=/redirect>Redirect</a>")
    site.answer("/redirect", Answer("", 302, headers=(("Location", "file:///etc/passwd"),)))
    await browser.go(url)
    for name in ("File", "Version"):
        assert "is not opened: only http and https are" in await browser.click("link", name)
        assert (await browser.document()).value == url
    assert "was not opened" in await browser.click("link", "Redirect")
