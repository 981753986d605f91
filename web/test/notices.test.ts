import { describe, expect, it } from 'vitest';

import { MOMENT_MS, Notices } from '../src/notices';
import type { NoticeLevel } from '../src/protocol';
import { Typing, TYPING_INTERVAL_MS } from '../src/typing';

describe('notices', () => {
  const start = (): {
    add: (code: string, level: NoticeLevel, text?: string) => void;
    notices: Notices;
    shown: () => string | null;
    wait: (milliseconds: number) => void;
  } => {
    let text: string | null = null;
    let due: { at: number; work: () => void }[] = [];
    let now = 0;
    const notices = new Notices(
      (notice) => { text = notice?.text ?? null; },
      (work, milliseconds) => { due.push({ at: now + milliseconds, work }); },
    );
    return {
      notices,
      add: (code, level, words = code) => { notices.add({ code, level, text: words }); },
      shown: () => text,
      wait: (milliseconds) => {
        now += milliseconds;
        const ready = due.filter(({ at }) => at <= now);
        due = due.filter(({ at }) => at > now);
        for (const { work } of ready) work();
      },
    };
  };

  it('that inform go by themselves, and what is urgent stays', () => {
    const { add, shown, wait } = start();
    add('microphone', 'error');
    add('local', 'info');
    expect(shown()).toBe('microphone');
    wait(MOMENT_MS);
    expect(shown()).toBe('microphone');
    add('microphone', 'info', 'I can hear you again.');
    expect(shown()).toBe('I can hear you again.');
    wait(MOMENT_MS - 1);
    add('microphone', 'info', 'Still.');
    wait(1);
    expect(shown()).toBe('Still.');
    wait(MOMENT_MS);
    expect(shown()).toBeNull();
  });

  it('of the moment are shown as they come', () => {
    const { add, shown, wait } = start();
    add('skip_refused', 'warning');
    add('local', 'info');
    expect(shown()).toBe('local');
    add('end_refused', 'warning');
    expect(shown()).toBe('end_refused');
    wait(MOMENT_MS);
    expect(shown()).toBeNull();
  });

  it('without a text end a state', () => {
    const { add, shown } = start();
    add('microphone', 'warning');
    add('microphone', 'info', '');
    expect(shown()).toBeNull();
  });

  it('about a question end with it', () => {
    const { add, notices, shown } = start();
    add('microphone', 'warning');
    add('answer_long', 'warning');
    add('skip_refused', 'warning');
    notices.nextQuestion();
    expect(shown()).toBe('microphone');
    notices.dismiss();
    expect(shown()).toBeNull();
  });
});

describe('typing', () => {
  it('is told at most every two seconds', () => {
    let now = 0;
    let told = 0;
    const typing = new Typing(() => { told += 1; }, () => now);
    for (now = 0; now < 2 * TYPING_INTERVAL_MS; now += 100) typing.changed();
    expect(told).toBe(2);
    now += 60_000;
    typing.changed();
    expect(told).toBe(3);
  });
});
