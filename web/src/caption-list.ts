/** The captions on screen: one line a segment, scrolled along unless the student reads further up. */

import { CaptionLog } from './captions';
import { any } from './elements';
import type { Caption } from './protocol';

const NAMES = { examiner: 'Examiner', student: 'You' } as const;
/** How far from the end, in CSS pixels, still counts as reading along. */
const NEAR_END = 60;

export class CaptionList {
  private readonly log = new CaptionLog();
  private readonly items = new Map<string, HTMLLIElement>();
  private readonly list = any('captions');
  private readonly scroll = any('captions-scroll');
  private readonly announcer = any('announce');
  private readingAlong = true;
  private top = 0;

  constructor() {
    this.scroll.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroll;
      // Words that came since the last own scroll leave a gap, too: only going up is the student's wish.
      const up = scrollTop < this.top;
      this.top = scrollTop;
      if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.readingAlong = true;
      else if (up) this.readingAlong = false;
    });
    // Either new words or another size, of the letters or of the window.
    const sizes = new ResizeObserver(() => {
      if (this.readingAlong) this.scroll.scrollTop = this.scroll.scrollHeight;
    });
    sizes.observe(this.list);
    sizes.observe(this.scroll);
  }

  show(update: Caption): void {
    const line = this.log.apply(update);
    if (!line) return;
    const entry = this.items.get(line.segment) ?? this.add(line);
    entry.dataset.final = String(line.final);
    const words = entry.querySelector('.words');
    if (words) words.textContent = line.text;
    // A screen reader gets the examiner's words once, whole, and never the student's own.
    if (line.final && line.who === 'examiner') this.announcer.textContent = line.text;
  }

  private add(line: Caption): HTMLLIElement {
    const entry = document.createElement('li');
    entry.dataset.who = line.who;
    entry.dataset.segment = line.segment;
    const name = document.createElement('span');
    name.className = 'who';
    name.textContent = NAMES[line.who];
    const words = document.createElement('span');
    words.className = 'words';
    entry.append(name, words);
    this.list.append(entry);
    this.items.set(line.segment, entry);
    any('captions-empty').hidden = true;
    return entry;
  }
}
