/** How loud the microphone is, and whether somebody speaks into it. */

/** Below this level (0 to 1) it is the room, not a voice: about -40 dBFS. */
const VOICE_LEVEL = 0.33;
/** A voice lasts; a knock on the table does not. */
const VOICE_SAMPLES = 4;

/** A level from 0 (-60 dBFS or less) to 1 (full scale) from samples between -1 and 1. */
export function levelOf(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  const squares = samples.reduce((sum, sample) => sum + sample * sample, 0);
  const decibels = 10 * Math.log10(squares / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 60));
}

export class VoiceCheck {
  private loud = 0;

  /** True from the moment on when a voice was heard. */
  get heard(): boolean {
    return this.loud >= VOICE_SAMPLES;
  }

  add(level: number): void {
    if (!this.heard && level >= VOICE_LEVEL) this.loud += 1;
  }
}
