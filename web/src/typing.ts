/** Tells at most every two seconds that the student types: silence does not run meanwhile. */

import type { Now } from './clock';

export const TYPING_INTERVAL_MS = 2_000;

export class Typing {
  private told = -Infinity;

  /** `now` gives milliseconds that never jump. */
  constructor(
    private readonly tell: () => void,
    private readonly now: Now,
  ) {}

  /** At each change of the text. */
  changed(): void {
    const now = this.now();
    if (now - this.told < TYPING_INTERVAL_MS) return;
    this.told = now;
    this.tell();
  }
}
