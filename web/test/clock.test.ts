import { beforeEach, describe, expect, it } from 'vitest';

import { Countdown, formatRemaining } from '../src/clock';

let now: number;
let clock: Countdown;

beforeEach(() => {
  now = 1_000;
  clock = new Countdown(() => now);
});

describe('countdown', () => {
  it('knows nothing before the examiner has told', () => {
    expect(clock.remaining()).toBeNull();
    clock.update(null, false);
    expect(clock.remaining()).toBeNull();
  });

  it('counts while the clock runs, and not below zero', () => {
    clock.update(5_000, true);
    now += 2_000;
    expect(clock.remaining()).toBe(3_000);
    now += 9_000;
    expect(clock.remaining()).toBe(0);
  });

  it('stands still while paused, and goes on from there', () => {
    clock.update(5_000, true);
    now += 2_000;
    clock.update(5_000, false);
    now += 60_000;
    expect(clock.remaining()).toBe(3_000);
    clock.update(5_000, true);
    now += 1_000;
    expect(clock.remaining()).toBe(2_000);
  });

  it('takes a new value, and does not take an old one twice', () => {
    clock.update(60_000, true);
    now += 10_000;
    clock.update(60_000, true);
    expect(clock.remaining()).toBe(50_000);
    clock.update(55_000, true);
    expect(clock.remaining()).toBe(55_000);
  });

  it('holds while the examiner is away and then believes the next one', () => {
    clock.update(60_000, true);
    now += 10_000;
    clock.hold();
    now += 30_000;
    expect(clock.remaining()).toBe(50_000);
    clock.update(60_000, true);
    expect(clock.remaining()).toBe(60_000);
  });
});

describe('format', () => {
  it.each([
    [0, '0:00'],
    [1, '0:01'],
    [59_999, '1:00'],
    [61_000, '1:01'],
    [720_000, '12:00'],
    [3_600_000, '1:00:00'],
    [3_661_000, '1:01:01'],
  ])('shows %d ms as %s', (milliseconds, text) => {
    expect(formatRemaining(milliseconds)).toBe(text);
  });
});
