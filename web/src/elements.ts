/** The page's elements by id; a missing one is a programming error and says so. */

export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing or of another kind`);
  return element;
}

export const button = (id: string): HTMLButtonElement => byId(id, HTMLButtonElement);
export const checkbox = (id: string): HTMLInputElement => byId(id, HTMLInputElement);
export const any = (id: string): HTMLElement => byId(id, HTMLElement);

/** Shows the text, or hides the element without one. Unchanged text is not announced again. */
export function say(element: HTMLElement, text: string | null): void {
  element.hidden = text === null;
  if (element.textContent !== (text ?? '')) element.textContent = text ?? '';
}
