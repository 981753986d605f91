import { describe, expect, it } from 'vitest';

import { CaptionLog } from '../src/captions';
import type { Caption } from '../src/protocol';

const words = (segment: string, text: string, final = false): Caption => ({
  segment,
  who: 'student',
  text,
  final,
});

describe('caption log', () => {
  it('replaces interim words and keeps final ones', () => {
    const log = new CaptionLog();
    log.apply(words('a', 'it makes'));
    log.apply(words('a', 'it makes energy', true));
    expect(log.apply(words('a', 'it may'))).toBeNull();
    log.apply(words('b', 'also heat'));
    expect(log.all().map((line) => line.text)).toEqual(['it makes energy', 'also heat']);
  });

  it('has no empty lines', () => {
    const log = new CaptionLog();
    expect(log.apply(words('a', ' '))).toBeNull();
    expect(log.all()).toEqual([]);
  });

  it('closes a segment without repeating its words', () => {
    const log = new CaptionLog();
    log.apply(words('a', 'energy'));
    expect(log.apply(words('a', '', true))).toEqual(words('a', 'energy', true));
  });
});
