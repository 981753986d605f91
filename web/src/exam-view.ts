/** The exam screen: what the examiner's state looks like. Knows no room and no network. */

import { formatRemaining } from './clock';
import { any, button, byId, say } from './elements';
import type { Ask, Caption, ExamState, Notice, PageOptions, Phase, QuestionNumber } from './protocol';
import { item } from './screens';
import {
  CONFIRM_END,
  CONFIRM_END_TYPED,
  CONNECTION_WORDS,
  kindWords,
  phaseWords,
  WITHOUT_QUESTION,
  type Connection,
} from './words';

const TITLE = document.title;
const SPOKEN: PageOptions = { typed: false, ownTurnEnd: false, captions: 'normal' };

export class ExamView {
  private readonly time = any('time-left');
  private readonly level = byId('mic-live', HTMLMeterElement);
  private page = SPOKEN;

  configure(page: PageOptions): void {
    this.page = page;
    button('done').hidden = !page.ownTurnEnd;
    any('exam').dataset.answers = page.typed ? 'typed' : 'spoken';
    any('typed').hidden = !page.typed;
    any('microphone').hidden = page.typed;
  }

  showState(state: ExamState): void {
    const phase = any('phase');
    const words = phaseWords(state.phase, state.activity, this.page);
    phase.dataset.phase = state.phase;
    phase.dataset.activity = state.activity ?? '';
    say(any('phase-title'), words.title);
    say(any('phase-hint'), words.hint);
    button('pause').dataset.paused = String(state.phase === 'paused');
    say(any('pause-label'), state.phase === 'paused' ? 'Continue' : 'Pause');
    this.showNumber(state.question, state.phase);
    this.showAsk(state.ask);
    any('question').hidden = state.ask === null && state.phase === 'closing';
  }

  enable(buttons: ReadonlySet<string>): void {
    for (const id of ['done', 'repeat', 'skip', 'pause', 'end', 'typed-send']) {
      button(id).disabled = !buttons.has(id === 'typed-send' ? 'done' : id);
    }
  }

  showRemaining(milliseconds: number | null): void {
    this.time.dataset.remainingMs = milliseconds === null ? '' : String(Math.round(milliseconds));
    const text = milliseconds === null ? '–:––' : formatRemaining(milliseconds);
    if (this.time.textContent !== text) this.time.textContent = text;
  }

  showConnection(connection: Connection): void {
    const chip = any('connection');
    chip.dataset.state = connection;
    const label = chip.querySelector('.label');
    const words = CONNECTION_WORDS[connection];
    if (label && label.textContent !== words) label.textContent = words;
  }

  showLevel(level: number): void {
    this.level.value = level;
  }

  showBanner(text: string | null): void {
    say(any('banner'), text);
  }

  showSoundButton(shown: boolean): void {
    button('sound-on').hidden = !shown;
  }

  showConfirmEnd(shown: boolean): void {
    const words = this.page.typed ? CONFIRM_END_TYPED : CONFIRM_END;
    say(any('confirm-end'), shown ? words : null);
  }

  showHeard(caption: Caption): void {
    any('heard').hidden = false;
    any('heard-text').textContent = caption.text;
  }

  hideHeard(): void {
    any('heard').hidden = true;
  }

  showNotice(notice: Notice | null): void {
    const panel = any('notice');
    panel.hidden = notice === null;
    panel.dataset.level = notice?.level ?? '';
    panel.dataset.code = notice?.code ?? '';
    const urgent = notice !== null && notice.level !== 'info';
    // The same words again would be announced again.
    replaceText(any('notice-alert'), urgent ? notice.text : '');
    replaceText(any('notice-status'), urgent ? '' : (notice?.text ?? ''));
  }

  private showNumber(question: QuestionNumber | null, phase: Phase): void {
    const other = WITHOUT_QUESTION[phase] ?? 'Before the first question';
    const text = question ? `Question ${question.current} of ${question.total}` : other;
    say(any('question-number'), text);
    document.title = `${text} · ${TITLE}`;
    const dots = Array.from({ length: question?.total ?? 0 }, (_, index) => {
      const dot = document.createElement('span');
      dot.className = index + 1 < (question?.current ?? 0) ? 'past' : 'ahead';
      if (index + 1 === question?.current) dot.className = 'now';
      return dot;
    });
    any('progress').replaceChildren(...dots);
  }

  private showAsk(ask: Ask | null): void {
    const card = any('question');
    const shown = JSON.stringify(ask);
    if (card.dataset.shown === shown) return;
    card.dataset.shown = shown;
    card.dataset.kind = ask?.kind ?? '';
    say(any('question-kind'), ask ? kindWords(ask.kind, this.page.typed) : 'Question');
    say(any('question-text'), ask?.text ?? 'The question will stand here when the examiner asks it.');
    const options = any('options');
    options.hidden = !ask || ask.options.length === 0;
    options.replaceChildren(...(ask?.options ?? []).map((option) => item(option)));
  }
}

function replaceText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
