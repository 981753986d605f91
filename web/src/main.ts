/** The student's page: from the invitation to the end of the exam. */

import { CaptionList } from './caption-list';
import { button } from './elements';
import { Exam, type Ending } from './exam';
import { ExamView } from './exam-view';
import { join, JoinError, look } from './join';
import { Lobby } from './lobby';
import { Microphone, MicrophoneError } from './microphone';
import { Notices } from './notices';
import { readInvitation, type Looked } from './protocol';
import { Recovery } from './recovery';
import { Rejoin } from './rejoin';
import { tellResult } from './result';
import { show, TroublePanel } from './screens';
import { Settings } from './settings';
import { listenForShortcuts } from './shortcuts';
import {
  browserOf,
  CONNECTION_LOST,
  joinTrouble,
  microphoneTrouble,
  NO_EXAMINER,
  NO_INVITATION,
  NOT_CONNECTED,
  NOT_READY,
  OPEN_ELSEWHERE,
  ROOM_CLOSED,
  UNSUPPORTED,
  type Trouble,
} from './words';

const ENDING_TROUBLE: Readonly<Record<Exclude<Ending, 'finished'>, Trouble>> = {
  no_examiner: NO_EXAMINER,
  no_answer: NOT_READY,
  elsewhere: OPEN_ELSEWHERE,
  room_closed: ROOM_CLOSED,
  lost: CONNECTION_LOST,
};

/** The code of each trouble that may pass by itself. */
const BY_ITSELF = [
  CONNECTION_LOST.code,
  ROOM_CLOSED.code,
  NO_EXAMINER.code,
  NOT_CONNECTED.code,
  'unavailable',
  'offline',
];

function troubleOf(error: unknown): Trouble {
  if (error instanceof JoinError) return joinTrouble(error);
  if (error instanceof MicrophoneError) {
    return microphoneTrouble(error.failure, browserOf(navigator.userAgent));
  }
  console.error(error);
  return NOT_CONNECTED;
}

function holdExam(invitation: string): void {
  const trouble = new TroublePanel();
  const view = new ExamView();
  const settings = new Settings();
  const captions = new CaptionList();
  const notices = new Notices((notice) => { view.showNotice(notice); });
  const microphone: Microphone = new Microphone({
    onMicrophone: (state) => { recovery.show(state); },
    onLevel: (level) => {
      view.showLevel(level);
      lobby.showLevel(level);
    },
  });
  const recovery = new Recovery(microphone, notices, troubleOf);
  const lobby = new Lobby(microphone, {
    onJoin: () => { void enter(); },
    onMicrophoneTrouble: (error, retry) => { trouble.show(troubleOf(error), retry); },
    onMicrophoneOpen: () => { trouble.hide(); },
  });
  const rejoin = new Rejoin();
  let exam: Exam | null = null;
  let page: Promise<Looked> | null = null;
  let entering = false;

  const onEnd = (ending: Ending): void => {
    if (ending === 'finished') {
      show('end-screen');
      return;
    }
    void exam?.stop();
    microphone.close();
    show(null);
    tell(ENDING_TROUBLE[ending]);
  };

  /** Where nothing but time may be needed, the page goes back in by itself. */
  const tell = (told: Trouble): void => {
    const seconds = exam !== null && BY_ITSELF.includes(told.code) ? rejoin.next() : null;
    const shown = seconds === null ? told : { ...told, byItselfSeconds: seconds };
    trouble.show(shown, () => { void enter(); });
  };

  /** Whether answers are typed decides what the lobby asks for; a failure is told at joining. */
  const learn = async (): Promise<Looked> => {
    page ??= look(invitation);
    try {
      const options = await page;
      lobby.configure(options);
      return options;
    } catch (error) {
      page = null;
      throw error;
    }
  };

  /** Also what every "Try again" and "Rejoin" does: the same sitting goes on. */
  const enter = async (): Promise<void> => {
    if (entering) return;
    entering = true;
    lobby.busy(true);
    const attempt = new Exam(view, captions, notices, microphone, onEnd);
    attempt.allowSound();
    try {
      if (!(await learn()).typed) await microphone.open();
      const admission = await join(invitation, lobby.consent());
      if (admission.page.typed) microphone.close();
      trouble.hide();
      settings.startWithCaptions(admission.page.captions);
      show('exam');
      exam = attempt;
      await attempt.start(admission);
      rejoin.entered();
    } catch (error) {
      await attempt.stop();
      const told = troubleOf(error);
      const correctable = told.action !== undefined || told.code === 'consent_required';
      show(correctable && exam === null ? 'lobby' : null);
      tell(told);
    } finally {
      entering = false;
      lobby.busy(false);
    }
  };

  button('notice-close').addEventListener('click', () => { notices.dismiss(); });
  listenForShortcuts(() => settings.shortcuts);
  show('lobby');
  learn().then(({ result }) => {
    if (!result) return;
    tellResult(result, invitation);
    if (!result.canJoin && !entering && exam === null) show('result-screen');
  }).catch(() => { lobby.configure(null); });
}

/** A browser that cannot hold an exam can still lead to the result of one. */
async function showResultOnly(invitation: string): Promise<void> {
  const looked = await look(invitation).catch(() => null);
  if (!looked?.result) {
    new TroublePanel().show(UNSUPPORTED);
    return;
  }
  tellResult({ ...looked.result, canJoin: false }, invitation);
  show('result-screen');
}

function main(): void {
  window.addEventListener('hashchange', () => { location.reload(); });
  const invitation = readInvitation(location.hash);
  // Browsers hide the microphone from pages that are not secure.
  const supported = 'mediaDevices' in navigator && 'RTCPeerConnection' in window;
  if (invitation === null) new TroublePanel().show(NO_INVITATION);
  else if (!supported) void showResultOnly(invitation);
  else holdExam(invitation);
}

main();
