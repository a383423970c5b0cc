/** Builders of elements; what is shown only ever becomes text nodes, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Return an HTML element. */
export function html(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** Return an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

/** Put these rows of texts into a table's body; the first cell of each is the row's header. */
export function fillRows(body, rows) {
  body.replaceChildren(...rows.map(([head, ...cells]) => html(
    "tr",
    {},
    html("th", { scope: "row" }, head),
    ...cells.map((cell) => html("td", {}, cell)),
  )));
}

/** Return a name as nodes that may break between its words, such as RunAgent and INVALID_ARGUMENT. */
export function breakable(text) {
  const words = text.split(/(?<=[a-z])(?=[A-Z])|(?<=_)/);
  return words.flatMap((word, index) => (index === 0 ? [word] : [html("wbr"), word]));
}

/** Set an element's text where it differs, so that what did not change is not announced or laid out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}
