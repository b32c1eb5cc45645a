/** Elements of the page. Text is always text: nothing that a file says becomes markup. */

type Child = Node | string | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;

/** An element with attributes, listeners (`onclick`) and children. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  adorn(made, attributes);
  fill(made, ...children);
  return made;
}

/** An element of SVG. */
export function drawn<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  adorn(made, attributes);
  fill(made, ...children);
  return made;
}

function adorn(made: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') made.addEventListener(name.slice(2), value as EventListener);
    else made.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Puts children in the place of those there are. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}

/** A button with a text that says what it does. */
export function button(text: string, pressed: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return element('button', { type: 'button', onclick: pressed, ...attributes }, text);
}

/** "12.3 %" */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** "2026-01-31" of DICOM's YYYYMMDD. */
export const shownDate = (date: string | null): string =>
  /^\d{8}$/.test(date ?? '') ? `${date?.slice(0, 4)}-${date?.slice(4, 6)}-${date?.slice(6)}` : 'no date';
