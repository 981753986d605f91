/** POST /join: from an invitation and a consent to a place in the exam's room. */

import { parseAdmission, parseServiceError, type Admission, type Consent } from './protocol';

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

export async function join(
  invitation: string,
  consent: Consent,
  request: Fetch = (address, init) => fetch(address, init),
): Promise<Admission> {
  const response = await post(request, { invitation, consent });
  const body = await response.json().catch(() => null) as unknown;
  if (response.ok) {
    const admission = parseAdmission(body);
    if (admission) return admission;
    throw new JoinError('bad_answer', 'The answer of the exam service could not be read.');
  }
  throw refusal(response, body);
}

async function post(request: Fetch, body: object): Promise<Response> {
  try {
    return await request('join', {
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
