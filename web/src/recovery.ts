/** A microphone that fails during the exam: told at once, then opened again or replaced. */

import { any, button, byId, say } from './elements';
import type { Microphone } from './microphone';
import { MICROPHONE, type Notices } from './notices';
import { MICROPHONE_HELP, MICROPHONE_WORDS, type MicrophoneState, type Trouble } from './words';

export class Recovery {
  private readonly select = byId('mic-other', HTMLSelectElement);
  private state: MicrophoneState = 'off';
  private failed: string | null = null;

  constructor(
    private readonly microphone: Microphone,
    private readonly notices: Notices,
    private readonly troubleOf: (error: unknown) => Trouble,
  ) {
    button('mic-recover').addEventListener('click', () => {
      void this.attempt(() => microphone.restart());
    });
    this.select.addEventListener('change', () => {
      void this.attempt(() => microphone.choose(this.select.value));
    });
  }

  show(state: MicrophoneState): void {
    const before = this.state;
    this.state = state;
    any('microphone').dataset.state = state;
    say(any('microphone-state'), MICROPHONE_WORDS[state]);
    const broken = state === 'ended' || state === 'muted';
    any('mic-help').hidden = !broken;
    if (state === before) return;
    if (broken) {
      this.notices.add({ code: MICROPHONE, level: 'error', text: MICROPHONE_HELP[state] });
      void this.listDevices();
    } else if (before === 'ended' || before === 'muted') {
      this.notices.end(MICROPHONE);
      if (this.failed) this.notices.end(this.failed);
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, title, text } = this.troubleOf(error);
      this.failed = code;
      this.notices.add({ code, level: 'error', text: `${title}. ${text}` });
      void this.listDevices();
    }
  }

  /** The first entry is no device, so that each device can be chosen. */
  private async listDevices(): Promise<void> {
    const devices = await this.microphone.devices();
    const first = new Option('Choose another microphone', '', true, true);
    first.disabled = true;
    const others = devices.map(
      ({ label, deviceId }, index) => new Option(label || `Microphone ${index + 1}`, deviceId),
    );
    this.select.replaceChildren(first, ...others);
    this.select.hidden = devices.length === 0;
  }
}
