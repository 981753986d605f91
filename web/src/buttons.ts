/** Which of the exam's buttons can be pressed. */

import type { Phase } from './protocol';

/** Which buttons make sense; whether a command is granted is the examiner's decision. */
export function enabledButtons(phase: Phase, reachable: boolean): ReadonlySet<string> {
  if (!reachable || phase === 'waiting' || phase === 'closing' || phase === 'finished') return new Set();
  if (phase === 'paused') return new Set(['pause', 'end']);
  return new Set(['done', 'repeat', 'skip', 'pause', 'end']);
}
