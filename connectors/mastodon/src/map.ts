import { refOf, type Interaction, type InteractionState, type Party, type PartyState, type Ref } from '@unsilo/schemas';
import { correctedTime, timestamp, wellFormed } from '@unsilo/connector-sdk';
import type { Account, Status } from './api.js';
import { cleanHtml, htmlToText, onlyLink } from './html.js';

/** What entities are seen with. */
export interface Seen {
  system: string;
  /** The account that the token belongs to. */
  selfId: string;
  /** The part after `@` of local handles. */
  domain: string;
  /** Epoch milliseconds. */
  now: number;
  clockOffsetMs?: number;
}

const TEXT_LIMIT = 1_000_000;
const NAME_LIMIT = 10_000;
const LABEL_LIMIT = 200;
/** Servers of the network allow four to twenty. */
const MOST_FIELDS = 100;

export const accountRef = (system: string, id: string): Ref => refOf(system, 'account', id);
export const statusRef = (system: string, id: string): Ref => refOf(system, 'status', id);

/**
 * An account as a party. The API gives no time and no version of its changes: the order is that in which they are seen. A suspended account is
 * shown blank by the server, and counts as deleted.
 */
export function accountParty(account: Account, seen: Seen): Party {
  const change = {
    ref: accountRef(seen.system, account.id),
    version: { major: 0, minor: 0 },
    ...(account.createdAt === undefined ? {} : { createdAt: timestamp(account.createdAt) }),
    changedAt: timestamp(seen.now),
    observedAt: timestamp(seen.now),
  };
  return account.suspended ? { ...change, deleted: true } : { ...change, state: accountState(account, seen.domain) };
}

/** A party for an account that is no longer there. */
export function goneParty(id: string, { system, now }: Seen): Party {
  const at = timestamp(now);
  return { ref: accountRef(system, id), version: { major: 0, minor: 0 }, changedAt: at, observedAt: at, deleted: true };
}

function accountState(account: Account, domain: string): PartyState {
  const name = displayName(account);
  const note = cut(htmlToText(account.note), TEXT_LIMIT);
  const links: NonNullable<PartyState['links']> = [];
  const extra: NonNullable<PartyState['extra']> = {};
  for (const field of account.fields.slice(0, MOST_FIELDS)) {
    const label = cut(plain(htmlToText(field.name)), 100);
    const uri = onlyLink(field.value);
    if (uri !== undefined && uri.length <= 10_000)
      links.push({ uri, ...(label === '' ? {} : { label: cut(label, LABEL_LIMIT) }) });
    else {
      const value = cut(plain(htmlToText(field.value)), NAME_LIMIT);
      // The prefix keeps names that people think up apart from ours, and from those of prototypes.
      if (label !== '' && value !== '') extra[`field ${label}`] = value;
    }
  }
  const verified = account.fields.filter((field) => field.verified).flatMap((field) => onlyLink(field.value) ?? []);
  if (verified.length > 0) extra['verifiedLinks'] = cut(verified.join(' '), NAME_LIMIT);
  if (account.bot) extra['bot'] = true;
  if (account.group) extra['group'] = true;
  return {
    kind: account.bot || account.group ? 'organization' : 'person',
    ...(name === '' ? {} : { name: { full: name } }),
    ...(note === '' ? {} : { note }),
    onlineServices: [
      service(account.acct, account.url, domain),
      ...(account.moved === undefined
        ? []
        : [{ ...service(account.moved.acct, account.moved.url, domain), label: 'moved' }]),
    ],
    ...(links.length === 0 ? {} : { links }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function service(acct: string, url: string | undefined, domain: string) {
  return { service: 'mastodon', user: cut(handleOf(acct, domain), 1000), ...(url === undefined ? {} : { uri: url }) };
}

/** `name@host`, of local accounts too. */
export function handleOf(acct: string, domain: string): string {
  return plain(acct.includes('@') ? acct : `${acct}@${domain}`);
}

/** Without custom emoji: those are pictures whose names nobody reads. */
function displayName({ displayName: name, emojis }: Account): string {
  const known = new Set(emojis);
  const words = name.replace(/:([A-Za-z0-9_]+):/g, (code, shortcode: string) => (known.has(shortcode) ? ' ' : code));
  return cut(plain(words), NAME_LIMIT);
}

/** What is known of a status besides itself. */
export interface StatusFacts {
  /** Id of the first status of the conversation. */
  thread: string;
  /** Id of the command that it is the effect of. */
  command?: string;
}

/** A status as an interaction. Its order is the time of its last edit, or of its making. */
export function statusInteraction(status: Status, facts: StatusFacts, seen: Seen): Interaction {
  const changedAt = status.editedAt ?? status.createdAt;
  return {
    ref: statusRef(seen.system, status.id),
    version: { major: orderOf(status), minor: 0 },
    createdAt: timestamp(status.createdAt),
    changedAt: correctedTime(changedAt, seen.clockOffsetMs),
    observedAt: timestamp(seen.now),
    state: statusState(status, facts, seen),
  };
}

/** An interaction for a status that is no longer there; `order` is that of its last known state. */
export function goneInteraction(id: string, order: number, { system, now }: Seen): Interaction {
  const at = timestamp(now);
  return {
    ref: statusRef(system, id),
    version: { major: order, minor: 0 },
    changedAt: at,
    observedAt: at,
    deleted: true,
  };
}

export function orderOf(status: Status): number {
  return Math.max(0, status.editedAt ?? status.createdAt);
}

function statusState(status: Status, { thread, command }: StatusFacts, seen: Seen): InteractionState {
  const { system, selfId } = seen;
  const own = status.account.id === selfId;
  const text = cut(htmlToText(status.content), TEXT_LIMIT);
  const html = cleanHtml(status.content);
  const subject = cut(plain(status.spoiler), NAME_LIMIT);
  const audience = [...new Set(status.mentions.map(({ id }) => id))]
    .filter((id) => id !== status.account.id)
    .slice(0, 1000);
  const language = languageTag(status.language);
  const descriptions = status.media.flatMap(({ description }) =>
    description === undefined ? [] : [plain(description)],
  );
  const extra: NonNullable<InteractionState['extra']> = {
    ...(status.media.length === 0 ? {} : { media: cut(status.media.map(({ url }) => url).join(' '), NAME_LIMIT) }),
    ...(descriptions.length === 0 ? {} : { mediaDescriptions: cut(descriptions.join(' | '), NAME_LIMIT) }),
    ...(status.poll.length === 0 ? {} : { poll: cut(status.poll.map(plain).join(' | '), NAME_LIMIT) }),
  };
  return {
    kind: kindOf(status, selfId),
    direction: own ? 'outbound' : 'inbound',
    visibility: visibilityOf(status.visibility),
    author: accountRef(system, status.account.id),
    thread: statusRef(system, thread),
    ...(status.inReplyToId === undefined ? {} : { inReplyTo: statusRef(system, status.inReplyToId) }),
    ...(audience.length === 0 ? {} : { audience: audience.map((id) => accountRef(system, id)) }),
    ...(subject === '' ? {} : { subject }),
    ...(text === '' ? {} : { text }),
    ...(html === undefined || html === '' || [...html].length > TEXT_LIMIT ? {} : { html: wellFormed(html) }),
    ...(status.url === undefined || status.url.length > 10_000 ? {} : { url: status.url }),
    ...(language === undefined ? {} : { language }),
    publishedAt: timestamp(status.createdAt),
    ...(command === undefined ? {} : { command }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Private messages are statuses that only those mentioned see. */
function kindOf(status: Status, selfId: string): InteractionState['kind'] {
  if (status.visibility === 'direct') return 'message';
  if (status.inReplyToId !== undefined) return 'reply';
  if (status.account.id === selfId) return 'post';
  return status.mentions.some(({ id }) => id === selfId) ? 'mention' : 'post';
}

/** What other servers call differently is for a few: `mutuals_only`, `local`. */
export function visibilityOf(visibility: string): InteractionState['visibility'] {
  return visibility === 'public' || visibility === 'unlisted' || visibility === 'direct' ? visibility : 'private';
}

function languageTag(language: string | undefined): string | undefined {
  if (language === undefined || language.length > 100) return undefined;
  try {
    return Intl.getCanonicalLocales(language.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

/** One line without control characters. */
function plain(text: string): string {
  return wellFormed(text)
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function cut(text: string, limit: number): string {
  const sound = wellFormed(text);
  return sound.length <= limit
    ? sound
    : Array.from(sound.slice(0, limit * 2))
        .slice(0, limit)
        .join('');
}
