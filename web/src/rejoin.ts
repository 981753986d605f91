/** When the page goes back into the exam by itself: soon at first, then more and more patiently. */

/** Seconds before each try: together longer than a restart of the servers takes. */
const PAUSES = [5, 5, 10, 15, 20, 30, 30, 30, 30, 30];
/** After a visit of this length whatever was wrong before it is over, in milliseconds. */
const LASTING_MS = 60_000;

export class Rejoin {
  private tries = 0;
  private enteredAt: number | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  entered(): void {
    this.enteredAt = this.now();
  }

  /** Seconds until the next try, or null: it is the student's turn. */
  next(): number | null {
    if (this.enteredAt !== null && this.now() - this.enteredAt >= LASTING_MS) this.tries = 0;
    this.enteredAt = null;
    const pause = PAUSES[this.tries] ?? null;
    this.tries += 1;
    return pause;
  }
}
