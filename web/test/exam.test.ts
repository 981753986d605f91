import { describe, expect, it } from 'vitest';

import { enabledButtons } from '../src/buttons';
import { levelOf, VoiceCheck } from '../src/level';
import { PHASES } from '../src/protocol';
import { untilAnswered, type Timing } from '../src/ready';
import { buttonFor, type KeyPress } from '../src/shortcuts';
import { phaseWords } from '../src/words';

const PATIENCE = { forMs: 15_000, pauseMs: 500 };

function virtualTime(): Timing {
  let now = 0;
  return {
    now: () => now,
    wait: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

function answeringFrom(nth: number): { call: () => Promise<void>; count: () => number } {
  let calls = 0;
  return {
    call: () => {
      calls += 1;
      return calls >= nth ? Promise.resolve() : Promise.reject(new Error('not there'));
    },
    count: () => calls,
  };
}

describe('a call until it is answered', () => {
  it('is made once when it is answered', async () => {
    const examiner = answeringFrom(1);
    expect(await untilAnswered(examiner.call, () => true, PATIENCE, virtualTime())).toBe('answered');
    expect(examiner.count()).toBe(1);
  });

  it('is made again until then', async () => {
    const examiner = answeringFrom(4);
    expect(await untilAnswered(examiner.call, () => true, PATIENCE, virtualTime())).toBe('answered');
    expect(examiner.count()).toBe(4);
  });

  it('is given up in the end', async () => {
    const examiner = answeringFrom(Infinity);
    expect(await untilAnswered(examiner.call, () => true, PATIENCE, virtualTime())).toBe('given_up');
    expect(examiner.count()).toBe(30);
  });

  it('stops as soon as it is not wanted any more', async () => {
    const examiner = answeringFrom(Infinity);
    const outcome = await untilAnswered(examiner.call, () => examiner.count() < 2, PATIENCE, virtualTime());
    expect(outcome).toBe('superseded');
    expect(examiner.count()).toBe(2);
  });
});

describe('buttons', () => {
  it('are off before and after the exam, and without an examiner', () => {
    for (const phase of ['waiting', 'closing', 'finished'] as const) {
      expect(enabledButtons(phase, true).size).toBe(0);
    }
    expect(enabledButtons('listening', false).size).toBe(0);
  });

  it('leave the way out of a pause', () => {
    expect([...enabledButtons('paused', true)]).toEqual(['pause', 'end']);
    expect(enabledButtons('listening', true).has('skip')).toBe(true);
  });
});

describe('shortcuts', () => {
  const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    repeat: false,
    isComposing: false,
    ...more,
  });

  it('stand for buttons', () => {
    expect(['r', 'R', 's', 'p', 'e', 'd'].map((key) => buttonFor(press(key), false))).toEqual([
      'repeat', 'repeat', 'skip', 'pause', 'end', 'done',
    ]);
    expect(buttonFor(press('x'), false)).toBeNull();
  });

  it('leave typing and the browser alone', () => {
    expect(buttonFor(press('r'), true)).toBeNull();
    expect(buttonFor(press('r', { ctrlKey: true }), false)).toBeNull();
    expect(buttonFor(press('r', { metaKey: true }), false)).toBeNull();
    expect(buttonFor(press('p', { repeat: true }), false)).toBeNull();
  });
});

describe('level', () => {
  const tone = (amplitude: number): Float32Array =>
    Float32Array.from({ length: 1024 }, (_, index) => amplitude * Math.sin(index / 5));

  it('goes from silence to full scale', () => {
    expect(levelOf(new Float32Array(1024))).toBe(0);
    expect(levelOf(new Float32Array(0))).toBe(0);
    expect(levelOf(tone(0.1))).toBeGreaterThan(0.5);
    expect(levelOf(tone(1))).toBeGreaterThan(0.9);
    expect(levelOf(tone(1))).toBeLessThanOrEqual(1);
  });

  it('takes a voice for a voice, and a knock for a knock', () => {
    const check = new VoiceCheck();
    for (const level of [0.1, 0.9, 0.2, 0.1]) check.add(level);
    expect(check.heard).toBe(false);
    for (const level of [0.5, 0.6, 0.5]) check.add(level);
    expect(check.heard).toBe(true);
    check.add(0);
    expect(check.heard).toBe(true);
  });
});

describe('phases', () => {
  it('all have words', () => {
    for (const phase of PHASES) expect(phaseWords(phase, null).title).not.toBe('');
  });

  it('say whose turn it is where the phase does not', () => {
    expect(phaseWords('soundcheck', 'listening').title).toBe('Sound check: your turn');
    expect(phaseWords('asking', 'listening').title).toBe('The examiner is speaking');
  });

  it('fit how the student answers', () => {
    const hint = (typed: boolean, ownTurnEnd: boolean): string =>
      phaseWords('listening', null, { typed, ownTurnEnd }).hint;
    expect(hint(false, false)).toContain('listening');
    expect(hint(true, false)).toContain('Type your answer');
    expect(hint(false, true)).toContain('I’m done');
    expect(phaseWords('paused', null, { typed: true, ownTurnEnd: true })).toEqual(phaseWords('paused', null));
  });
});
