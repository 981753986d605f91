/** After the exam: what became of the answers, and the way to the result. */

import { any, byId, say } from './elements';
import type { ResultNews, SummedQuestion } from './protocol';
import { item } from './screens';
import { RESULT_WORDS } from './words';

/** The invitation goes on behind `#`, where no server and no log sees it. */
export function resultLink(news: ResultNews, invitation: string): string {
  return `${news.url}#invitation=${encodeURIComponent(invitation)}`;
}

/** In the lobby where the exam may be taken again, else on a screen of its own. */
export function tellResult(news: ResultNews, invitation: string): void {
  const words = RESULT_WORDS[news.state];
  const place = news.canJoin ? 'earlier' : 'result';
  if (!news.canJoin) say(any('result-title'), words.title);
  say(any(`${place}-text`), news.canJoin ? words.earlier : words.text);
  const link = byId(`${place}-link`, HTMLAnchorElement);
  link.href = resultLink(news, invitation);
  link.textContent = words.link;
  any('earlier').hidden = !news.canJoin;
}

/** The author's words, question by question; nothing here is a mark. */
export function showSummary(questions: readonly SummedQuestion[]): void {
  any('summary').hidden = questions.length === 0;
  any('end-marked').hidden = true;
  say(any('end-title'), 'The practice is over');
  any('summary-questions').replaceChildren(...questions.map(summed));
}

function summed({ number, ask, right, lacking, explanation }: SummedQuestion): HTMLElement {
  const entry = document.createElement('li');
  entry.append(paragraph('summary-ask', `${number}. ${ask}`));
  if (right.length > 0) entry.append(...points('What you had', 'right', right));
  if (lacking.length > 0) entry.append(...points('What was missing', 'lacking', lacking));
  else entry.append(paragraph('quiet', 'Nothing was missing.'));
  if (explanation !== null) entry.append(paragraph('quiet', explanation));
  return entry;
}

function points(title: string, kind: string, texts: readonly string[]): HTMLElement[] {
  const list = document.createElement('ul');
  list.className = `points ${kind}`;
  list.append(...texts.map(item));
  return [paragraph('kind', title), list];
}

function paragraph(kind: string, text: string): HTMLParagraphElement {
  const made = document.createElement('p');
  made.className = kind;
  made.textContent = text;
  return made;
}
