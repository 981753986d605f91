/** The time left, counted down on a monotonic clock between the examiner's updates. */

export type Now = () => number;

export class Countdown {
  private given: number | null = null;
  private base: number | null = null;
  private since: number | null = null;

  /** `now` gives milliseconds that never jump: performance.now, not the time of day. */
  constructor(private readonly now: Now) {}

  /**
   * Takes the examiner's latest value. A value that was given before is old by now, so the own count
   * goes on: the same attributes come again after every reconnection.
   */
  update(remainingMs: number | null, running: boolean): void {
    this.base = remainingMs === this.given ? this.remaining() : remainingMs;
    this.given = remainingMs;
    this.since = running ? this.now() : null;
  }

  /** Holds the value while the examiner is away; whatever the next one tells counts. */
  hold(): void {
    this.base = this.remaining();
    this.since = null;
    this.given = null;
  }

  /** Milliseconds left, never below zero; null before the examiner has told. */
  remaining(): number | null {
    if (this.base === null) return null;
    const spent = this.since === null ? 0 : this.now() - this.since;
    return Math.max(0, this.base - spent);
  }
}

/** "11:05", or "1:02:09" beyond an hour. Rounded up, so that 0:00 means that the time is over. */
export function formatRemaining(milliseconds: number): string {
  const total = Math.ceil(milliseconds / 1000);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, '0');
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
    : `${minutes}:${seconds}`;
}
