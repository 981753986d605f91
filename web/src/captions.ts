/** What was said so far, one line a segment. Interim words are replaced, a final line stays. */

import type { Caption } from './protocol';

export class CaptionLog {
  private readonly lines = new Map<string, Caption>();

  /** The line as it now stands, or null when the update is late: its segment is final already. */
  apply(update: Caption): Caption | null {
    const known = this.lines.get(update.segment);
    if (known?.final) return null;
    if (!update.text.trim() && !known) return null;
    // A closing update without words closes the words that are there.
    const line = update.text.trim() ? update : { ...update, text: known?.text ?? '' };
    this.lines.set(update.segment, line);
    return line;
  }

  all(): readonly Caption[] {
    return [...this.lines.values()];
  }
}
