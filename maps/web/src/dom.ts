/** Elements made from plain values; text never becomes markup. */

type Child = Node | string | null;
type Listener = (event: Event) => void;
type Value = string | number | boolean | Listener | undefined;

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** The same for the elements of a drawing. */
export function draw(
  tag: keyof SVGElementTagNameMap,
  attributes: Record<string, string | number>,
  ...children: Child[]
): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Replace what a node holds; the element that had the focus keeps it by its id. */
export function refill(node: HTMLElement, ...children: Child[]): void {
  const focused = node.contains(document.activeElement) ? document.activeElement?.id : undefined;
  node.replaceChildren(...children.filter((child) => child !== null));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
