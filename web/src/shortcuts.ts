/** Single keys for the exam's buttons. They press the button, so what is disabled stays so. */

const KEYS: Readonly<Record<string, string>> = {
  d: 'done',
  r: 'repeat',
  s: 'skip',
  p: 'pause',
  e: 'end',
};

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
  readonly isComposing: boolean;
}

/** The id of the button that a key stands for. Keys with modifiers belong to the browser. */
export function buttonFor(press: KeyPress, typing: boolean): string | null {
  if (typing || press.repeat || press.isComposing) return null;
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  return KEYS[press.key.toLowerCase()] ?? null;
}

export function listenForShortcuts(enabled: () => boolean): void {
  document.addEventListener('keydown', (event) => {
    const id = enabled() ? buttonFor(event, isTyping(event.target)) : null;
    const target = id === null ? null : document.getElementById(id);
    if (!(target instanceof HTMLButtonElement) || target.offsetParent === null) return;
    event.preventDefault();
    target.click();
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox';
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
