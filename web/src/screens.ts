/** Which part of the page is shown, and the one place where trouble is told. */

import { any, button, say } from './elements';
import type { Trouble } from './words';

const SCREENS = {
  lobby: 'lobby-title',
  exam: 'question-number',
  'end-screen': 'end-title',
  'result-screen': 'result-title',
} as const;
export type Screen = keyof typeof SCREENS;

/** Shows one screen and moves the focus to its title; null leaves only the trouble. */
export function show(screen: Screen | null): void {
  for (const id of Object.keys(SCREENS)) any(id).hidden = id !== screen;
  any('connection').hidden = screen !== 'exam';
  if (screen) any(SCREENS[screen]).focus();
  window.scrollTo(0, 0);
}

export class TroublePanel {
  private readonly panel = any('error');
  private readonly button = button('error-action');
  private act: () => void = () => undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.button.addEventListener('click', () => { this.act(); });
  }

  show(trouble: Trouble, act: () => void = () => undefined): void {
    this.hide();
    this.act = act;
    this.panel.hidden = false;
    this.panel.dataset.code = trouble.code;
    say(any('error-title'), trouble.title);
    say(any('error-text'), trouble.text);
    this.showSteps(trouble.steps ?? []);
    this.button.hidden = trouble.action === undefined;
    if (trouble.action !== undefined) this.offer(trouble.action, trouble);
    this.panel.focus();
    this.panel.scrollIntoView({ block: 'nearest' });
  }

  hide(): void {
    clearInterval(this.timer);
    this.panel.hidden = true;
    delete this.panel.dataset.code;
  }

  private showSteps(steps: readonly string[]): void {
    const list = any('error-steps');
    list.hidden = steps.length === 0;
    list.replaceChildren(...steps.map((step) => item(step)));
  }

  private offer(label: string, { waitSeconds = 0, byItselfSeconds }: Trouble): void {
    const seconds = byItselfSeconds ?? waitSeconds;
    const end = performance.now() + seconds * 1000;
    const tick = (): void => {
      const left = Math.ceil((end - performance.now()) / 1000);
      const waits = byItselfSeconds === undefined;
      this.button.disabled = waits && left > 0;
      const when = waits ? `in ${left} s` : `(by itself in ${left} s)`;
      this.button.textContent = left > 0 ? `${label} ${when}` : label;
      if (left > 0) return;
      clearInterval(this.timer);
      if (!waits) this.act();
    };
    tick();
    if (seconds > 0) this.timer = setInterval(tick, 250);
  }
}

export function item(text: string): HTMLLIElement {
  const line = document.createElement('li');
  line.textContent = text;
  return line;
}
