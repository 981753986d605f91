/** What the student has to know right now: one notice a code, the most urgent one shown. */

import type { Notice } from './protocol';

/** How long a notice stands that is about a moment, not about a state. */
export const MOMENT_MS = 10_000;
/** These are about the answer at hand, and over with the question. */
const OF_THE_QUESTION: readonly string[] = ['answer_long', 'echo', 'not_sent', 'typed_too_long'];

/** Nothing is heard from the microphone; page and examiner have the same code for it. */
export const MICROPHONE = 'microphone';

/** What is told while an examiner is looked for. */
export const EXAMINER_AWAITED = ['examiner_on_the_way', 'examiner_failed', 'examiner_missing'];

export type Later = (work: () => void, milliseconds: number) => void;

export class Notices {
  /** The latest last. */
  private readonly standing = new Map<string, Notice>();

  constructor(
    private readonly show: (notice: Notice | null) => void,
    private readonly later: Later = (work, milliseconds) => { setTimeout(work, milliseconds); },
  ) {}

  /** Takes the place of an earlier notice of the same code; without a text it only ends that. */
  add(notice: Notice): void {
    this.standing.delete(notice.code);
    if (notice.text !== '') this.standing.set(notice.code, notice);
    if (isMomentary(notice)) {
      this.later(() => {
        if (this.standing.get(notice.code) === notice) this.end(notice.code);
      }, MOMENT_MS);
    }
    this.tell();
  }

  end(code: string): void {
    if (this.standing.delete(code)) this.tell();
  }

  /** The student has read what there was. */
  dismiss(): void {
    this.standing.clear();
    this.tell();
  }

  /** Another question is asked. */
  nextQuestion(): void {
    for (const code of this.standing.keys()) {
      if (OF_THE_QUESTION.includes(code) || isRefusal(code)) this.standing.delete(code);
    }
    this.tell();
  }

  private current(): Notice | null {
    const latestFirst = [...this.standing.values()].reverse();
    const state = (level: string): Notice | undefined =>
      latestFirst.find((notice) => notice.level === level && !isMomentary(notice));
    return state('error') ?? state('warning') ?? latestFirst[0] ?? null;
  }

  private tell(): void {
    this.show(this.current());
  }
}

function isMomentary(notice: Notice): boolean {
  return notice.level === 'info' || isRefusal(notice.code);
}

/** A button that was not granted. */
function isRefusal(code: string): boolean {
  return code.endsWith('_refused');
}
