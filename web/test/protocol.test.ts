import { describe, expect, it } from 'vitest';

import {
  parseAdmission,
  parseAsk,
  parseCaptionHeader,
  parseExamState,
  parseLooked,
  parseNotice,
  parseQuestion,
  parseServiceError,
  parseSummary,
  readInvitation,
} from '../src/protocol';
import { resultLink } from '../src/result';

const ADMISSION = {
  session_id: 'a',
  room_name: 'exam-a-00000000',
  livekit_url: 'ws://127.0.0.1:7880',
  token: 'jwt',
  token_expires_at: '2026-01-01T00:00:00Z',
  resumed: false,
  page: { typed: false, own_turn_end: true, captions: 'normal' },
};

describe('invitation', () => {
  it('is read from the fragment', () => {
    expect(readInvitation('#invitation=a.b.c')).toBe('a.b.c');
    expect(readInvitation('#x=1&invitation=a.b-c_d')).toBe('a.b-c_d');
  });

  it.each(['', '#', '#invitation=', '#invitation=%20', '#Invitation=a'])('is missing in %j', (fragment) => {
    expect(readInvitation(fragment)).toBeNull();
  });
});

describe('admission', () => {
  it('keeps what the page needs', () => {
    expect(parseAdmission(ADMISSION)).toEqual({
      livekitUrl: 'ws://127.0.0.1:7880',
      token: 'jwt',
      resumed: false,
      page: { typed: false, ownTurnEnd: true, captions: 'normal' },
    });
  });

  it.each([['off', 'off'], ['large', 'large'], ['shaped', 'normal']])('begins with captions %s as %s', (given, style) => {
    const page = { ...ADMISSION.page, captions: given };
    expect(parseAdmission({ ...ADMISSION, page })?.page.captions).toBe(style);
  });

  it.each([
    null,
    [],
    { ...ADMISSION, token: 1 },
    { ...ADMISSION, livekit_url: undefined },
    { ...ADMISSION, resumed: 'no' },
    { ...ADMISSION, page: null },
    { ...ADMISSION, page: { ...ADMISSION.page, captions: 1 } },
  ])('refuses %j', (value) => {
    expect(parseAdmission(value)).toBeNull();
  });
});

describe('service error', () => {
  it('has a code, a sentence and maybe a field', () => {
    const error = { code: 'bad_request', message: 'No.', field: 'consent' };
    expect(parseServiceError({ error })).toEqual(error);
    expect(parseServiceError({ error: { code: 'x', message: 'y' } })?.field).toBeNull();
  });

  it.each([null, 'x', {}, { error: 'x' }, { error: { code: 1, message: 'x' } }])('refuses %j', (value) => {
    expect(parseServiceError(value)).toBeNull();
  });
});

describe('examiner attributes', () => {
  it('are read whole', () => {
    const ask = { id: 'q', kind: 'choice', text: 'Which?', options: ['a', 'b'] };
    expect(
      parseExamState({
        'voxam.phase': 'listening',
        'voxam.question': '2/5',
        'voxam.ask': JSON.stringify(ask),
        'voxam.remaining_ms': '61000',
        'voxam.clock': 'running',
        'lk.agent.state': 'listening',
      }),
    ).toEqual({
      phase: 'listening',
      activity: 'listening',
      question: { current: 2, total: 5 },
      ask,
      remainingMs: 61000,
      clockRunning: true,
    });
  });

  it('wait when there are none yet', () => {
    const nothing = { phase: 'waiting', question: null, ask: null, remainingMs: null, clockRunning: false };
    expect(parseExamState({})).toMatchObject(nothing);
    expect(parseExamState({ 'voxam.phase': 'dancing', 'voxam.remaining_ms': '-1' })).toMatchObject(nothing);
  });

  it.each(['', '2', '0/5', '6/5', '2/5/', 'a/b', '-1/5', '1.5/5'])('have no question number in %j', (value) => {
    expect(parseQuestion(value)).toBeNull();
  });

  it.each(['', '{', '[]', '{"id":"q","kind":"riddle","text":"?"}', '{"id":"q","kind":"open"}', '{"id":"q","kind":"choice","text":"?","options":[1]}'])(
    'have no question in %j',
    (value) => {
      expect(parseAsk(value)).toBeNull();
    },
  );

  it('take a question without options', () => {
    expect(parseAsk('{"id":"q","kind":"open","text":"?","options":null}')?.options).toEqual([]);
  });
});

describe('notices and captions', () => {
  it('take a notice of a known level only', () => {
    expect(parseNotice('{"code":"c","level":"info","text":"t"}')).toEqual({ code: 'c', level: 'info', text: 't' });
    expect(parseNotice('{"code":"c","level":"panic","text":"t"}')).toBeNull();
    expect(parseNotice('not json')).toBeNull();
  });

  it('name the segment, or else the stream', () => {
    const attributes = { 'lk.segment_id': 's', 'lk.transcription_final': 'true' };
    expect(parseCaptionHeader(attributes, 'stream')).toEqual({ segment: 's', final: true });
    expect(parseCaptionHeader(undefined, 'stream')).toEqual({ segment: 'stream', final: false });
  });
});

describe('what is told of a result', () => {
  const page = { typed: false, own_turn_end: false, captions: 'normal' };
  const result = { state: 'released', can_join: false };

  it('comes beside what the page needs', () => {
    const looked = parseLooked({ page, result, result_url: 'https://desk.example/result' });
    expect(looked?.result).toEqual({ state: 'released', canJoin: false, url: 'https://desk.example/result' });
    expect(parseLooked({ page })?.result).toBeUndefined();
  });

  it.each([
    { result, result_url: 'javascript:alert(1)' },
    { result: { state: 'lost', can_join: true }, result_url: 'https://desk.example/result' },
    { result: 'released', result_url: 'https://desk.example/result' },
    { result },
  ])('is left out where it does not fit: %j', (told) => {
    expect(parseLooked({ page, ...told })).toEqual({ typed: false, ownTurnEnd: false, captions: 'normal' });
  });

  it('is linked with the invitation behind the #', () => {
    const news = { state: 'released', canJoin: false, url: 'https://desk.example/result' } as const;
    expect(resultLink(news, 'a.b-c_d')).toBe('https://desk.example/result#invitation=a.b-c_d');
  });
});

describe('summary', () => {
  const question = { number: 1, ask: 'Why?', status: 'answered', right: ['light'], lacking: [], explanation: null };

  it('keeps what the page shows', () => {
    expect(parseSummary(JSON.stringify({ questions: [question] }))).toEqual([
      { number: 1, ask: 'Why?', right: ['light'], lacking: [], explanation: null },
    ]);
  });

  it.each(['', '[]', '{"questions": 1}', '{"questions": [{"number": 1}]}', JSON.stringify({ questions: [{ ...question, right: [1] }] })])(
    'is none in %j',
    (payload) => { expect(parseSummary(payload)).toBeNull(); },
  );
});
