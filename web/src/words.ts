/** Everything that can go wrong, and every state of the exam, in plain words. */

import type { JoinError } from './join';
import type { Activity, AskKind, PageOptions, Phase, ResultState } from './protocol';

/** `action` labels the one button that helps; without it nothing the student can press helps. */
export interface Trouble {
  readonly code: string;
  readonly title: string;
  readonly text: string;
  readonly steps?: readonly string[];
  readonly action?: string;
  /** Seconds before the action makes sense. */
  readonly waitSeconds?: number;
  /** Seconds until the action is taken by itself. */
  readonly byItselfSeconds?: number;
}

const TRY_AGAIN = 'Try again';

const JOIN_TROUBLE: Readonly<Record<string, Omit<Trouble, 'code'>>> = {
  invitation_invalid: {
    title: 'This link does not work',
    text: 'Part of the link may be missing. Open it again from your invitation, or copy it whole. If it still does not work, ask your teacher for a new one.',
  },
  invitation_expired: {
    title: 'This link has expired',
    text: 'The time for joining with this link is over. Ask your teacher for a new one.',
  },
  invitation_used: {
    title: 'This link has been used',
    text: 'All attempts that came with this link are used up. If you did not take the exam, tell your teacher.',
  },
  unknown_exam: {
    title: 'We cannot find this exam',
    text: 'The exam that this link belongs to is not there. Tell your teacher.',
  },
  exam_finished: {
    title: 'You have finished this exam',
    text: 'Your answers are kept. There is nothing more to do here.',
  },
  consent_required: {
    title: 'This exam has to be recorded',
    text: 'Tick “Record my voice” below to take part. If you do not want that, talk to your teacher before you join.',
  },
  unavailable: {
    title: 'The exam service is not available',
    text: 'This is not your fault, and nothing is lost. Try again in a moment.',
    action: TRY_AGAIN,
  },
  offline: {
    title: 'We cannot reach the exam service',
    text: 'Check your internet connection, then try again.',
    action: TRY_AGAIN,
  },
};

export function joinTrouble(error: JoinError): Trouble {
  if (error.code === 'rate_limited') {
    return {
      code: error.code,
      title: 'Too many attempts',
      text: 'Please wait a moment before you try again.',
      action: TRY_AGAIN,
      waitSeconds: error.retryAfterSeconds ?? 0,
    };
  }
  const known = JOIN_TROUBLE[error.code];
  if (known) return { code: error.code, ...known };
  return {
    code: error.code,
    title: 'You could not join',
    text: `${error.message} Try again; if it happens again, tell your teacher.`,
    action: TRY_AGAIN,
  };
}

/** `earlier`: beside another attempt that may be made. */
export interface ResultWords {
  readonly title: string;
  readonly text: string;
  readonly earlier: string;
  readonly link: string;
}

export const RESULT_WORDS: Readonly<Record<ResultState, ResultWords>> = {
  practice: {
    title: 'You have finished this practice',
    text: 'You can see your answers, and what was missing in them.',
    earlier: 'You have practised before. You can see your answers, and what was missing in them.',
    link: 'See your answers',
  },
  not_marked: {
    title: 'You have finished this exam',
    text: 'Your answers are kept, and they are being marked. When your teacher has released the result, this same link shows it.',
    earlier: 'You have taken this exam before. Your answers are being marked.',
    link: 'Look for your result',
  },
  not_released: {
    title: 'You have finished this exam',
    text: 'Your answers are kept. Your teacher has not released the result yet. Open this same link again later.',
    earlier: 'You have taken this exam before. Your teacher has not released the result yet.',
    link: 'Look for your result',
  },
  released: {
    title: 'Your result is there',
    text: 'Your teacher has released your result. You can read it, and answer to it.',
    earlier: 'You have taken this exam before, and there is a result.',
    link: 'See your result',
  },
};

export const NO_INVITATION: Trouble = {
  code: 'no_invitation',
  title: 'Open your invitation link',
  text: 'This page needs the whole link from your invitation: it ends with a long row of letters after “#invitation=”. Copy the link whole and open it again.',
};

export const UNSUPPORTED: Trouble = {
  code: 'unsupported',
  title: 'This browser cannot hold the exam',
  text: 'The exam needs a microphone and a secure page (https). Open your link in a current Chrome, Edge, Firefox or Safari.',
};

export const NO_EXAMINER: Trouble = {
  code: 'no_examiner',
  title: 'The examiner has not come',
  text: 'This is not your fault, and no time is lost. Try again; if it happens again, tell your teacher.',
  action: TRY_AGAIN,
};

export const NOT_READY: Trouble = {
  code: 'not_ready',
  title: 'The examiner does not answer',
  text: 'The examiner is there but did not answer. Your answers are kept. Try again.',
  action: TRY_AGAIN,
};

export const NOT_CONNECTED: Trouble = {
  code: 'not_connected',
  title: 'We cannot connect you',
  text: 'The exam room could not be reached. Some school and office networks block calls: try another network, or try again.',
  action: TRY_AGAIN,
};

export const CONNECTION_LOST: Trouble = {
  code: 'connection_lost',
  title: 'Connection lost',
  text: 'Your answers are kept. Check your internet connection: the exam goes on where it stopped.',
  action: 'Rejoin',
};

export const ROOM_CLOSED: Trouble = {
  code: 'room_closed',
  title: 'The exam was interrupted',
  text: 'The exam room was closed before the end. Your answers are kept, and it goes on where it stopped.',
  action: 'Rejoin',
};

export const OPEN_ELSEWHERE: Trouble = {
  code: 'open_elsewhere',
  title: 'This exam is open in another window',
  text: 'You can take the exam in one window only. Go on there, or take it over here.',
  action: 'Go on in this window',
};

export type MicrophoneFailure = 'refused' | 'missing' | 'busy' | 'other';
export type Browser = 'chrome' | 'edge' | 'firefox' | 'safari' | 'ios' | 'other';

export function browserOf(userAgent: string): Browser {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios';
  if (/Edg\//.test(userAgent)) return 'edge';
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrome\/|Chromium\//.test(userAgent)) return 'chrome';
  if (/Safari\//.test(userAgent)) return 'safari';
  return 'other';
}

const ADDRESS_BAR_STEPS = [
  'Click the icon at the left end of the address bar.',
  'Set “Microphone” to “Allow”.',
  'Press “Try again”.',
];

const ALLOW_STEPS: Readonly<Record<Browser, readonly string[]>> = {
  chrome: ADDRESS_BAR_STEPS,
  edge: ADDRESS_BAR_STEPS,
  firefox: [
    'Click the crossed-out microphone at the left of the address bar.',
    'Remove “Blocked” beside “Use the microphone”.',
    'Press “Try again”, and then “Allow”.',
  ],
  safari: [
    'Open Safari’s menu and choose “Settings for This Website”.',
    'Set “Microphone” to “Allow”.',
    'Press “Try again”.',
  ],
  ios: [
    'Tap the page menu at the left of the address bar, then the website settings.',
    'Set “Microphone” to “Allow”.',
    'If it is still blocked, open Settings, find your browser, and switch “Microphone” on.',
    'Press “Try again”.',
  ],
  other: [
    'Open your browser’s settings for this page.',
    'Allow the microphone.',
    'Press “Try again”.',
  ],
};

export function microphoneTrouble(failure: MicrophoneFailure, browser: Browser): Trouble {
  const shared = { code: `microphone_${failure}`, action: TRY_AGAIN };
  switch (failure) {
    case 'refused':
      return {
        ...shared,
        title: 'The microphone is blocked',
        text: 'The exam is spoken, so this page must be allowed to use your microphone:',
        steps: ALLOW_STEPS[browser],
      };
    case 'missing':
      return {
        ...shared,
        title: 'No microphone found',
        text: 'Plug in a microphone or a headset, or switch it on, then try again.',
      };
    case 'busy':
      return {
        ...shared,
        title: 'Your microphone is in use',
        text: 'Another program uses the microphone. Close other calls and recorders, then try again.',
      };
    case 'other':
      return {
        ...shared,
        title: 'Your microphone does not work',
        text: 'The browser could not open it. Choose another microphone or plug it in again, then try again.',
      };
  }
}

export interface PhaseWords {
  readonly title: string;
  readonly hint: string;
}

const PHASE_WORDS: Readonly<Record<Phase, PhaseWords>> = {
  waiting: { title: 'The examiner is on the way', hint: 'Stay here. The exam starts by itself.' },
  soundcheck: { title: 'Sound check', hint: 'Answer the examiner in a full sentence, so that we hear you well.' },
  practice: { title: 'Practice question', hint: 'To get used to it. It is not marked, and no time runs.' },
  asking: { title: 'The examiner is speaking', hint: 'You may interrupt at any time.' },
  listening: { title: 'Your turn', hint: 'The examiner is listening. Take your time to think.' },
  thinking: { title: 'One moment', hint: 'The examiner has heard you.' },
  paused: { title: 'Paused', hint: 'The time stands still. Press “Continue” to go on.' },
  closing: { title: 'The exam is ending', hint: 'The examiner says the last words.' },
  finished: { title: 'The exam is over', hint: '' },
};

/** What stands in the place of "Question 2 of 5"; before the first question where nothing is given. */
export const WITHOUT_QUESTION: Readonly<Partial<Record<Phase, string>>> = {
  practice: 'Practice question',
  closing: 'End of the exam',
  finished: 'End of the exam',
};

const ACTIVITY_WORDS: Readonly<Record<Activity, string>> = {
  speaking: 'the examiner is speaking',
  listening: 'your turn',
  thinking: 'one moment',
};

type Answering = Pick<PageOptions, 'typed' | 'ownTurnEnd'>;
type Hints = Readonly<Partial<Record<Phase, string>>>;

const TYPED_HINTS: Hints = {
  soundcheck: 'Type a short answer, so that we know that it reaches us.',
  asking: 'You may answer at any time.',
  listening: 'Type your answer. Take your time to think.',
  thinking: 'The examiner has your answer.',
};

const OWN_TURN_END_HINTS: Hints = {
  listening: 'Take your time. Press “I’m done” when your answer is complete.',
};

/** In sound check and practice the phase alone does not say whose turn it is. */
export function phaseWords(
  phase: Phase,
  activity: Activity | null,
  { typed, ownTurnEnd }: Answering = { typed: false, ownTurnEnd: false },
): PhaseWords {
  const { title, hint: spoken } = PHASE_WORDS[phase];
  const own = ownTurnEnd ? OWN_TURN_END_HINTS[phase] : undefined;
  const hint = own ?? (typed ? TYPED_HINTS[phase] : undefined) ?? spoken;
  const words = { title, hint };
  if ((phase !== 'soundcheck' && phase !== 'practice') || !activity) return words;
  return { ...words, title: `${words.title}: ${ACTIVITY_WORDS[activity]}` };
}

const KIND_WORDS: Readonly<Record<AskKind, string>> = {
  open: 'Answer in your own words',
  choice: 'Say the letter or the answer',
  short: 'A short answer is enough',
  practice: 'Practice, not marked',
};

export function kindWords(kind: AskKind, typed: boolean): string {
  return typed && kind === 'choice' ? 'Type the letter or the answer' : KIND_WORDS[kind];
}

export const CONNECTION_WORDS = {
  connecting: 'Connecting',
  connected: 'Connected',
  weak: 'Weak connection',
  reconnecting: 'Reconnecting',
  lost: 'Not connected',
} as const;
export type Connection = keyof typeof CONNECTION_WORDS;

export const MICROPHONE_WORDS = {
  on: 'Microphone on',
  muted: 'Microphone muted: the examiner cannot hear you',
  ended: 'Microphone unplugged: the examiner cannot hear you',
  off: 'Microphone off',
} as const;
export type MicrophoneState = keyof typeof MICROPHONE_WORDS;

export const MICROPHONE_HELP = {
  muted: 'Your microphone is muted, so the examiner cannot hear you. Unmute it, or choose another one below.',
  ended: 'Your microphone was unplugged, so the examiner cannot hear you. Plug it in again, or choose another one below.',
} as const;

export const RECONNECTING = 'Your connection was interrupted. We are reconnecting you; your answers are kept.';
export const EXAMINER_LEFT = 'The examiner dropped out. Stay here: another one takes over, and your answers are kept.';
export const NO_ANSWER = 'The examiner did not answer. Try again.';
export const CONFIRM_END = 'The examiner asks you to confirm. Say “yes” to end the exam, or “no” to go on.';
export const CONFIRM_END_TYPED = 'The examiner asks you to confirm. Type “yes” to end the exam, or “no” to go on.';
export const TYPED_NOT_SENT = 'Your answer was not sent. Try again.';
