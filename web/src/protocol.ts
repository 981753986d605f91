/**
 * The whole contract between the page, the token service and the examiner: names, shapes and strict
 * parsing. What does not fit is refused here, so that no other module sees a half-valid message.
 */

export const EXAMINER = 'examiner';
export const CAPTIONS_TOPIC = 'lk.transcription';
export const NOTICE_TOPIC = 'voxam.notice';
/** At the end of a practice: what went well and what was missing, as JSON. */
export const SUMMARY_TOPIC = 'voxam.summary';
export const TYPED_TOPIC = 'lk.chat';
/** Says that the student types at this moment; the packet's content is of no matter. */
export const TYPING_TOPIC = 'voxam.typing';
/** Says each second that this page lives; the packet's content is of no matter. */
export const HERE_TOPIC = 'voxam.here';

export const COMMANDS = {
  ready: 'exam.ready',
  repeat: 'exam.repeat',
  skip: 'exam.skip',
  pause: 'exam.pause',
  done: 'exam.done',
  end: 'exam.end',
} as const;
export type Command = keyof typeof COMMANDS;

export const PHASES = [
  'waiting',
  'soundcheck',
  'practice',
  'asking',
  'listening',
  'thinking',
  'paused',
  'closing',
  'finished',
] as const;
export type Phase = (typeof PHASES)[number];

/** What the examiner does right now; the agents framework keeps it beside the phase. */
export const ACTIVITIES = ['listening', 'thinking', 'speaking'] as const;
export type Activity = (typeof ACTIVITIES)[number];

export const ASK_KINDS = ['open', 'choice', 'short', 'practice'] as const;
export type AskKind = (typeof ASK_KINDS)[number];

export interface Ask {
  readonly id: string;
  readonly kind: AskKind;
  readonly text: string;
  readonly options: readonly string[];
}

export interface QuestionNumber {
  readonly current: number;
  readonly total: number;
}

/** The examiner's attributes. `remainingMs` is the value at the moment of the update. */
export interface ExamState {
  readonly phase: Phase;
  readonly activity: Activity | null;
  readonly question: QuestionNumber | null;
  readonly ask: Ask | null;
  readonly remainingMs: number | null;
  readonly clockRunning: boolean;
}

export const NOTICE_LEVELS = ['info', 'warning', 'error'] as const;
export type NoticeLevel = (typeof NOTICE_LEVELS)[number];

/** An empty `text` tells that the state of this code is over. */
export interface Notice {
  readonly code: string;
  readonly level: NoticeLevel;
  readonly text: string;
}

export type Speaker = 'examiner' | 'student';

/** The state of one caption segment: the whole text so far, not an increment. */
export interface Caption {
  readonly segment: string;
  readonly who: Speaker;
  readonly text: string;
  readonly final: boolean;
}

export interface Consent {
  readonly recording: boolean;
  /** The date of the consent text that the student read, YYYY-MM-DD. */
  readonly text_version: string;
}

export const CAPTION_STYLES = ['off', 'normal', 'large'] as const;
export type CaptionStyle = (typeof CAPTION_STYLES)[number];

export interface PageOptions {
  readonly typed: boolean;
  readonly ownTurnEnd: boolean;
  /** How the captions begin. */
  readonly captions: CaptionStyle;
}

export const RESULT_STATES = ['practice', 'not_marked', 'not_released', 'released'] as const;
export type ResultState = (typeof RESULT_STATES)[number];

/** What there is to see of an exam that is over, and where. */
export interface ResultNews {
  readonly state: ResultState;
  readonly url: string;
  /** Whether the exam may be begun again, or goes on. */
  readonly canJoin: boolean;
}

/** The answer of POST /invitation. */
export interface Looked extends PageOptions {
  /** Only where a sitting of this exam is over. */
  readonly result?: ResultNews;
}

/** One question of a practice that is over; all words are the author's. */
export interface SummedQuestion {
  readonly number: number;
  readonly ask: string;
  readonly right: readonly string[];
  readonly lacking: readonly string[];
  readonly explanation: string | null;
}

/** The answer of POST /join. */
export interface Admission {
  readonly livekitUrl: string;
  readonly token: string;
  readonly resumed: boolean;
  readonly page: PageOptions;
}

export interface ServiceError {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
}

type Json = Record<string, unknown>;

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown): T | null {
  return allowed.find((candidate) => candidate === value) ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The signed invitation from the address's fragment (`#invitation=…`), or null. */
export function readInvitation(fragment: string): string | null {
  const value = new URLSearchParams(fragment.replace(/^#/, '')).get('invitation')?.trim();
  return value ? value : null;
}

export function parseAdmission(value: unknown): Admission | null {
  const page = parsePageOptions(value);
  if (!isRecord(value) || page === null) return null;
  const { livekit_url: livekitUrl, token, resumed } = value;
  if (typeof livekitUrl !== 'string' || typeof token !== 'string') return null;
  if (typeof resumed !== 'boolean') return null;
  return { livekitUrl, token, resumed, page };
}

/** The `page` of an answer of the service. */
export function parsePageOptions(value: unknown): PageOptions | null {
  if (!isRecord(value) || !isRecord(value.page)) return null;
  const { typed, own_turn_end: ownTurnEnd, captions: style } = value.page;
  if (typeof typed !== 'boolean' || typeof ownTurnEnd !== 'boolean') return null;
  if (typeof style !== 'string') return null;
  // A profile may name a style that this page does not have: no reason to keep a student out.
  return { typed, ownTurnEnd, captions: oneOf(CAPTION_STYLES, style) ?? 'normal' };
}

export function parseLooked(value: unknown): Looked | null {
  const page = parsePageOptions(value);
  if (page === null || !isRecord(value)) return null;
  const result = parseResultNews(value);
  return result ? { ...page, result } : page;
}

/** What does not fit keeps nobody out of an exam. */
function parseResultNews(value: Json): ResultNews | null {
  const { result, result_url: url } = value;
  if (!isRecord(result) || typeof url !== 'string' || !/^https?:\/\//.test(url)) return null;
  const state = oneOf(RESULT_STATES, result.state);
  const canJoin = result.can_join;
  if (state === null || typeof canJoin !== 'boolean') return null;
  return { state, url, canJoin };
}

export function parseServiceError(value: unknown): ServiceError | null {
  if (!isRecord(value) || !isRecord(value.error)) return null;
  const { code, message, field } = value.error;
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  return { code, message, field: typeof field === 'string' ? field : null };
}

/** "2/5" as numbers; null before the first question and for anything else. */
export function parseQuestion(value: string | undefined): QuestionNumber | null {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(value ?? '');
  if (!match) return null;
  const current = Number(match[1]);
  const total = Number(match[2]);
  return current >= 1 && current <= total ? { current, total } : null;
}

export function parseAsk(value: string | undefined): Ask | null {
  const ask = parseJson(value ?? '');
  if (!isRecord(ask)) return null;
  const { id, text, options } = ask;
  const kind = oneOf(ASK_KINDS, ask.kind);
  if (typeof id !== 'string' || typeof text !== 'string' || kind === null) return null;
  const list: unknown = options ?? [];
  if (!Array.isArray(list)) return null;
  if (!list.every((option): option is string => typeof option === 'string')) return null;
  return { id, kind, text, options: list };
}

function parseRemaining(value: string | undefined): number | null {
  return /^\d{1,9}$/.test(value ?? '') ? Number(value) : null;
}

export function parseExamState(attributes: Readonly<Record<string, string>>): ExamState {
  return {
    phase: oneOf(PHASES, attributes['voxam.phase']) ?? 'waiting',
    activity: oneOf(ACTIVITIES, attributes['lk.agent.state']),
    question: parseQuestion(attributes['voxam.question']),
    ask: parseAsk(attributes['voxam.ask']),
    remainingMs: parseRemaining(attributes['voxam.remaining_ms']),
    clockRunning: attributes['voxam.clock'] === 'running',
  };
}

export function parseNotice(payload: string): Notice | null {
  const value = parseJson(payload);
  if (!isRecord(value)) return null;
  const { code, text } = value;
  const level = oneOf(NOTICE_LEVELS, value.level);
  if (typeof code !== 'string' || typeof text !== 'string' || level === null) return null;
  return { code, level, text };
}

/** Null for anything that is no whole summary. */
export function parseSummary(payload: string): readonly SummedQuestion[] | null {
  const value = parseJson(payload);
  if (!isRecord(value) || !Array.isArray(value.questions)) return null;
  const questions = value.questions.map(parseSummed);
  return questions.every((question) => question !== null) ? questions : null;
}

function parseSummed(value: unknown): SummedQuestion | null {
  if (!isRecord(value)) return null;
  const { number, ask, explanation } = value;
  const right = parseTexts(value.right);
  const lacking = parseTexts(value.lacking);
  if (typeof number !== 'number' || typeof ask !== 'string' || !right || !lacking) return null;
  return { number, ask, right, lacking, explanation: typeof explanation === 'string' ? explanation : null };
}

function parseTexts(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((text): text is string => typeof text === 'string') ? value : null;
}

export interface CaptionHeader {
  readonly segment: string;
  readonly final: boolean;
}

/** `streamId` stands in where a sender gives no segment. */
export function parseCaptionHeader(
  attributes: Readonly<Record<string, string>> | undefined,
  streamId: string,
): CaptionHeader {
  return {
    segment: attributes?.['lk.segment_id'] ?? streamId,
    final: attributes?.['lk.transcription_final'] === 'true',
  };
}
