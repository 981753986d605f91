import { describe, expect, it } from 'vitest';

import { join, JoinError, look, type Fetch } from '../src/join';
import { browserOf, joinTrouble, microphoneTrouble } from '../src/words';

const CONSENT = { recording: true, text_version: '2026-11-22' };
const ADMISSION = {
  livekit_url: 'wss://x',
  token: 't',
  resumed: true,
  page: { typed: false, own_turn_end: false, captions: 'normal' },
};

const answering =
  (status: number, body: unknown, headers: Record<string, string> = {}): Fetch =>
  () => Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers }));

async function refusal(request: Fetch): Promise<JoinError> {
  const error: unknown = await join('jwt', CONSENT, request).catch((reason: unknown) => reason);
  if (error instanceof JoinError) return error;
  throw new Error('joined');
}

describe('join', () => {
  it('sends invitation and consent, and returns the admission', async () => {
    const sent: unknown[] = [];
    const admission = await join('jwt', CONSENT, (address, init) => {
      sent.push(address, init.method, typeof init.body === 'string' && JSON.parse(init.body));
      return Promise.resolve(new Response(JSON.stringify(ADMISSION)));
    });
    expect(sent).toEqual(['join', 'POST', { invitation: 'jwt', consent: CONSENT }]);
    expect(admission.resumed).toBe(true);
  });

  it('looks before it joins', async () => {
    const sent: unknown[] = [];
    const page = await look('jwt', (address, init) => {
      sent.push(address, typeof init.body === 'string' && JSON.parse(init.body));
      return Promise.resolve(new Response(JSON.stringify({ page: { ...ADMISSION.page, typed: true } })));
    });
    expect(sent).toEqual(['invitation', { invitation: 'jwt' }]);
    expect(page).toEqual({ typed: true, ownTurnEnd: false, captions: 'normal' });
  });

  it('keeps the code of a refusal', async () => {
    const error = { code: 'invitation_used', message: 'Used.' };
    expect((await refusal(answering(409, { error }))).code).toBe('invitation_used');
  });

  it('knows how long to wait', async () => {
    const error = { code: 'rate_limited', message: 'Slow down.' };
    const wait = async (headers: Record<string, string>): Promise<number | null> =>
      (await refusal(answering(429, { error }, headers))).retryAfterSeconds;
    expect(await wait({ 'retry-after': '7' })).toBe(7);
    expect(await wait({})).toBe(10);
    expect(await wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' })).toBe(10);
  });

  it('calls a server that fails without words unavailable', async () => {
    expect((await refusal(answering(502, '<html>'))).code).toBe('unavailable');
    expect((await refusal(answering(429, ''))).code).toBe('rate_limited');
  });

  it('says when nothing could be reached, and when the answer makes no sense', async () => {
    expect((await refusal(() => Promise.reject(new TypeError('failed')))).code).toBe('offline');
    expect((await refusal(answering(200, { token: 't' }))).code).toBe('bad_answer');
  });
});

describe('words', () => {
  it.each(['invitation_invalid', 'invitation_expired', 'invitation_used', 'unknown_exam', 'exam_finished'])(
    'offer no button that cannot help after %s',
    (code) => {
      expect(joinTrouble(new JoinError(code, 'raw')).action).toBeUndefined();
    },
  );

  it.each(['unavailable', 'offline', 'rate_limited', 'something_new'])('offer another try after %s', (code) => {
    const trouble = joinTrouble(new JoinError(code, 'Raw words.', 3));
    expect(trouble.action).toBe('Try again');
    expect(trouble.waitSeconds).toBe(code === 'rate_limited' ? 3 : undefined);
  });

  it('tell each browser its own way to allow the microphone', () => {
    const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36';
    expect(browserOf(chrome)).toBe('chrome');
    expect(browserOf(`${chrome} Edg/140.0`)).toBe('edge');
    expect(browserOf('Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('firefox');
    expect(browserOf('Mozilla/5.0 (Macintosh) Version/18.0 Safari/605.1.15')).toBe('safari');
    expect(browserOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) CriOS/140.0 Safari/604.1')).toBe('ios');
    expect(microphoneTrouble('refused', 'firefox').steps).not.toEqual(
      microphoneTrouble('refused', 'safari').steps,
    );
    expect(microphoneTrouble('missing', 'chrome').steps).toBeUndefined();
  });
});
