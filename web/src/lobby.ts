/** Before the exam: the consent, and a microphone that works. */

import { any, button, byId, checkbox } from './elements';
import { VoiceCheck } from './level';
import type { Microphone } from './microphone';
import type { Consent, PageOptions } from './protocol';

export interface LobbyListener {
  onJoin(): void;
  onMicrophoneTrouble(error: unknown, retry: () => void): void;
  onMicrophoneOpen(): void;
}

export class Lobby {
  private readonly select = byId('mic-select', HTMLSelectElement);
  private readonly meter = byId('mic-level', HTMLMeterElement);
  private readonly status = any('mic-status');
  private readonly joinButton = button('join');
  private readonly checkButton = button('mic-check');
  private readonly recording = checkbox('consent-recording');
  private voice = new VoiceCheck();

  constructor(
    private readonly microphone: Microphone,
    private readonly listener: LobbyListener,
  ) {
    this.recording.checked = agreedBefore();
    this.recording.addEventListener('change', () => {
      history.replaceState({ recording: this.recording.checked }, '');
    });
    this.checkButton.addEventListener('click', this.check);
    this.select.addEventListener('change', () => { void this.choose(); });
    this.joinButton.addEventListener('click', () => { listener.onJoin(); });
    navigator.mediaDevices.addEventListener('devicechange', () => { void this.listDevices(); });
  }

  /** Until it is known how the student answers, nothing is said of a microphone. */
  configure(page: PageOptions | null): void {
    any('lobby').dataset.answers = page?.typed ? 'typed' : 'spoken';
  }

  consent(): Consent {
    return {
      recording: this.recording.checked,
      text_version: any('consent').dataset.textVersion ?? '',
    };
  }

  busy(joining: boolean): void {
    this.joinButton.disabled = joining;
    this.joinButton.textContent = joining ? 'Joining…' : 'Join the exam';
  }

  showLevel(level: number): void {
    this.meter.value = level;
    this.voice.add(level);
    if (this.voice.heard && this.status.dataset.heard !== 'true') {
      this.status.dataset.heard = 'true';
      this.status.textContent = 'We can hear you.';
    }
  }

  private readonly check = (): void => {
    void this.attempt(async () => {
      await this.microphone.open();
      this.checkButton.hidden = true;
      any('mic-panel').hidden = false;
      await this.listDevices();
      this.listen();
      this.select.focus();
    });
  };

  private async choose(): Promise<void> {
    await this.attempt(async () => {
      await this.microphone.choose(this.select.value);
      this.listen();
    });
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.listener.onMicrophoneOpen();
    } catch (error) {
      this.listener.onMicrophoneTrouble(error, this.check);
    }
  }

  private listen(): void {
    this.voice = new VoiceCheck();
    this.status.dataset.heard = 'false';
    this.status.textContent = 'Say a few words.';
  }

  private async listDevices(): Promise<void> {
    const devices = await this.microphone.devices();
    const active = this.microphone.activeDevice();
    this.select.replaceChildren(
      ...devices.map((device, index) => {
        const label = device.label || `Microphone ${index + 1}`;
        return new Option(label, device.deviceId, false, device.deviceId === active);
      }),
    );
  }
}

/** A page that is loaded again has the student's own answer, and another invitation never has it. */
function agreedBefore(): boolean {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'recording' in state && state.recording === true;
}
