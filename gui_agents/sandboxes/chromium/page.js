// What a page shows, read from inside: elements with roles, names and places. It runs in a world of its own in each
// document before the page's scripts, so the page can neither see nor change it; what it reads is still the page's word.
// Everything is bounded: a page may have a million elements, and each may have a megabyte of text.
(() => {
  if (globalThis.agent) return;
  const LIMITS = { elements: 1000, offscreen: 250, visited: 30000, depth: 60, name: 200, text: 1000, value: 2000, options: 200, strangers: 30, milliseconds: 400 };
  const owners = new WeakMap();    // element of a frame of another origin -> the frame's id
  const closedRoots = new WeakMap(); // element -> its closed shadow tree, which scripts are not given
  const asked = new WeakSet();       // elements of which it is known whether they have one
  const HOSTS = /^(DIV|SPAN|SECTION|ARTICLE|MAIN|NAV|HEADER|FOOTER|ASIDE|P)$/;
  let picker = null;               // the <select> whose list is shown

  const ROLES = {
    button: "button", checkbox: "checkbox", radio: "radio", radiogroup: "radiogroup", combobox: "combobox", listbox: "list",
    option: "option", link: "link", menu: "menu", menubar: "menu", menuitem: "menuitem", menuitemcheckbox: "menuitem",
    menuitemradio: "menuitem", tab: "tab", heading: "heading", img: "image", image: "image", list: "list", tree: "list",
    listitem: "listitem", treeitem: "listitem", slider: "slider", spinbutton: "textbox", switch: "switch", dialog: "dialog",
    alertdialog: "dialog", textbox: "textbox", searchbox: "textbox", table: "table", grid: "table", treegrid: "table",
    row: "row", cell: "cell", gridcell: "cell", columnheader: "cell", rowheader: "cell", toolbar: "toolbar", group: "group",
    tablist: "group", tabpanel: "group", form: "", alert: "", status: "", progressbar: "text", meter: "text",
  };
  const TAGS = {
    BUTTON: "button", SUMMARY: "button", TEXTAREA: "textbox", OPTION: "option", H1: "heading", H2: "heading", H3: "heading",
    H4: "heading", H5: "heading", H6: "heading", UL: "list", OL: "list", MENU: "list", LI: "listitem", TABLE: "table",
    TR: "row", TD: "cell", TH: "cell", DIALOG: "dialog", FIELDSET: "group", IFRAME: "iframe", FRAME: "iframe",
    CANVAS: "image", VIDEO: "image", AUDIO: "image", EMBED: "image", OBJECT: "image", PROGRESS: "text", METER: "text",
  };
  const INPUTS = {
    button: "button", submit: "button", reset: "button", image: "button", file: "button", checkbox: "checkbox",
    radio: "radio", range: "slider", color: "button", hidden: "",
  };
  const NAMED_BY_CONTENT = new Set(["button", "link", "heading", "option", "tab", "menuitem", "checkbox", "radio", "switch"]);
  const LEAVES = new Set(["textbox", "slider", "image", "combobox"]);
  const INTERACTIVE = new Set(["button", "link", "checkbox", "radio", "switch", "textbox", "combobox", "slider", "tab", "menuitem", "option"]);
  const PLAIN = new Set(["listitem", "cell"]);
  const SKIPPED = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD", "META", "LINK", "TITLE", "DATALIST"]);

  const clip = (text, limit) => {
    const part = String(text ?? "").slice(0, limit * 4).replace(/\s+/g, " ").trim();
    return part.length > limit ? part.slice(0, limit - 1) + "…" : part;
  };
  const rootOf = (element) => element.shadowRoot ?? closedRoots.get(element) ?? null;
  const mayHideRoot = (element, box) => !element.shadowRoot && !asked.has(element) &&
    (element.tagName.includes("-") || HOSTS.test(element.tagName) && !element.firstChild && box.width > 9 && box.height > 9);
  const childrenOf = (element) => {
    if (element.tagName === "SLOT") {
      const assigned = element.assignedNodes();
      if (assigned.length) return assigned;
    }
    if (element.tagName === "DETAILS" && !element.open) return [...element.children].filter((each) => each.tagName === "SUMMARY").slice(0, 1);
    return (rootOf(element) ?? element).childNodes;
  };
  const cut = (box, bounds) => {
    const x = Math.min(Math.max(box.x, bounds.x), bounds.right), y = Math.min(Math.max(box.y, bounds.y), bounds.bottom);
    const right = Math.min(Math.max(box.right, x), bounds.right), bottom = Math.min(Math.max(box.bottom, y), bounds.bottom);
    return { x, y, right, bottom };
  };
  const seen = (box) => box.right - box.x >= 1 && box.bottom - box.y >= 1;

  // The text of an element, as its name: with the alternative texts of its pictures, without what is hidden.
  const textOf = (element, limit, depth = 0) => {
    let text = "";
    for (const child of childrenOf(element)) {
      if (text.length >= limit * 2) break;
      if (child.nodeType === Node.TEXT_NODE) text += child.data.slice(0, limit * 4);
      else if (child.nodeType === Node.ELEMENT_NODE && depth < 30 && !SKIPPED.has(child.tagName)) {
        if (child.getAttribute("aria-hidden") === "true" || !child.checkVisibility({ visibilityProperty: true })) continue;
        const own = child.getAttribute("aria-label") ?? child.getAttribute("alt");
        const block = !/^(inline|contents)$/.test(getComputedStyle(child).display);
        const part = own ?? (/^(INPUT|SELECT|TEXTAREA)$/.test(child.tagName) ? "" : textOf(child, limit, depth + 1));
        text += block ? ` ${part} ` : part;
      }
    }
    return text;
  };
  const labelled = (element) => {
    const ids = (element.getAttribute("aria-labelledby") ?? "").slice(0, 1000).split(/\s+/).filter(Boolean).slice(0, 10);
    const scope = element.getRootNode();
    const texts = ids.map((id) => scope.getElementById?.(id)).filter(Boolean).map((each) => each.getAttribute("aria-label") ?? textOf(each, LIMITS.name));
    return texts.join(" ");
  };
  const nameOf = (element, role) => {
    const tag = element.tagName;
    const tries = [
      () => labelled(element),
      () => element.getAttribute("aria-label"),
      () => element.labels?.length ? [...element.labels].slice(0, 5).map((each) => textOf(each, LIMITS.name)).join(" ") : "",
      () => element.getAttribute("alt"),
      () => tag === "INPUT" && /^(button|submit|reset)$/.test(element.type) ? element.value || { submit: "Submit", reset: "Reset" }[element.type] : "",
      () => NAMED_BY_CONTENT.has(role) ? textOf(element, LIMITS.name) : "",
      () => tag === "FIELDSET" ? textOf(element.querySelector(":scope > legend") ?? document.createElement("i"), LIMITS.name) : "",
      () => tag === "TABLE" && element.caption ? textOf(element.caption, LIMITS.name) : "",
      () => tag === "svg" ? element.querySelector("title")?.textContent : "",
      () => element.getAttribute("title"),
      () => element.getAttribute("placeholder") ?? element.getAttribute("aria-placeholder"),
      () => tag === "INPUT" && element.type === "file" ? "Choose file" : "",
      () => role === "textbox" || role === "combobox" || role === "slider" ? element.getAttribute("name") : "",
      () => role === "link" ? element.href : "",
      () => /^(VIDEO|AUDIO)$/.test(tag) ? tag.toLowerCase() : "",
    ];
    for (const attempt of tries) {
      const name = clip(attempt(), LIMITS.name);
      if (name) return name;
    }
    return "";
  };
  const roleOf = (element, style, inside) => {
    const tag = element.tagName;
    for (const word of (element.getAttribute("role") ?? "").slice(0, 100).toLowerCase().split(/\s+/)) {
      if (word === "presentation" || word === "none") return "";
      if (word in ROLES) return ROLES[word];
    }
    if (tag === "INPUT") return INPUTS[element.type] ?? "textbox";
    if (tag === "SELECT") return element.multiple || element.size > 1 ? "list" : "combobox";
    if (tag === "A" || tag === "AREA") return element.hasAttribute("href") ? "link" : pointed(element, style, inside);
    if (tag === "IMG") return element.getAttribute("alt") === "" ? "" : "image";
    if (tag === "svg") return element.getAttribute("aria-label") || element.querySelector(":scope > title") ? "image" : "";
    if (tag in TAGS) return TAGS[tag];
    if (element.isContentEditable && !element.parentElement?.isContentEditable) return "textbox";
    return pointed(element, style, inside);
  };
  // Pages make buttons of anything: what has a handler of its own, or shows a hand where what surrounds it shows none.
  const pointed = (element, style, inside) => {
    if (inside.interactive || element.tagName === "LABEL" || element === document.body || element === document.documentElement) return "";
    return element.hasAttribute("onclick") || element.hasAttribute("tabindex") && element.tabIndex >= 0 && style.cursor === "pointer" || style.cursor === "pointer" && inside.cursor !== "pointer" ? "button" : "";
  };
  const focusedIn = (scope) => {
    let focused = scope.activeElement;
    for (let depth = 0; focused && depth < 30; depth++) {
      const inner = rootOf(focused)?.activeElement;
      if (!inner) break;
      focused = inner;
    }
    return focused === document.body || focused === document.documentElement ? null : focused;
  };
  // A field for a password, also while the page shows what is in it, or hides a plain field's text by a style.
  const isSecret = (element, role) => {
    if (element.tagName === "INPUT" && (element.type === "password" || /\b(current|new)-password\b/.test(element.autocomplete))) return true;
    return role === "textbox" && !/^(none)?$/.test(getComputedStyle(element).webkitTextSecurity ?? "");
  };
  const valueOf = (element, role) => {
    if (isSecret(element, role)) return "";
    const tag = element.tagName;
    if (tag === "SELECT") return element.multiple ? "" : clip(element.selectedOptions[0]?.label, LIMITS.name);
    if (tag === "INPUT") {
      if (role === "checkbox" || role === "radio" || role === "switch") return "";
      return role === "button" ? (element.type === "color" ? element.value : "") : element.value.slice(0, LIMITS.value);
    }
    if (tag === "TEXTAREA") return element.value.slice(0, LIMITS.value);
    if (tag === "PROGRESS" || tag === "METER") return String(element.value);
    if (role === "textbox") return (element.innerText ?? "").slice(0, LIMITS.value);
    if (role === "slider" || role === "text") return clip(element.getAttribute("aria-valuetext") ?? element.getAttribute("aria-valuenow"), LIMITS.name);
    if (role === "combobox") return clip(textOf(element, LIMITS.name), LIMITS.name);
    return "";
  };
  const statesOf = (element, role, focused, inside) => {
    const tag = element.tagName, states = [], says = (name) => element.getAttribute(`aria-${name}`) === "true";
    if (element === focused && document.hasFocus()) states.push("focused");
    if ((tag === "INPUT" && /^(checkbox|radio)$/.test(element.type) && element.checked) || says("checked")) states.push("checked");
    if ((tag === "OPTION" && element.selected) || says("selected")) states.push("selected");
    if (inside.disabled || says("disabled") || element.matches?.(":disabled")) states.push("disabled");
    if (says("modal") || (tag === "DIALOG" && element.matches(":modal"))) states.push("modal");
    if (says("expanded") || (tag === "SUMMARY" && element.parentElement?.open) || element === picker) states.push("expanded");
    if ((/^(INPUT|TEXTAREA)$/.test(tag) && element.readOnly && role === "textbox") || says("readonly")) states.push("readonly");
    if ((/^(INPUT|TEXTAREA|SELECT)$/.test(tag) && element.required) || says("required")) states.push("required");
    if (says("pressed")) states.push("pressed");
    if (isSecret(element, role)) states.push("protected");
    if (tag === "TEXTAREA" || says("multiline") || (role === "textbox" && element.isContentEditable)) states.push("multiline");
    return states;
  };
  // Where a person would point: an inline element that is broken into lines has its first visible line.
  const boxOf = (element, bounds, style) => {
    if (style.display === "inline") {
      for (const box of element.getClientRects()) if (seen(cut(box, bounds))) return box;
    }
    return element.getBoundingClientRect();
  };
  // A control that is drawn by its label: a checkbox of one transparent pixel beside a picture of a checkbox.
  const standIn = (element, box, style) => {
    const label = element.labels?.[0];
    return label && (box.width < 4 || box.height < 4 || style.opacity === "0") ? label.getBoundingClientRect() : box;
  };
  const covers = (hit, element) => {
    for (let each = hit, depth = 0; each && depth < 200; depth++) {
      if (each === element) return false;
      each = each.assignedSlot ?? each.parentNode ?? each.host;
    }
    for (let each = element, depth = 0; each && depth < 200; depth++) {
      if (each === hit) return false;
      each = each.assignedSlot ?? each.parentNode ?? each.host;
    }
    return !(hit.tagName === "LABEL" && element.labels && [...element.labels].includes(hit));
  };

  const look = () => {
    const started = performance.now();
    const view = { x: 0, y: 0, right: innerWidth, bottom: innerHeight };
    const focused = focusedIn(document);
    agent.strangers = [];
    let elements = 0, offscreen = 0, visited = 0, truncated = false;

    const over = () => {
      if (elements >= LIMITS.elements || visited >= LIMITS.visited || (visited % 64 === 0 && performance.now() - started > LIMITS.milliseconds)) truncated = true;
      return truncated;
    };
    const node = (role, name, box, value, states, children) => {
      if (!seen(box)) {
        if (++offscreen > LIMITS.offscreen) { truncated = true; return null; }
        states.push("offscreen");
      }
      elements++;
      const x = Math.round(box.x), y = Math.round(box.y);
      return [role, name, x, y, Math.max(0, Math.round(box.right) - x), Math.max(0, Math.round(box.bottom) - y), value, states, children];
    };

    const walk = (parent, into, inside) => {
      let run = "", area = null;
      const flush = () => {
        const text = clip(run, LIMITS.text);
        if (text && area) {
          const found = node("text", text, cut(area, inside.bounds), "", [], []);
          if (found) into.push(found);
        }
        run = ""; area = null;
      };
      for (const child of childrenOf(parent)) {
        visited++;
        if (over()) break;
        if (child.nodeType === Node.TEXT_NODE) {
          if (inside.unsaid || !/\S/.test(child.data.slice(0, 2000))) { run += run && " "; continue; }
          if (inside.hidden) continue;
          const range = document.createRange();
          range.selectNodeContents(child);
          const box = range.getBoundingClientRect();
          if (!box.width && !box.height) continue;
          run += child.data.slice(0, LIMITS.text * 2);
          area = area ? { x: Math.min(area.x, box.x), y: Math.min(area.y, box.y), right: Math.max(area.right, box.right), bottom: Math.max(area.bottom, box.bottom) } : box;
        } else if (child.nodeType === Node.ELEMENT_NODE && !SKIPPED.has(child.tagName)) {
          run = visit(child, into, inside, run, flush, (text, box) => {
            run += text;
            area = area ? { x: Math.min(area.x, box.x), y: Math.min(area.y, box.y), right: Math.max(area.right, box.right), bottom: Math.max(area.bottom, box.bottom) } : box;
            return run;
          });
        }
      }
      flush();
    };

    // Returns the run of text so far: the element's text is added if it is nothing but text in a line.
    const visit = (element, into, inside, run, flush, add) => {
      const outer = element.getBoundingClientRect();
      const far = outer.bottom < -view.bottom || outer.y > 2 * view.bottom;
      if (far && offscreen >= LIMITS.offscreen && outer.height > 0) { truncated = true; return run; }
      const style = getComputedStyle(element);
      if (style.display === "none" || element.getAttribute("aria-hidden") === "true" || style.contentVisibility === "hidden") return run;
      if (agent.strangers.length < LIMITS.strangers && mayHideRoot(element, outer)) { asked.add(element); agent.strangers.push(element); }
      const hidden = style.visibility !== "visible";
      const fixed = style.position === "fixed";
      const bounds = fixed ? view : style.position === "absolute" ? inside.positioned : inside.bounds;
      const role = hidden ? "" : roleOf(element, style, inside);
      const inline = style.display === "inline" || style.display === "contents";
      const plain = inline && !role && !rootOf(element) && element.tagName !== "SLOT" && element.childElementCount === 0;
      if (plain && !hidden) {
        if (inside.unsaid || !/\S/.test(element.textContent.slice(0, 2000))) return run;
        return add(element.textContent.slice(0, LIMITS.text * 2), outer);
      }
      if (element.tagName === "BR") return run && run + " ";
      if (!inline || role) flush();

      const scrolls = style.overflowX !== "visible" || style.overflowY !== "visible";
      const within = scrolls && element !== document.body && element !== document.documentElement && !inline ? cut(outer, bounds) : bounds;
      const positioned = style.position !== "static" || style.transform !== "none" ? within : fixed ? view : inside.positioned;
      const disabled = inside.disabled || element.inert;
      const below = { bounds: within, positioned, hidden, disabled, cursor: style.cursor, depth: inside.depth + 1,
        interactive: inside.interactive || INTERACTIVE.has(role), unsaid: inside.unsaid || NAMED_BY_CONTENT.has(role) || drawn(element) };
      const children = [];
      const descend = inside.depth < LIMITS.depth && !(LEAVES.has(role) && element.tagName !== "SELECT" && !element.matches('[role="combobox"]'));
      if (inside.depth >= LIMITS.depth && element.childElementCount) truncated = true;

      if (!role) {
        if (descend) walk(element, into, below);
        return "";
      }
      const box = cut(standIn(element, boxOf(element, bounds, style), style), bounds);
      const states = statesOf(element, role, focused, inside);
      if (element.tagName === "SELECT") {
        for (const option of [...element.options].slice(0, LIMITS.options)) {
          const place = role === "list" ? cut(option.getBoundingClientRect(), within) : cut({ x: 0, y: 0, right: 0, bottom: 0 }, view);
          if (role === "combobox") continue;
          const found = node("option", clip(option.label, LIMITS.name), place, "", statesOf(option, "option", focused, inside), []);
          if (found) children.push(found);
        }
        if (element.options.length > LIMITS.options) truncated = true;
      } else if (role === "iframe") {
        const inner = frameOf(element, outer, within);
        if (inner) children.push(inner);
      } else if (descend) walk(element, children, below);
      let name = nameOf(element, role), kept = children;
      if (!name && PLAIN.has(role) && children.length === 1 && children[0][0] === "text") { name = children[0][1]; kept = []; elements--; }
      if (role === "image" && !name) return "";
      if (/^(list|group|table|row|toolbar)$/.test(role) && !name && !kept.length) return "";
      if (role === "group" && !name) { into.push(...kept); return ""; }
      const found = node(role, name, box, valueOf(element, role), states, kept);
      if (!found) { into.push(...kept); return ""; }
      if (INTERACTIVE.has(role) && seen(box)) {
        let hit = document.elementFromPoint((box.x + box.right) / 2, (box.y + box.bottom) / 2);
        for (let depth = 0; hit && rootOf(hit) && depth < 30; depth++) {
          const inner = rootOf(hit).elementFromPoint((box.x + box.right) / 2, (box.y + box.bottom) / 2);
          if (!inner || inner === hit) break;
          hit = inner;
        }
        if (hit && covers(hit, element)) states.push("obscured");
      }
      into.push(found);
      return "";
    };
    // The text of a label is the name of its control, if that is shown as well.
    const drawn = (element) => element.tagName === "LABEL" && Boolean(element.control && element.control.type !== "hidden" && element.control.checkVisibility());

    // A frame of the same origin is a part of this document; another one is read by its own script, under its id.
    const frameOf = (element, outer, within) => {
      const style = getComputedStyle(element);
      const left = element.clientLeft + parseFloat(style.paddingLeft), top = element.clientTop + parseFloat(style.paddingTop);
      const scale = element.offsetWidth ? outer.width / element.offsetWidth : 1;
      const id = owners.get(element);
      if (!id) return null;
      const box = cut(outer, within);
      return ["#frame", id, outer.x + left * scale, outer.y + top * scale, scale, [box.x, box.y, box.right, box.bottom]];
    };

    const nodes = [];
    if (document.documentElement) walk({ tagName: "", childNodes: [document.body ?? document.documentElement] }, nodes,
      { bounds: view, positioned: view, hidden: false, disabled: false, cursor: "auto", depth: 0, interactive: false, unsaid: false });
    return JSON.stringify({ title: clip(document.title, LIMITS.name), nodes, truncated, picker: shownPicker(), strangers: agent.strangers.length });
  };

  const shownPicker = () => {
    if (!picker?.isConnected || picker.disabled || !picker.checkVisibility()) picker = null;
    if (!picker) return null;
    const box = picker.getBoundingClientRect();
    const options = [...picker.options].slice(0, LIMITS.options);
    return {
      x: box.x, y: box.y, width: box.width, height: box.height, name: nameOf(picker, "combobox"),
      options: options.map((each) => [clip(each.label, LIMITS.name), each.selected, each.disabled || Boolean(each.closest("optgroup")?.disabled)]),
    };
  };
  const choose = (place) => {
    const select = picker;
    picker = null;
    if (!select?.isConnected || select.disabled || !select.options[place]) return false;
    if (select.selectedIndex !== place) {
      select.selectedIndex = place;
      select.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return true;
  };

  // What has the focus: its role, its name, and the type of a field; or the id of the frame in which it is.
  const focus = () => {
    const focused = focusedIn(document);
    if (!focused) return { focus: null, frame: null };
    const role = roleOf(focused, getComputedStyle(focused), { interactive: false, cursor: "auto" });
    return { focus: [role, nameOf(focused, role), focused.type ?? ""], frame: owners.get(focused) ?? null };
  };
  // Waits until the page has drawn what an action did.
  const settle = () => new Promise((resolve) => {
    const end = () => resolve(true);
    requestAnimationFrame(() => setTimeout(end, 0));
    setTimeout(end, 100);
  });

  // What opens a window of its own over the page would be seen by nobody: no screenshot shows it.
  const opened = (event) => event.composedPath()[0];
  addEventListener("mousedown", (event) => {
    const target = opened(event);
    const select = target?.closest?.("select");
    if (select !== picker) picker = null;
    if (!event.isTrusted || event.button !== 0 || !select || select.multiple || select.size > 1 || select.disabled) return;
    event.preventDefault();
    select.focus();
    picker = picker === select ? null : select;
  }, true);
  addEventListener("keydown", (event) => {
    const target = opened(event);
    if (!event.isTrusted || target?.tagName !== "SELECT" || target.multiple || target.size > 1) { picker = null; return; }
    const opens = [" ", "F4"].includes(event.key) || (event.altKey && ["ArrowDown", "ArrowUp"].includes(event.key));
    if (opens) { event.preventDefault(); picker = picker ? null : target; }
    else if (["Enter", "Escape", "Tab"].includes(event.key)) { if (picker && event.key !== "Tab") event.preventDefault(); picker = null; }
  }, true);
  for (const type of ["click", "keydown"]) addEventListener(type, (event) => {
    const target = opened(event);
    const popup = target?.tagName === "INPUT" && /^(color|date|datetime-local|month|time|week)$/.test(target.type);
    if (!event.isTrusted || !popup || (type === "keydown" && ![" ", "Enter", "F4"].includes(event.key) && !event.altKey)) return;
    event.preventDefault();
  }, true);
  const fill = (text) => {
    const focused = focusedIn(document);
    if (focused?.tagName !== "INPUT" || focused.disabled || focused.readOnly) return false;
    const before = focused.value;
    focused.value = text;
    if (focused.value !== text && !focused.value.startsWith(text)) { focused.value = before; return false; }
    focused.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    focused.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };

  globalThis.agent = {
    strangers: [],
    look, settle, choose, fill,
    focus() { return JSON.stringify(focus()); },
    own(element, id) { owners.set(element, id); },
    closed(element, root) { closedRoots.set(element, root); },
    close() { picker = null; },
  };
})();
