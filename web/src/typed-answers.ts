/** Answers that are typed: the field, its button and its keys. */

import { button, byId } from './elements';
import { Typing } from './typing';

export interface TypedRoom {
  /** Raises where the words cannot be sent; else tells the id of what was sent. */
  type(text: string): Promise<string>;
  typing(): void;
}

export interface TypedListener {
  onTyped(id: string, text: string): void;
  onNotTyped(): void;
}

export class TypedAnswers {
  private readonly field = byId('typed-text', HTMLTextAreaElement);
  private readonly typing: Typing;
  private sending: Promise<boolean> | null = null;

  constructor(
    private readonly room: TypedRoom,
    private readonly listener: TypedListener,
    signal: AbortSignal,
  ) {
    this.typing = new Typing(() => { room.typing(); }, () => performance.now());
    const form = byId('typed', HTMLFormElement);
    this.field.addEventListener('input', () => { this.typing.changed(); }, { signal });
    this.field.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Enter' || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        if (!button('typed-send').disabled) form.requestSubmit();
      },
      { signal },
    );
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        void this.send();
      },
      { signal },
    );
  }

  /** Sends what stands in the field, if anything does. False where it could not be sent. */
  send(): Promise<boolean> {
    this.sending ??= this.sendNow().finally(() => { this.sending = null; });
    return this.sending;
  }

  private async sendNow(): Promise<boolean> {
    const written = this.field.value;
    const text = written.trim();
    if (!text) return true;
    try {
      const id = await this.room.type(text);
      // What was typed in the meantime stays.
      if (this.field.value.startsWith(written)) this.field.value = this.field.value.slice(written.length);
      this.listener.onTyped(id, text);
      return true;
    } catch {
      this.listener.onNotTyped();
      return false;
    }
  }
}
