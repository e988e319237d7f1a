import type { ReplyCommand, Visibility } from '@unsilo/schemas';
import { counted } from '@unsilo/schemas';
import type { Instance, Status } from './api.js';
import { visibilityOf } from './map.js';

/** What is posted: the body of `POST /api/v1/statuses`. */
export interface ReplyBody {
  status: string;
  in_reply_to_id: string;
  visibility: string;
  spoiler_text?: string;
  language?: string;
}
export interface ReplyProblem {
  code: string;
  message: string;
}

/** Mastodon's own default, and what a server that says nothing is likely to allow. */
const USUAL_MAX = 500;
const USUAL_PER_URL = 23;

/** From most to least public. */
const OPENNESS: readonly Visibility[] = ['public', 'unlisted', 'private', 'direct'];

/**
 * The reply that a command asks for: its author mentioned, as visible as the status that it answers (or less, never more), under the
 * same content warning. A reply that the instance would refuse for its length is refused here, with the numbers.
 */
export function composeReply(
  command: ReplyCommand,
  parent: Status,
  selfId: string,
  instance: Instance,
): { body: ReplyBody } | { problem: ReplyProblem } {
  const text = command.text.trim();
  if (text === '') return { problem: { code: 'UNSILO_MASTODON_EMPTY', message: 'The reply has no text' } };
  const inherited = visibilityOf(parent.visibility);
  const visibility = command.visibility ?? inherited;
  if (OPENNESS.indexOf(visibility) < OPENNESS.indexOf(inherited))
    return {
      problem: {
        code: 'UNSILO_MASTODON_TOO_PUBLIC',
        message: `The post is ${inherited}, a ${visibility} reply would show to others that it exists`,
      },
    };
  const status = parent.account.id === selfId ? text : withMention(text, parent.account.acct);
  const max = instance.maxCharacters ?? USUAL_MAX;
  const length = countCharacters(status, instance.charactersPerUrl ?? USUAL_PER_URL) + graphemes(parent.spoiler);
  if (length > max)
    return {
      problem: {
        code: 'UNSILO_MASTODON_TOO_LONG',
        message: `The reply counts ${counted(length, 'character')}, with its mention and content warning; the instance takes ${max}`,
      },
    };
  return {
    body: {
      status,
      in_reply_to_id: parent.id,
      // A server's own name for it where the reply is to be as the post.
      visibility: command.visibility === undefined && parent.visibility !== '' ? parent.visibility : visibility,
      ...(parent.spoiler === '' ? {} : { spoiler_text: parent.spoiler }),
      ...(parent.language === undefined ? {} : { language: parent.language }),
    },
  };
}

function withMention(text: string, acct: string): string {
  const escaped = acct.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?:^|[^\\w/])@${escaped}(?![\\w@-]|\\.\\w)`, 'i').test(text) ? text : `@${acct} ${text}`;
}

/** Characters as Mastodon counts them: graphemes; an address counts as so many whatever its length, a mention without its host. */
export function countCharacters(text: string, perUrl: number): number {
  const counted = text
    .replace(/https?:\/\/[^\s<>"]*[^\s<>".,;:!?)'\]]/gi, 'x'.repeat(perUrl))
    .replace(/(^|[^\w/])@([\w.-]*\w)@[\w.-]+\w/g, '$1@$2');
  return graphemes(counted);
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Counted piece by piece: each segment carries a copy of the whole text, which for a long one fills the memory. Pieces end before a letter,
 * digit or space of ASCII, which begin a grapheme.
 */
function graphemes(text: string): number {
  let count = 0;
  for (const [piece] of text.matchAll(/[^]{1,500}(?=[ \w]|$)|[^]{1,500}/g))
    count += /^[\t\n\x20-\x7e]*$/.test(piece) ? piece.length : Array.from(segmenter.segment(piece)).length;
  return count;
}
