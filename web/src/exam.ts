/** One visit to the exam's room, from admission to its end: joins what the room tells with what is shown. */

import { enabledButtons } from './buttons';
import { CaptionList } from './caption-list';
import { Countdown } from './clock';
import { button, byId } from './elements';
import type { ExamView } from './exam-view';
import type { Microphone } from './microphone';
import { EXAMINER_AWAITED, MICROPHONE, type Notices } from './notices';
import type { Admission, Caption, Command, ExamState, Notice, SummedQuestion } from './protocol';
import { showSummary } from './result';
import { CommandError, ExamRoom, type Closed, type RoomListener } from './room';
import { TypedAnswers, type TypedListener } from './typed-answers';
import {
  EXAMINER_LEFT,
  NO_ANSWER,
  RECONNECTING,
  TYPED_NOT_SENT,
  type Connection,
} from './words';

const EXAMINER_TIMEOUT_MS = 60_000;
const CLOCK_INTERVAL_MS = 200;
const NOT_SENT = 'not_sent';

export type Ending = 'finished' | 'no_examiner' | 'no_answer' | Closed;

const NOTHING_YET: ExamState = {
  phase: 'waiting',
  activity: null,
  question: null,
  ask: null,
  remainingMs: null,
  clockRunning: false,
};

export class Exam implements RoomListener, TypedListener {
  private readonly clock = new Countdown(() => performance.now());
  private readonly room: ExamRoom;
  private readonly listeners = new AbortController();
  private typed: TypedAnswers | null = null;
  private state = NOTHING_YET;
  private connected = false;
  private examinerHere = false;
  private examinerSeen = false;
  private over = false;
  private examinerTimer: ReturnType<typeof setTimeout> | undefined;
  private clockTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly view: ExamView,
    private readonly captions: CaptionList,
    private readonly notices: Notices,
    private readonly microphone: Microphone,
    private readonly onEnd: (ending: Ending) => void,
  ) {
    this.room = new ExamRoom(this, byId('sound', HTMLElement));
  }

  /** To be called in the click that starts the exam. */
  allowSound(): void {
    this.room.allowSound();
  }

  async start(admission: Admission): Promise<void> {
    this.view.configure(admission.page);
    this.view.showBanner(admission.resumed ? 'Welcome back. Your answers are kept.' : null);
    this.view.showRemaining(null);
    this.render();
    this.wire();
    this.clockTimer = setInterval(() => {
      this.view.showRemaining(this.clock.remaining());
    }, CLOCK_INTERVAL_MS);
    const { typed } = admission.page;
    try {
      await this.room.connect(admission, typed ? null : await this.microphone.open());
    } catch (error) {
      // An exam that ended meanwhile has said so already.
      if (!this.over) throw error;
    }
  }

  /** Lets go of room, timers and buttons. */
  async stop(): Promise<void> {
    this.over = true;
    clearTimeout(this.examinerTimer);
    clearInterval(this.clockTimer);
    this.listeners.abort();
    await this.room.leave();
  }

  onConnection(connection: Connection): void {
    this.connected = connection === 'connected' || connection === 'weak';
    this.view.showConnection(connection);
    if (connection === 'reconnecting') this.view.showBanner(RECONNECTING);
    this.render();
  }

  onExaminer(present: boolean): void {
    clearTimeout(this.examinerTimer);
    this.examinerHere = present;
    if (present) {
      this.examinerSeen = true;
      for (const code of EXAMINER_AWAITED) this.notices.end(code);
      this.view.showBanner(null);
      return;
    }
    if (this.over) return;
    this.clock.hold();
    this.view.showRemaining(this.clock.remaining());
    this.state = { ...this.state, phase: 'waiting' };
    this.view.showBanner(this.examinerSeen ? EXAMINER_LEFT : null);
    this.examinerTimer = setTimeout(() => { this.end('no_examiner'); }, EXAMINER_TIMEOUT_MS);
    this.render();
  }

  onState(state: ExamState): void {
    if (this.over) return;
    const asked = state.ask?.id !== this.state.ask?.id;
    const moved = state.phase === 'closing' || asked;
    const started = state.clockRunning && !this.state.clockRunning;
    this.state = state;
    this.clock.update(state.remainingMs, state.clockRunning);
    this.view.showRemaining(this.clock.remaining());
    if (moved) this.view.showConfirmEnd(false);
    if (asked) this.notices.nextQuestion();
    // The clock stood as long as the examiner heard nothing.
    if (started) this.notices.end(MICROPHONE);
    if (state.phase !== 'soundcheck') this.view.hideHeard();
    this.render();
    if (state.phase === 'finished') void this.finish();
  }

  onCaption(caption: Caption): void {
    this.captions.show(caption);
    if (caption.who !== 'student' || !caption.text.trim()) return;
    if (this.state.phase === 'soundcheck') this.view.showHeard(caption);
    if (caption.final) this.view.showConfirmEnd(false);
  }

  onNotice(notice: Notice): void {
    this.notices.add(notice);
  }

  /** Kept out of sight until the exam is over: the end screen holds it. */
  onSummary(questions: readonly SummedQuestion[]): void {
    showSummary(questions);
  }

  onTyped(id: string, text: string): void {
    this.notices.end(NOT_SENT);
    this.onCaption({ segment: id, who: 'student', text, final: true });
  }

  onNotTyped(): void {
    this.onNotice({ code: NOT_SENT, level: 'error', text: TYPED_NOT_SENT });
  }

  onSoundBlocked(blocked: boolean): void {
    this.view.showSoundButton(blocked);
  }

  onNoAnswer(): void {
    this.end('no_answer');
  }

  onClosed(reason: Closed): void {
    this.end(reason);
  }

  /** The examiner's last words may still be playing, so the room stays open until it is deleted. */
  private async finish(): Promise<void> {
    this.end('finished');
    await this.room.muteForGood();
    this.microphone.close();
  }

  private end(ending: Ending): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.examinerTimer);
    clearInterval(this.clockTimer);
    this.clock.hold();
    this.onEnd(ending);
  }

  private render(): void {
    this.view.showState(this.state);
    this.view.enable(enabledButtons(this.state.phase, this.connected && this.examinerHere));
  }

  private wire(): void {
    const { signal } = this.listeners;
    for (const command of ['repeat', 'skip', 'pause', 'done', 'end'] as const) {
      button(command).addEventListener('click', () => { void this.send(command); }, { signal });
    }
    button('sound-on').addEventListener('click', () => { this.room.allowSound(); }, { signal });
    this.typed = new TypedAnswers(this.room, this, signal);
  }

  private async send(command: Command): Promise<void> {
    // Who is done means the words in the field, too.
    if (command === 'done' && !(await this.typed?.send())) return;
    try {
      await this.room.command(command);
      this.notices.end(`${command}_refused`);
      if (command === 'end') this.view.showConfirmEnd(true);
    } catch (error) {
      const sentence = error instanceof CommandError ? error.sentence : null;
      this.onNotice({ code: `${command}_refused`, level: 'warning', text: sentence ?? NO_ANSWER });
    }
  }
}
