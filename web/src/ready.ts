/** A call that is tried again until it is answered: the examiner registers its calls after it joins. */

export interface Patience {
  /** How long to go on, in milliseconds. */
  readonly forMs: number;
  /** How long to wait between two tries, in milliseconds. */
  readonly pauseMs: number;
}

export interface Timing {
  now(): number;
  wait(milliseconds: number): Promise<void>;
}

export const REAL_TIME: Timing = {
  now: () => performance.now(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

export type Outcome = 'answered' | 'given_up' | 'superseded';

export async function untilAnswered(
  call: () => Promise<unknown>,
  wanted: () => boolean,
  patience: Patience,
  timing: Timing = REAL_TIME,
): Promise<Outcome> {
  const start = timing.now();
  while (wanted()) {
    try {
      await call();
      return wanted() ? 'answered' : 'superseded';
    } catch {
      if (timing.now() - start + patience.pauseMs >= patience.forMs) break;
    }
    await timing.wait(patience.pauseMs);
  }
  return wanted() ? 'given_up' : 'superseded';
}
