import { parseRef, type Command, type ReplyCommand } from '@unsilo/schemas';
import {
  correctedTime,
  RetryableError,
  type ConnectorContext,
  type WriteAttempt,
  type WriteResult,
} from '@unsilo/connector-sdk';
import type { Account, Status } from './api.js';
import { mastodonClient, type MastodonClient, type Posted } from './client.js';
import { htmlToText } from './html.js';
import { orderOf, statusRef } from './map.js';
import type { MastodonOptions } from './options.js';
import { commandKey } from './read.js';
import { composeReply } from './reply.js';

type Context = ConnectorContext<MastodonOptions>;

/**
 * A reply is not older than its command; clocks of both sides differ, and `Date` may be the word of a proxy with another clock than the
 * one that dates statuses. Taking a reply that a person typed with the very same words for ours does less harm than sending it twice.
 */
const SKEW_MS = 24 * 3600_000;
/** Of forty statuses each: more are not written between a reply and the search for it. */
const MOST_PAGES = 10;

/**
 * Sends a reply. The id of the command is the `Idempotency-Key`, which Mastodon honours for an hour; since others don't know it, and hours pass,
 * a try that ended unclear is looked for among our own statuses first.
 */
export async function writeReply(context: Context, command: Command, attempt: WriteAttempt): Promise<WriteResult> {
  if (command.action !== 'reply')
    return rejected(
      'UNSILO_MASTODON_ACTION',
      `A Mastodon account can be read and can reply; ${command.action} is not supported`,
    );
  const parentId = parentOf(context, command);
  if (parentId === undefined)
    return rejected('UNSILO_MASTODON_BAD_REF', 'What is to be answered is not a status of this system');
  const client = mastodonClient(context);
  const prepared = await beforeSending(async () => {
    const self = await client.self();
    const sent = attempt.unclear ? await findReply(context, client, self, command, parentId) : undefined;
    return sent ?? { self, parent: await client.status(parentId), instance: await client.instance() };
  });
  if (!('self' in prepared)) return applied(context, client, command, prepared, false);
  const { self, parent, instance } = prepared;
  if (parent === undefined) return gone();
  const composed = composeReply(command, parent, self.id, instance);
  if ('problem' in composed) return rejected(composed.problem.code, composed.problem.message);
  const posted = await client.post(composed.body, command.id);
  return posted.kind === 'posted' ? applied(context, client, command, posted.status, true) : refused(posted);
}

/** Failures of reading leave no doubt: nothing was sent yet by this try. */
async function beforeSending<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error;
    const { code, message, hint, status, retryAfterMs } = error;
    throw new RetryableError(code, message, {
      mayHaveApplied: false,
      ...(hint === undefined ? {} : { hint }),
      ...(status === undefined ? {} : { status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

/** Finds out by reading whether a reply whose every try ended unclear was sent. */
export async function settleReply(context: Context, command: Command): Promise<WriteResult> {
  const parentId = command.action === 'reply' ? parentOf(context, command) : undefined;
  if (command.action !== 'reply' || parentId === undefined)
    return rejected('UNSILO_MASTODON_ACTION', 'Only replies are written');
  const client = mastodonClient(context);
  const found = await findReply(context, client, await client.self(), command, parentId);
  if (found !== undefined) return applied(context, client, command, found, false);
  return {
    status: 'not-applied',
    error: { code: 'UNSILO_MASTODON_NOT_SENT', message: 'The reply is not among the statuses of the account' },
  };
}

/** Our own status that answers the parent with this very text, made since the command was given, and that is no other command's. */
async function findReply(
  context: Context,
  client: MastodonClient,
  self: Account,
  command: ReplyCommand,
  parentId: string,
): Promise<Status | undefined> {
  const since = Date.parse(command.issuedAt) + Math.min(client.clockOffsetMs ?? 0, 0) - SKEW_MS;
  let below: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const statuses = await client.latest(self.id, below);
    for (const status of statuses)
      if (status.createdAt >= since && (await isThatReply(context, client, command, parentId, status))) return status;
    const last = statuses.at(-1);
    // Pinned statuses are not listed here, so times fall.
    if (last === undefined || last.createdAt < since || last.id === below) return undefined;
    below = last.id;
  }
  return undefined;
}

async function isThatReply(
  context: Context,
  client: MastodonClient,
  command: ReplyCommand,
  parentId: string,
  status: Status,
): Promise<boolean> {
  // A parent that was deleted since is named no more; whom it answers is still mentioned.
  if (status.inReplyToId === undefined ? status.mentions.length === 0 : status.inReplyToId !== parentId) return false;
  const owner = await context.memory.get(commandKey(status.id));
  if (owner !== undefined) return owner === command.id;
  const typed = (await client.source(status.id)) ?? htmlToText(status.content);
  return withoutMentions(typed) === withoutMentions(command.text);
}

/** Leading mentions are ours or the server's; the rest is what was to be said. */
function withoutMentions(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^(?:@\S+\s+)+/, '');
}

async function applied(
  context: Context,
  client: MastodonClient,
  command: Command,
  status: Status,
  exact: boolean,
): Promise<WriteResult> {
  // The status is told as this command's effect when it is read.
  await context.memory.set({ [commandKey(status.id)]: command.id });
  return {
    status: 'applied',
    ref: statusRef(context.system, status.id),
    version: { major: orderOf(status), minor: 0 },
    changedAt: correctedTime(status.editedAt ?? status.createdAt, client.clockOffsetMs),
    exact,
  };
}

function refused({ status, message }: Posted & { kind: 'refused' }): WriteResult {
  if (status === 404) return gone();
  // Servers say why in words meant for people; anything else isn't passed on.
  const why = /^(?:Validation failed|Bad Request|Unprocessable Entity|Not Acceptable)\b/.test(message)
    ? `: ${message.slice(0, 300)}`
    : '';
  return rejected('UNSILO_MASTODON_REFUSED', `The instance refused the reply with ${status}${why}`);
}

function gone(): WriteResult {
  return rejected(
    'UNSILO_MASTODON_GONE',
    'The post that is to be answered is no longer there, or not for this account',
  );
}

function rejected(code: string, message: string): WriteResult {
  return { status: 'rejected', error: { code, message } };
}

function parentOf(context: Context, command: ReplyCommand): string | undefined {
  const ref = parseRef(command.inReplyTo);
  return ref?.system === context.system && ref.kind === 'status' ? ref.id : undefined;
}
