/** POST /invitation and /join: from an invitation and a consent to a place in the exam's room. */

import {
  parseAdmission,
  parseLooked,
  parseServiceError,
  type Admission,
  type Consent,
  type Looked,
} from './protocol';

/** `code` is one of the service's error codes, or `offline`, or `bad_answer`. */
export class JoinError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = 'JoinError';
  }
}

export type Fetch = (address: string, init: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 20_000;
/** Retry-After when the service gives none, or gives it as a date. */
const RETRY_AFTER_SECONDS = 10;

const FETCH: Fetch = (address, init) => fetch(address, init);

/** What the page has to know before it asks for a microphone. Begins nothing. */
export function look(invitation: string, request = FETCH): Promise<Looked> {
  return ask(request, 'invitation', { invitation }, parseLooked);
}

export function join(invitation: string, consent: Consent, request = FETCH): Promise<Admission> {
  return ask(request, 'join', { invitation, consent }, parseAdmission);
}

async function ask<T>(
  request: Fetch,
  address: string,
  wanted: object,
  parse: (body: unknown) => T | null,
): Promise<T> {
  const response = await post(request, address, wanted);
  const body = await response.json().catch(() => null) as unknown;
  if (!response.ok) throw refusal(response, body);
  const answer = parse(body);
  if (answer === null) {
    throw new JoinError('bad_answer', 'The answer of the exam service could not be read.');
  }
  return answer;
}

async function post(request: Fetch, address: string, body: object): Promise<Response> {
  try {
    return await request(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new JoinError('offline', 'The exam service could not be reached.');
  }
}

function refusal(response: Response, body: unknown): JoinError {
  const error = parseServiceError(body);
  const code = error?.code ?? (response.status === 429 ? 'rate_limited' : 'unavailable');
  const message = error?.message ?? `The exam service answered with status ${response.status}.`;
  return new JoinError(code, message, code === 'rate_limited' ? retryAfter(response) : null);
}

function retryAfter(response: Response): number {
  const value = response.headers.get('retry-after') ?? '';
  return /^\d{1,5}$/.test(value) ? Number(value) : RETRY_AFTER_SECONDS;
}
