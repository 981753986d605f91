import { describe, expect, it } from 'vitest';

import { Rejoin } from '../src/rejoin';

describe('going back into the exam', () => {
  it('is tried for longer than a restart takes, and then left to the student', () => {
    const rejoin = new Rejoin(() => 0);
    let seconds = 0;
    let tries = 0;
    for (let pause = rejoin.next(); pause !== null; pause = rejoin.next()) {
      seconds += pause;
      tries += 1;
    }
    expect(tries).toBe(10);
    expect(seconds).toBeGreaterThan(180);
    expect(rejoin.next()).toBeNull();
  });

  it('begins anew after a visit that lasted', () => {
    let now = 0;
    const rejoin = new Rejoin(() => now);
    const first = rejoin.next();
    for (let count = 0; count < 4; count += 1) rejoin.next();
    rejoin.entered();
    now += 59_999;
    expect(rejoin.next()).toBeGreaterThan(first ?? 0);
    rejoin.entered();
    now += 60_000;
    expect(rejoin.next()).toBe(first);
  });
});
