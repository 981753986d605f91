/** The exam's LiveKit room: connects, publishes the microphone, and turns events into the contract's types. */

import {
  ConnectionQuality,
  ConnectionState,
  DisconnectReason,
  Room,
  RoomEvent,
  RpcError,
  Track,
  type LocalAudioTrack,
  type Participant,
  type RemoteTrack,
  type TextStreamReader,
} from 'livekit-client';

import {
  CAPTIONS_TOPIC,
  COMMANDS,
  EXAMINER,
  HERE_TOPIC,
  NOTICE_TOPIC,
  SUMMARY_TOPIC,
  TYPED_TOPIC,
  TYPING_TOPIC,
  parseCaptionHeader,
  parseExamState,
  parseNotice,
  parseSummary,
  type Admission,
  type Caption,
  type Command,
  type ExamState,
  type Notice,
  type SummedQuestion,
} from './protocol';
import { untilAnswered } from './ready';
import type { Connection } from './words';

const READY_PATIENCE = { forMs: 15_000, pauseMs: 500 };
/** A browser that will play at all says so at once; one that waits for sound must not block the exam. */
const PLAY_TIMEOUT_MS = 1_000;
const NOTHING = new TextEncoder().encode('{}');
/** LiveKit misses a page that is silent after 20 s; the examiner stops the clock after five beats. */
const BEAT_MS = 1_000;

export type Closed = 'elsewhere' | 'room_closed' | 'lost';

export interface RoomListener {
  onConnection(state: Connection): void;
  onExaminer(present: boolean): void;
  onState(state: ExamState): void;
  onCaption(caption: Caption): void;
  onNotice(notice: Notice): void;
  onSummary(questions: readonly SummedQuestion[]): void;
  onSoundBlocked(blocked: boolean): void;
  /** The examiner took no `exam.ready`. */
  onNoAnswer(): void;
  onClosed(reason: Closed): void;
}

/** What the examiner says to a refused command, or null where it did not answer. */
export class CommandError extends Error {
  constructor(readonly sentence: string | null) {
    super(sentence ?? 'no answer');
    this.name = 'CommandError';
  }
}

export class ExamRoom {
  private readonly room = new Room();
  private readonly captionOrder = new Map<string, number>();
  private captions = 0;
  private connections = 0;
  /** The examiner and connection that `exam.ready` was said for: never twice for the same. */
  private announced: string | null = null;
  private audible = false;
  /** Connected, with the microphone if there is to be one. */
  private present = false;
  private left = false;
  private beating: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly listener: RoomListener,
    private readonly sound: HTMLElement,
  ) {
    this.listen();
  }

  /** To be called in a click, where browsers allow sound. */
  allowSound(): void {
    this.room.startAudio().catch(() => { this.checkSound(); });
  }

  /** Without a microphone where the answers are typed. */
  async connect(admission: Admission, microphone: LocalAudioTrack | null): Promise<void> {
    this.listener.onConnection('connecting');
    await this.room.connect(admission.livekitUrl, admission.token);
    this.listener.onConnection('connected');
    const { localParticipant } = this.room;
    if (microphone) await localParticipant.publishTrack(microphone, { source: Track.Source.Microphone });
    this.present = true;
    this.beating = setInterval(() => { this.beat(); }, BEAT_MS);
    this.meetExaminer();
  }

  /** Raises CommandError. */
  async command(command: Command): Promise<void> {
    try {
      await this.call(command);
    } catch (error) {
      const refused = error instanceof RpcError && error.code === RpcError.ErrorCode.APPLICATION_ERROR;
      const custom = error instanceof RpcError && (error.code < 1001 || error.code > 1999);
      throw new CommandError(error instanceof RpcError && (refused || custom) ? error.message : null);
    }
  }

  /** The id of the text stream. */
  async type(text: string): Promise<string> {
    return (await this.room.localParticipant.sendText(text, { topic: TYPED_TOPIC })).id;
  }

  /** A packet that gets lost is followed by another. */
  typing(): void {
    const options = { reliable: false, topic: TYPING_TOPIC };
    this.room.localParticipant.publishData(NOTHING, options).catch(() => null);
  }

  async muteForGood(): Promise<void> {
    const { localParticipant } = this.room;
    for (const { track } of [...localParticipant.audioTrackPublications.values()]) {
      if (track) await localParticipant.unpublishTrack(track);
    }
  }

  /** Leaves without a word to the listener. */
  async leave(): Promise<void> {
    this.left = true;
    clearInterval(this.beating);
    await this.room.disconnect();
    this.sound.replaceChildren();
  }

  private listen(): void {
    const { room, listener } = this;
    room
      .on(RoomEvent.Reconnecting, () => { listener.onConnection('reconnecting'); })
      .on(RoomEvent.SignalReconnecting, () => { listener.onConnection('reconnecting'); })
      .on(RoomEvent.Reconnected, () => {
        this.connections += 1;
        listener.onConnection('connected');
        this.meetExaminer();
      })
      .on(RoomEvent.Disconnected, (reason) => { this.close(reason); })
      .on(RoomEvent.ConnectionQualityChanged, (quality, participant) => {
        if (participant.isLocal) this.rate(quality);
      })
      .on(RoomEvent.ParticipantConnected, (participant) => {
        if (isExaminer(participant)) this.meetExaminer();
      })
      .on(RoomEvent.ParticipantDisconnected, (participant) => {
        if (isExaminer(participant)) this.loseExaminer();
      })
      .on(RoomEvent.ParticipantAttributesChanged, (_changed, participant) => {
        if (isExaminer(participant)) listener.onState(parseExamState(participant.attributes));
      })
      .on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
        if (isExaminer(participant)) void this.play(track);
      })
      .on(RoomEvent.TrackUnsubscribed, (track, _publication, participant) => {
        for (const element of track.detach()) element.remove();
        if (isExaminer(participant)) this.audible = false;
      })
      .on(RoomEvent.AudioPlaybackStatusChanged, () => { this.checkSound(); })
      .on(RoomEvent.DataReceived, (payload, participant, _kind, topic) => {
        if (topic === NOTICE_TOPIC && (!participant || isExaminer(participant))) this.notice(payload);
      });
    room.registerTextStreamHandler(CAPTIONS_TOPIC, (reader, { identity }) => {
      void this.caption(reader, identity);
    });
    room.registerTextStreamHandler(SUMMARY_TOPIC, (reader, { identity }) => {
      if (identity === EXAMINER) void this.summary(reader);
    });
  }

  private meetExaminer(): void {
    const examiner = this.room.getParticipantByIdentity(EXAMINER);
    this.listener.onExaminer(examiner !== undefined);
    if (!examiner) return;
    this.listener.onState(parseExamState(examiner.attributes));
    void this.announce();
  }

  private loseExaminer(): void {
    this.audible = false;
    this.announced = null;
    this.listener.onExaminer(false);
  }

  private async play(track: RemoteTrack): Promise<void> {
    if (track.kind !== Track.Kind.Audio) return;
    const element = track.attach();
    this.sound.append(element);
    const timeout = new Promise((resolve) => setTimeout(resolve, PLAY_TIMEOUT_MS));
    await Promise.race([element.play().catch(() => null), timeout]);
    this.audible = element.isConnected;
    this.checkSound();
  }

  private checkSound(): void {
    this.listener.onSoundBlocked(!this.room.canPlaybackAudio);
    void this.announce();
  }

  /** Tells the examiner that it is heard, once for each examiner and each connection. */
  private async announce(): Promise<void> {
    const examiner = this.room.getParticipantByIdentity(EXAMINER);
    if (!examiner || !this.audible || !this.present || !this.room.canPlaybackAudio) return;
    const mine = `${examiner.sid} ${this.connections}`;
    if (mine === this.announced) return;
    this.announced = mine;
    const wanted = (): boolean => mine === this.announced && !this.left;
    const outcome = await untilAnswered(() => this.call('ready'), wanted, READY_PATIENCE);
    if (outcome === 'given_up') this.listener.onNoAnswer();
  }

  /** One that cannot be sent now is of no use later. */
  private beat(): void {
    if (this.room.state !== ConnectionState.Connected) return;
    const options = { reliable: true, topic: HERE_TOPIC, destinationIdentities: [EXAMINER] };
    this.room.localParticipant.publishData(NOTHING, options).catch(() => null);
  }

  private call(command: Command): Promise<string> {
    return this.room.localParticipant.performRpc({
      destinationIdentity: EXAMINER,
      method: COMMANDS[command],
      payload: '',
    });
  }

  /** One stream is a segment's whole text, or, from the examiner, the segment as it is spoken. */
  private async caption(reader: TextStreamReader, identity: string): Promise<void> {
    const who = identity === this.room.localParticipant.identity ? 'student' : 'examiner';
    const { segment } = parseCaptionHeader(reader.info.attributes, reader.info.id);
    this.captions += 1;
    const order = this.captions;
    this.captionOrder.set(segment, order);
    const tell = (text: string, final: boolean): void => {
      const newest = this.captionOrder.get(segment) === order;
      if (newest || final) this.listener.onCaption({ segment, who, text, final });
    };
    let text = '';
    try {
      for await (const chunk of reader) {
        text += chunk;
        tell(text, false);
      }
    } catch {
      // A stream that was cut off leaves the words that came.
    }
    tell(text, parseCaptionHeader(reader.info.attributes, reader.info.id).final);
  }

  /** One that was cut off is none; the page of the result shows it later. */
  private async summary(reader: TextStreamReader): Promise<void> {
    const text = await reader.readAll().catch(() => '');
    const questions = parseSummary(text);
    if (questions) this.listener.onSummary(questions);
  }

  private notice(payload: Uint8Array): void {
    const notice = parseNotice(new TextDecoder().decode(payload));
    if (notice) this.listener.onNotice(notice);
  }

  private rate(quality: ConnectionQuality): void {
    if (this.room.state !== ConnectionState.Connected) return;
    if (quality === ConnectionQuality.Poor) this.listener.onConnection('weak');
    else if (quality !== ConnectionQuality.Lost && quality !== ConnectionQuality.Unknown) {
      this.listener.onConnection('connected');
    }
  }

  private close(reason: DisconnectReason | undefined): void {
    if (this.left) return;
    this.left = true;
    clearInterval(this.beating);
    this.sound.replaceChildren();
    this.listener.onConnection('lost');
    this.listener.onClosed(closedBy(reason));
  }
}

function isExaminer(participant: Participant): boolean {
  return participant.identity === EXAMINER;
}

function closedBy(reason: DisconnectReason | undefined): Closed {
  switch (reason) {
    case DisconnectReason.DUPLICATE_IDENTITY:
      return 'elsewhere';
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
    case DisconnectReason.PARTICIPANT_REMOVED:
      return 'room_closed';
    default:
      return 'lost';
  }
}
