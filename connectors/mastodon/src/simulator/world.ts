/** What a simulated Mastodon holds, and what its members do. */

export interface SimulatedAccount {
  id: string;
  /** `name` of local accounts, `name@host` of others. */
  acct: string;
  displayName: string;
  /** HTML. */
  note: string;
  bot: boolean;
  group: boolean;
  suspended?: boolean;
  fields: { name: string; value: string; verified_at: string | null }[];
  /** It can't be read any more. */
  gone?: boolean;
  /** Epoch milliseconds. */
  createdAt: number;
}
export interface SimulatedStatus {
  id: string;
  /** Id of its author. */
  account: string;
  /** As it was typed. */
  text: string;
  /** HTML. */
  content: string;
  /** Epoch milliseconds. */
  createdAt: number;
  editedAt?: number;
  visibility: string;
  spoiler: string;
  inReplyTo?: string;
  /** Ids of accounts. */
  mentions: string[];
  language: string | null;
  deleted?: boolean;
}
export interface SimulatedNotification {
  id: string;
  type: string;
  createdAt: number;
  account: string;
  status?: string;
}

/** The account that the token belongs to. */
export const SELF = '100';
const FIRST_STATUS = 110_000_000_000_000_000n;
const BORN = Date.UTC(2020, 0, 1);

export interface World {
  readonly accounts: Map<string, SimulatedAccount>;
  readonly statuses: Map<string, SimulatedStatus>;
  readonly notifications: SimulatedNotification[];
  /** The account of that name; made where there is none. */
  account(acct: string, more?: Partial<SimulatedAccount>): SimulatedAccount;
  /** Somebody writes; those mentioned are notified. Without `mentions` others mention us. */
  write(author: string, text: string, more?: Partial<SimulatedStatus>): SimulatedStatus;
  edit(id: string, text: string): void;
  remove(id: string): void;
  follow(acct: string): void;
}

/** @param tell Told of what the stream of our account would say: the event, and what it is about. */
export function createWorld(
  now: () => number,
  self: { acct: string; displayName?: string },
  tell: (event: string, about: SimulatedStatus | SimulatedNotification | string) => void,
): World {
  const accounts: World['accounts'] = new Map();
  const statuses: World['statuses'] = new Map();
  const notifications: SimulatedNotification[] = [];
  let last = 0;
  let serial = 0n;

  /** No two things happen at one time, and ids grow with it. */
  function next(): { id: string; at: number } {
    last = Math.max(last + 1, now());
    serial += 1n;
    return { id: String(FIRST_STATUS + serial), at: last };
  }

  function account(acct: string, more: Partial<SimulatedAccount> = {}): SimulatedAccount {
    const known = [...accounts.values()].find((other) => other.acct === acct);
    if (known !== undefined) return known;
    const made: SimulatedAccount = {
      id: accounts.size === 0 ? SELF : String(200 + accounts.size),
      acct,
      displayName: acct.split('@')[0]!,
      note: '',
      bot: false,
      group: false,
      fields: [],
      createdAt: BORN,
      ...more,
    };
    accounts.set(made.id, made);
    return made;
  }

  function write(author: string, text: string, more: Partial<SimulatedStatus> = {}): SimulatedStatus {
    const { id, at } = next();
    const status: SimulatedStatus = {
      id,
      account: author,
      text,
      content: markup(text),
      createdAt: at,
      visibility: 'public',
      spoiler: '',
      mentions: author === SELF ? [] : [SELF],
      language: 'en',
      ...more,
    };
    statuses.set(id, status);
    if (author === SELF || !status.mentions.includes(SELF)) tell('update', status);
    else {
      const notification = { id: String(notifications.length + 1), type: 'mention', createdAt: at, account: author };
      notifications.push({ ...notification, status: id });
      tell('notification', { ...notification, status: id });
    }
    return status;
  }

  account(self.acct, self);
  return {
    accounts,
    statuses,
    notifications,
    account,
    write,
    edit(id, text) {
      const status = statuses.get(id)!;
      Object.assign(status, { text, content: markup(text), editedAt: next().at });
      tell('status.update', status);
    },
    remove(id) {
      statuses.get(id)!.deleted = true;
      tell('delete', id);
    },
    follow(acct) {
      const { id } = account(acct);
      notifications.push({ id: String(notifications.length + 1), type: 'follow', createdAt: next().at, account: id });
    },
  };
}

/** Markup as Mastodon makes it of plain text: paragraphs, line breaks, everything else escaped. */
export function markup(text: string): string {
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return escaped
    .split(/\n{2,}/)
    .map((part) => `<p>${part.replaceAll('\n', '<br />')}</p>`)
    .join('');
}
