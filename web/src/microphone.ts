/** The student's microphone: opened once, checked before the exam, published into it. */

import { createLocalAudioTrack, MediaDeviceFailure, TrackEvent, type LocalAudioTrack } from 'livekit-client';

import { levelOf } from './level';
import type { MicrophoneFailure, MicrophoneState } from './words';

const METER_INTERVAL_MS = 50;
const METER_SAMPLES = 1024;

export class MicrophoneError extends Error {
  constructor(readonly failure: MicrophoneFailure) {
    super(`microphone ${failure}`);
    this.name = 'MicrophoneError';
  }
}

export interface MicrophoneListener {
  onMicrophone(state: MicrophoneState): void;
  /** From 0 to 1, about 20 times a second. */
  onLevel(level: number): void;
}

export class Microphone {
  private current: LocalAudioTrack | null = null;
  private source: MediaStreamTrack | null = null;
  private deviceId: string | null = null;
  private stopMeter: (() => void) | null = null;

  constructor(private readonly listener: MicrophoneListener) {}

  /** Opens the microphone unless it is open. Raises MicrophoneError. */
  async open(): Promise<LocalAudioTrack> {
    if (this.current?.mediaStreamTrack.readyState === 'live') return this.current;
    this.close();
    const track = await attempt(() => createLocalAudioTrack(this.constraints()));
    this.current = track;
    track.on(TrackEvent.Restarted, this.follow);
    track.on(TrackEvent.Ended, this.report);
    track.on(TrackEvent.Muted, this.report);
    track.on(TrackEvent.Unmuted, this.report);
    this.follow();
    return track;
  }

  async choose(deviceId: string): Promise<void> {
    this.deviceId = deviceId;
    await this.restart();
  }

  /** Opens the microphone again under a track that is already published. Raises MicrophoneError. */
  async restart(): Promise<void> {
    const track = this.current;
    if (!track) return;
    await attempt(async () => {
      await track.restartTrack(this.constraints());
      await track.unmute();
    });
  }

  async devices(): Promise<MediaDeviceInfo[]> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
  }

  activeDevice(): string | undefined {
    return this.current?.mediaStreamTrack.getSettings().deviceId;
  }

  close(): void {
    this.stopMeter?.();
    this.stopMeter = null;
    this.listen(null);
    this.current?.removeAllListeners();
    this.current?.stop();
    this.current = null;
    this.listener.onMicrophone('off');
  }

  private constraints(): MediaTrackConstraints & { deviceId?: ConstrainDOMString } {
    const quality = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return this.deviceId === null ? quality : { ...quality, deviceId: { exact: this.deviceId } };
  }

  /** Takes up the media track that now lies under the published one. */
  private readonly follow = (): void => {
    const source = this.current?.mediaStreamTrack ?? null;
    this.listen(source);
    this.stopMeter?.();
    this.stopMeter = source ? measure(source, (level) => { this.listener.onLevel(level); }) : null;
    this.report();
  };

  /** The system's mute switch is known to the media track only. */
  private listen(source: MediaStreamTrack | null): void {
    for (const event of ['mute', 'unmute', 'ended']) {
      this.source?.removeEventListener(event, this.report);
      source?.addEventListener(event, this.report);
    }
    this.source = source;
  }

  private readonly report = (): void => {
    const track = this.current;
    if (!track) return;
    const source = track.mediaStreamTrack;
    if (source.readyState === 'ended') this.listener.onMicrophone('ended');
    else this.listener.onMicrophone(track.isMuted || source.muted ? 'muted' : 'on');
  };
}

async function attempt<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new MicrophoneError(failureOf(error));
  }
}

function failureOf(error: unknown): MicrophoneFailure {
  // A device that was chosen and has gone since counts as missing too.
  if (error instanceof Error && error.name === 'OverconstrainedError') return 'missing';
  switch (MediaDeviceFailure.getFailure(error)) {
    case MediaDeviceFailure.PermissionDenied:
      return 'refused';
    case MediaDeviceFailure.NotFound:
      return 'missing';
    case MediaDeviceFailure.DeviceInUse:
      return 'busy';
    default:
      return 'other';
  }
}

function measure(source: MediaStreamTrack, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = METER_SAMPLES;
  const input = context.createMediaStreamSource(new MediaStream([source]));
  input.connect(analyser);
  const samples = new Float32Array(METER_SAMPLES);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    tell(levelOf(samples));
  }, METER_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    input.disconnect();
    void context.close();
  };
}
