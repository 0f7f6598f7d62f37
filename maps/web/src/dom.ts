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

/** Replace what a node holds; by their ids, what is unfolded stays so and the focus stays where it was. */
export function refill(node: HTMLElement, ...children: Child[]): void {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  const folded = [...node.querySelectorAll<HTMLDetailsElement>("details[id]")];
  node.replaceChildren(...children.filter((child) => child !== null));
  for (const { id, open } of folded) {
    const now = document.getElementById(id);
    if (now instanceof HTMLDetailsElement) now.open = open;
  }
  if (focused?.id) keepFocus(focused);
}

/** What was being typed stays with the focus: it need not be a number yet. */
function keepFocus(before: Element): void {
  const now = document.getElementById(before.id);
  if (before instanceof HTMLInputElement && now instanceof HTMLInputElement && isTyped(now)) {
    now.value = ""; // a value that changes leaves the caret behind it, one that does not before it
    now.value = before.value;
  }
  now?.focus({ preventScroll: true });
}

const isTyped = ({ type }: HTMLInputElement): boolean => ["text", "number"].includes(type);
