/**
 * What of the client API's entities is read, checked as far as it is used: servers differ (GoToSocial has no `uri` of accounts, Pleroma other
 * kinds of ids), so whatever isn't needed to know a thing again may be missing.
 */

export interface Account {
  id: string;
  /** `name` of local accounts, `name@host` of others. */
  acct: string;
  displayName: string;
  /** HTML. */
  note: string;
  url: string | undefined;
  bot: boolean;
  group: boolean;
  suspended: boolean;
  createdAt: number | undefined;
  fields: { name: string; value: string; verified: boolean }[];
  /** Shortcodes of custom emoji in the names. */
  emojis: string[];
  /** Where the account has moved to, as its server vouches for. */
  moved: { acct: string; url: string | undefined } | undefined;
}

export interface Status {
  id: string;
  account: Account;
  createdAt: number;
  editedAt: number | undefined;
  inReplyToId: string | undefined;
  inReplyToAccountId: string | undefined;
  visibility: string;
  /** HTML. */
  content: string;
  /** Content warning, plain. */
  spoiler: string;
  language: string | undefined;
  url: string | undefined;
  mentions: { id: string; acct: string }[];
  media: { url: string; description: string | undefined }[];
  poll: string[];
  repliesCount: number;
  isReblog: boolean;
}

export interface Notification {
  id: string;
  type: string;
  createdAt: number | undefined;
  account: Account | undefined;
  status: Status | undefined;
}

export interface Instance {
  /** The part after `@` of local handles. */
  domain: string | undefined;
  version: string;
  maxCharacters: number | undefined;
  charactersPerUrl: number | undefined;
  streaming: string | undefined;
}

type Json = Record<string, unknown>;

export function readAccount(value: unknown): Account | undefined {
  if (!isObject(value)) return undefined;
  const id = idOf(value['id']);
  const acct = handle(value['acct']);
  if (id === undefined || acct === undefined) return undefined;
  const moved = isObject(value['moved']) ? value['moved'] : undefined;
  const movedAcct = moved === undefined ? undefined : handle(moved['acct']);
  return {
    id,
    acct,
    displayName: text(value['display_name']) ?? '',
    note: text(value['note']) ?? '',
    url: webAddress(value['url']) ?? webAddress(value['uri']),
    bot: value['bot'] === true,
    group: value['group'] === true,
    suspended: value['suspended'] === true,
    createdAt: instant(value['created_at']),
    fields: objects(value['fields']).map((field) => ({
      name: text(field['name']) ?? '',
      value: text(field['value']) ?? '',
      verified: typeof field['verified_at'] === 'string',
    })),
    emojis: objects(value['emojis']).flatMap(({ shortcode }) => text(shortcode) ?? []),
    moved: movedAcct === undefined ? undefined : { acct: movedAcct, url: webAddress(moved?.['url']) },
  };
}

export function readStatus(value: unknown): Status | undefined {
  if (!isObject(value)) return undefined;
  const id = idOf(value['id']);
  const account = readAccount(value['account']);
  const createdAt = instant(value['created_at']);
  if (id === undefined || account === undefined || createdAt === undefined) return undefined;
  const poll = isObject(value['poll']) ? objects(value['poll']['options']) : [];
  return {
    id,
    account,
    createdAt,
    editedAt: instant(value['edited_at']),
    inReplyToId: idOf(value['in_reply_to_id']),
    inReplyToAccountId: idOf(value['in_reply_to_account_id']),
    visibility: text(value['visibility']) ?? '',
    content: text(value['content']) ?? '',
    spoiler: text(value['spoiler_text']) ?? '',
    language: text(value['language']),
    url: webAddress(value['url']) ?? webAddress(value['uri']),
    mentions: objects(value['mentions']).flatMap((mention) => {
      const mentioned = idOf(mention['id']);
      return mentioned === undefined ? [] : [{ id: mentioned, acct: handle(mention['acct']) ?? '' }];
    }),
    media: objects(value['media_attachments']).flatMap((medium) => {
      const url = webAddress(medium['url']) ?? webAddress(medium['remote_url']);
      return url === undefined ? [] : [{ url, description: text(medium['description']) }];
    }),
    poll: poll.flatMap(({ title }) => text(title) ?? []),
    repliesCount: typeof value['replies_count'] === 'number' ? value['replies_count'] : 0,
    isReblog: isObject(value['reblog']),
  };
}

export function readNotification(value: unknown): Notification | undefined {
  if (!isObject(value)) return undefined;
  const id = idOf(value['id']);
  const type = text(value['type']);
  if (id === undefined || type === undefined) return undefined;
  return {
    id,
    type,
    createdAt: instant(value['created_at']),
    account: readAccount(value['account']),
    status: readStatus(value['status']),
  };
}

/** Version 2 of the entity, or version 1 of older servers. */
export function readInstance(value: unknown): Instance {
  const instance = isObject(value) ? value : {};
  const configuration = isObject(instance['configuration']) ? instance['configuration'] : {};
  const statuses = isObject(configuration['statuses']) ? configuration['statuses'] : {};
  const urls = isObject(configuration['urls'])
    ? configuration['urls']
    : isObject(instance['urls'])
      ? { streaming: instance['urls']['streaming_api'] }
      : {};
  return {
    domain: text(instance['account_domain']) ?? text(instance['domain']) ?? text(instance['uri']),
    version: text(instance['version']) ?? 'unknown',
    maxCharacters: count(statuses['max_characters']),
    charactersPerUrl: count(statuses['characters_reserved_per_url']),
    streaming: text(urls['streaming']),
  };
}

/** Ids are opaque texts; some servers write them as numbers. */
function idOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && /^[\w.~:-]{1,200}$/.test(value) ? value : undefined;
}

const TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(Z|[+-]\d{2}:?\d{2})$/;

/** Epoch milliseconds of an RFC 3339 time that exists. */
export function instant(value: unknown): number | undefined {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  if (match === null) return undefined;
  const day = Date.parse(`${match[1]}T00:00:00Z`);
  const at = Date.parse(match[0]);
  // JavaScript turns 31 February into 3 March.
  if (Number.isNaN(at) || Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== match[1]) return undefined;
  return at;
}

function webAddress(value: unknown): string | undefined {
  try {
    const url = new URL(typeof value === 'string' ? value : '');
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** `name` or `name@host`: it is mentioned in replies, where anything else would be read out in public. */
function handle(value: unknown): string | undefined {
  return typeof value === 'string' && /^[^\s@/?#<>"\p{C}]+(?:@[^\s@/?#<>"\p{C}]+)?$/u.test(value) ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
