/** The student's own choices for the exam screen, remembered on this device. */

import { any, checkbox } from './elements';
import type { CaptionStyle } from './protocol';

const REMEMBERED = ['large-captions', 'use-shortcuts'] as const;

export class Settings {
  private readonly captions = checkbox('show-captions');
  private started = false;

  constructor() {
    for (const id of REMEMBERED) {
      const box = checkbox(id);
      box.checked = recall(id) ?? box.checked;
      box.addEventListener('change', () => {
        remember(id, box.checked);
        this.apply();
      });
    }
    this.captions.addEventListener('change', () => { this.apply(); });
    this.apply();
  }

  /** The exam's profile decides how the page begins; the student may change it. */
  startWithCaptions(style: CaptionStyle): void {
    // Who comes back has chosen since.
    if (this.started) return;
    this.started = true;
    this.captions.checked = style !== 'off';
    if (style === 'large') checkbox('large-captions').checked = true;
    this.apply();
  }

  get shortcuts(): boolean {
    return checkbox('use-shortcuts').checked;
  }

  private apply(): void {
    const exam = any('exam');
    exam.dataset.captions = this.captions.checked ? 'shown' : 'hidden';
    exam.dataset.captionSize = checkbox('large-captions').checked ? 'large' : 'normal';
    exam.dataset.shortcuts = this.shortcuts ? 'on' : 'off';
    any('captions-panel').hidden = !this.captions.checked;
  }
}

/** Storage may be switched off in the browser; then the choice holds for this visit. */
function recall(id: string): boolean | null {
  try {
    const value = localStorage.getItem(`voxam.${id}`);
    return value === null ? null : value === 'true';
  } catch {
    return null;
  }
}

function remember(id: string, value: boolean): void {
  try {
    localStorage.setItem(`voxam.${id}`, String(value));
  } catch {
    return;
  }
}
