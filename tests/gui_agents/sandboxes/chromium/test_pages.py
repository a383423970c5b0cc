"""What a page shows is in the tree, and what an agent does to it happens: with a real browser."""

import pytest

from gui_agents.domain.actions import Button, Click, Drag, Move, Scroll, Wait
from gui_agents.domain.model_settings import PictureFormat
from tests.gui_agents.sandboxes.chromium.browsers import everything, shown

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.system_tools]

FORM = """
<h1>Order <b>now</b></h1><p>Read <a href="/terms">the terms</a> first.</p>
<label>Name <input></label> <label for=mail>Email</label> <input id=mail required> <input placeholder="Phone">
<input type=password aria-label=Secret value=hidden> <textarea aria-label=Note>two
lines</textarea>
<label><input type=checkbox checked> Accept</label> <input type=radio name=r aria-label=One checked>
<select aria-label=Size><option>Small<option>Medium<option>Large</select>
<input type=range aria-label=Volume value=30> <button disabled>Send</button> <img alt="A cat" width=9 height=9>
<div style="display:none">never seen</div><div aria-hidden=true>not said</div><ul><li>one<li>two</ul>
"""


async def test_elements_have_the_roles_names_values_and_states_that_a_person_sees(browser, site):
    await browser.go(site.page("/", FORM, "Orders"))
    document = await browser.document()
    assert (document.name, document.value) == ("Orders", site.url("/"))
    found = {(each.role, each.name): (each.value, set(each.states)) for each in everything(document)}
    assert list(found)[1:] == [
        ("heading", "Order now"),
        ("text", "Read"),
        ("link", "the terms"),
        ("text", "first."),
        ("textbox", "Name"),
        ("text", "Email"),
        ("textbox", "Email"),
        ("textbox", "Phone"),
        ("textbox", "Secret"),
        ("textbox", "Note"),
        ("checkbox", "Accept"),
        ("radio", "One"),
        ("combobox", "Size"),
        ("slider", "Volume"),
        ("button", "Send"),
        ("image", "A cat"),
        ("list", ""),
        ("listitem", "one"),
        ("listitem", "two"),
    ]
    assert found["textbox", "Email"] == ("", {"required"})
    assert found["textbox", "Secret"] == ("", {"protected"})
    assert found["textbox", "Note"] == ("two\nlines", {"multiline"})
    assert found["checkbox", "Accept"] == ("", {"checked"})
    assert found["combobox", "Size"] == ("Small", set())
    assert found["slider", "Volume"] == ("30", set())
    assert found["button", "Send"] == ("", {"disabled"})


async def test_what_stands_below_is_offscreen_until_it_is_scrolled_to(browser, site):
    await browser.go(site.page("/", "<div style='height:3000px'></div><button>Below</button>"))
    below = await browser.find("button", "Below")
    assert (below.bounds.y, below.bounds.height, below.states) == (720, 0, {"offscreen"})
    await browser.act(Scroll(600, 300, 0, 40))
    below = await browser.find("button", "Below")
    assert below.states == frozenset()
    assert below.bounds.height > 10


async def test_what_a_dialog_of_the_page_covers_is_obscured(browser, site):
    cover = "<div style='position:fixed;inset:0;background:white'><button>Agree</button></div>"
    await browser.go(site.page("/", f"<br><br><button>Buy</button>{cover}"))
    assert (await browser.find("button", "Buy")).states == {"obscured"}
    assert (await browser.find("button", "Agree")).states == frozenset()


async def test_a_huge_page_is_cut_and_says_so(browser, site):
    many = "<script>for (let i = 0; i < 30000; i++) document.body.append(Object.assign(document.createElement('p'),"
    await browser.go(site.page("/", f"{many} {{textContent: 'Line ' + i}}))</script>"))
    names = shown(await browser.document())
    assert names[0] == ("text", "Line 0")
    assert names[-1] == ("text", "(the page has more elements than are listed here; scroll to see others)")
    assert len(names) < 400


@pytest.mark.parametrize("mode", ["open", "closed"])
async def test_shadow_trees_are_read_and_can_be_clicked(browser, site, mode):
    body = f"""<my-part></my-part><script>customElements.define('my-part', class extends HTMLElement {{
      constructor() {{ super(); const root = this.attachShadow({{mode: '{mode}'}});
        root.innerHTML = '<button>Inside</button>';
        root.firstChild.onclick = () => document.title = 'clicked'; }} }})</script>"""
    await browser.go(site.page("/", body))
    await browser.click("button", "Inside")
    assert (await browser.document()).name == "clicked"


async def test_frames_of_other_sites_are_read_and_can_be_acted_on(browser, site):
    site.page("/inner", "<label>Code <input></label><button onclick='this.textContent=\"Sent\"'>Send</button>")
    frame = (
        f"<iframe title=Payment style='margin:50px;width:400px;height:100px' src='{site.url('/inner', 'localhost')}'>"
    )
    await browser.go(site.page("/", frame))
    field = await browser.find("textbox", "Code")
    assert field.bounds.x > 50
    await browser.click("textbox", "Code")
    assert await browser.type("42") == "typed 2 characters into the textbox 'Code'"
    await browser.click("button", "Send")
    assert (await browser.find("textbox", "Code")).value == "42"
    assert (await browser.find("button", "Sent")).role == "button"


async def test_text_of_any_kind_is_typed_and_lines_end_with_the_enter_key(browser, site):
    await browser.go(site.page("/", "<textarea aria-label=Note></textarea><input aria-label=Next>"))
    await browser.click("textbox", "Note")
    await browser.type("Grüße, 世界 😀!\nsecond\tthird")
    assert (await browser.find("textbox", "Note")).value == "Grüße, 世界 😀!\nsecond"
    assert (await browser.find("textbox", "Next")).value == "third"
    await browser.press("ctrl", "a")
    await browser.type("x" * 3000)
    assert (await browser.find("textbox", "Next")).value == "x" * 2000


async def test_typing_without_a_focus_is_told(browser, site):
    await browser.go(site.page("/", "<p>Text"))
    said = await browser.type("a")
    assert said == "typed 1 character, but nothing on the page has the focus: click the field first"


async def test_fields_of_dates_and_colours_take_their_values_as_text(browser, site):
    await browser.go(site.page("/", "<input type=date aria-label=Day> <input type=color aria-label=Colour>"))
    await browser.click("textbox", "Day")
    assert await browser.type("2025-12-31") == "set the textbox 'Day' to '2025-12-31'"
    await browser.click("button", "Colour")
    await browser.type("#ff8800")
    assert (await browser.find("textbox", "Day")).value == "2025-12-31"
    assert (await browser.find("button", "Colour")).value == "#ff8800"


async def test_the_list_of_a_select_is_shown_and_an_option_can_be_clicked(browser, site):
    body = "<select aria-label=Size onchange='document.title=this.value'><option>Small<option disabled>No<option>Large"
    await browser.go(site.page("/", body))
    await browser.click("combobox", "Size")
    observation = await browser.sandbox.observe(screenshot=True)
    options = [each for each in everything(observation.tree) if each.role == "option"]
    assert [(each.name, set(each.states)) for each in options] == [
        ("Small", {"selected"}),
        ("No", {"disabled"}),
        ("Large", set()),
    ]
    assert await browser.click("option", "No") == "error: the option 'No' is disabled"
    assert await browser.click("option", "Large") == "chose 'Large'"
    assert (await browser.document()).name == "Large"
    assert [each for each in everything(await browser.tree()) if each.role == "option"] == []


async def test_a_select_is_changed_by_keys_too(browser, site):
    await browser.go(site.page("/", "<select aria-label=Size><option>Small<option>Medium<option>Large"))
    await browser.click("combobox", "Size")
    await browser.press("down")
    await browser.press("enter")
    assert (await browser.find("combobox", "Size")).value == "Medium"
    assert [each for each in everything(await browser.tree()) if each.role == "option"] == []


async def test_the_pointer_presses_moves_and_drags(browser, site):
    events = "onmousedown='log(event)' onmouseup='log(event)' onmousemove='seen=1' ondblclick='log(event)'"
    script = "<script>const log = (e) => document.title += ` ${e.type}${e.button}@${e.clientX}`</script>"
    await browser.go(site.page("/", f"{script}<div style='width:300px;height:300px' {events}></div>", "T"))
    await browser.act(Click(10, 10, Button.RIGHT))
    await browser.act(Click(20, 20, count=2))
    await browser.act(Drag(30, 30, 90, 30))
    await browser.act(Move(5, 5))
    ups = "mousedown0@20 mouseup0@20"
    assert (await browser.document()).name == (
        f"T mousedown2@10 mouseup2@10 {ups} {ups} dblclick0@20 mousedown0@30 mouseup0@90"
    )


async def test_what_pages_offer_is_dragged_and_dropped(browser, site):
    box = "style='position:absolute;top:0;width:100px;height:100px;left:{}px'"
    drop = "ondragover='event.preventDefault()' ondrop='document.title=event.dataTransfer.getData(\"text/plain\")'"
    drag = 'draggable=true ondragstart=\'event.dataTransfer.setData("text/plain", "card")\''
    await browser.go(site.page("/", f"<div {drag} {box.format(0)}></div><div {drop} {box.format(200)}></div>"))
    await browser.act(Drag(50, 50, 250, 50))
    assert (await browser.document()).name == "card"


async def test_a_screenshot_has_the_size_of_the_screen(browser, site):
    await browser.go(site.page("/", "<h1>Hello"))
    picture = (await browser.sandbox.observe(screenshot=True)).screenshot
    assert (picture.width, picture.height, picture.format) == (1280, 720, PictureFormat.JPEG)
    assert picture.data[:3] == b"\xff\xd8\xff"


async def test_an_action_ends_when_what_it_asked_for_has_come(browser, site):
    site.page("/next", "<h1>Second", "Second")
    await browser.go(site.page("/", "<a href=/next>Go</a>"))
    assert (await browser.click("link", "Go")).endswith(f"the page is now '{site.url('/next')}'")
    assert (await browser.document()).name == "Second"
    assert (await browser.press("alt", "left")) == f"went back; the page is now '{site.url('/')}'"
    assert (await browser.press("f5")) == "reloaded the page"
    assert (await browser.press("ctrl", "l")).endswith("; there is no address bar: use navigate")


async def test_what_is_outside_of_the_screen_or_no_key_is_told(browser):
    assert await browser.act(Click(1280, 0)) == "error: (1280, 0) is outside of the screen of 1280 x 720 pixels"
    assert (await browser.press("nokey")).startswith("error: there is no key 'nokey'")
    assert await browser.act(Wait(0.01)) == "waited 0.01 s"


async def test_a_password_is_hidden_however_the_page_shows_its_field(browser, site):
    fields = """
        <input aria-label=Shown type=text autocomplete="section-a current-password" value=hunter2>
        <input aria-label=New type=text autocomplete=new-password value=hunter2>
        <input aria-label=Dotted style="-webkit-text-security: disc" value=hunter2>
        <input aria-label=Dressed type=password role=combobox value=hunter2>
        <div aria-label=Free contenteditable style="-webkit-text-security: square">hunter2</div>
        <input aria-label=Plain autocomplete=username value=ann>"""
    await browser.go(site.page("/", fields))
    found = {each.name: each for each in everything(await browser.tree())}
    for name in ("Shown", "New", "Dotted", "Dressed", "Free"):
        assert (name, found[name].value, "protected" in found[name].states) == (name, "", True)
    assert (found["Plain"].value, found["Plain"].states) == ("ann", set())
    assert "hunter2" not in str(found)
