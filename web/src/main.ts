/** The student's page: from the invitation to the end of the exam. */

import { CaptionList } from './caption-list';
import { button } from './elements';
import { Exam, type Ending } from './exam';
import { ExamView } from './exam-view';
import { join, JoinError } from './join';
import { Lobby } from './lobby';
import { Microphone, MicrophoneError } from './microphone';
import { readInvitation } from './protocol';
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
  const microphone = new Microphone({
    onMicrophone: (state) => { view.showMicrophone(state); },
    onLevel: (level) => {
      view.showLevel(level);
      lobby.showLevel(level);
    },
  });
  const lobby = new Lobby(microphone, {
    onJoin: () => { void enter(); },
    onMicrophoneTrouble: (error, retry) => { trouble.show(troubleOf(error), retry); },
    onMicrophoneOpen: () => { trouble.hide(); },
  });
  let exam: Exam | null = null;
  let entering = false;

  const onEnd = (ending: Ending): void => {
    if (ending === 'finished') {
      show('end-screen');
      return;
    }
    void exam?.stop();
    microphone.close();
    show(null);
    trouble.show(ENDING_TROUBLE[ending], () => { void enter(); });
  };

  /** Also what every "Try again" and "Rejoin" does: the same sitting goes on. */
  const enter = async (): Promise<void> => {
    if (entering) return;
    entering = true;
    lobby.busy(true);
    const attempt = new Exam(view, captions, microphone, onEnd);
    attempt.allowSound();
    try {
      await microphone.open();
      const admission = await join(invitation, lobby.consent());
      trouble.hide();
      settings.startWithCaptions(admission.page.captions);
      show('exam');
      exam = attempt;
      await attempt.start(admission);
    } catch (error) {
      await attempt.stop();
      const told = troubleOf(error);
      const correctable = told.action !== undefined || told.code === 'consent_required';
      show(correctable && exam === null ? 'lobby' : null);
      trouble.show(told, () => { void enter(); });
    } finally {
      entering = false;
      lobby.busy(false);
    }
  };

  button('mic-recover').addEventListener('click', () => {
    microphone.restart().catch((error: unknown) => {
      const { code, title, text } = troubleOf(error);
      view.showNotice({ code, level: 'error', text: `${title}. ${text}` });
    });
  });
  listenForShortcuts(() => settings.shortcuts);
  show('lobby');
}

function main(): void {
  window.addEventListener('hashchange', () => { location.reload(); });
  const invitation = readInvitation(location.hash);
  // Browsers hide the microphone from pages that are not secure.
  const supported = 'mediaDevices' in navigator && 'RTCPeerConnection' in window;
  if (invitation === null) new TroublePanel().show(NO_INVITATION);
  else if (!supported) new TroublePanel().show(UNSUPPORTED);
  else holdExam(invitation);
}

main();
