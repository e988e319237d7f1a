import { randomUUID } from 'node:crypto';
import { endsWithin, StorageError, UnderWay } from '@unsilo/event-log';
import { checkKey } from '../checks.js';
import type { Commit, CommitResult, Entry, KeyedEntry, RangeOptions, StateStore, StoredOffset } from '../port.js';
import { checkCommit, isEmpty, packCommit, readAnswer, readOffset } from './commit-call.js';
import { Connection } from './connection.js';
import { closed, damaged } from './failures.js';
import { KeyNames } from './names.js';
import { settingsOf, type RedisStateStoreOptions, type Settings } from './options.js';
import { OutboxGate } from './outbox-gate.js';
import { Relay } from './relay.js';
import { checkServers, findKeys } from './server.js';

/** A value stands behind its revision: 16 digits and a blank. */
const REVISION_DIGITS = 16;
const VALUE_AT = REVISION_DIGITS + 1;
/** How long closing waits for commits under way. */
const LAST_COMMITS_MS = 1000;
/** So many calls are forgotten with one commit at most. */
const FORGET_AT_ONCE = 100;

/**
 * Opens the state store on a Redis, 7.0 or newer, or a Redis Cluster. A group keeps its offsets with one tenant.
 * @throws UNSILO_STATE_OPTIONS_INVALID, UNSILO_STATE_UNREACHABLE, UNSILO_STATE_LOGIN_REFUSED, UNSILO_STATE_SERVER_UNFIT
 */
export async function openRedisStateStore(options: RedisStateStoreOptions): Promise<StateStore> {
  const store = new RedisStateStore(options);
  await store.open();
  return store;
}

class RedisStateStore implements StateStore {
  readonly exclusive = false;
  private readonly settings: Settings;
  private readonly names: KeyNames;
  private readonly connection: Connection;
  private readonly gate: OutboxGate;
  private readonly relay: Relay;
  private readonly writer = randomUUID();
  private calls = 0;
  /** By tenant: calls that Redis may forget. */
  private readonly answered = new Map<string, string[]>();
  /** By tenant: the highest revision that this process has seen since Redis last went back. */
  private readonly seen = new Map<string, number>();
  /** By tenant: the highest revision ever seen; none below it is given out again, whatever the clock of Redis says. */
  private readonly highest = new Map<string, number>();
  /** By group: the tenant that its offsets are kept with. */
  private readonly homes = new Map<string, string>();
  private readonly underWay = new UnderWay();
  /** Commits are sent in the order in which they were made. */
  private sending: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(options: RedisStateStoreOptions) {
    this.settings = settingsOf(options);
    this.names = new KeyNames(this.settings.prefix);
    this.connection = new Connection(this.settings, () => this.lookBack());
    this.gate = new OutboxGate(options.log);
    this.relay = new Relay(this.connection, this.names, this.settings, options.log);
  }

  async open(): Promise<void> {
    try {
      await checkServers(this.connection, this.settings.cluster);
      for (const { tenant } of await findKeys(this.connection, this.names, 'outbox', false)) this.relay.wake(tenant);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async getMany(tenant: string, table: string, keys: readonly string[]): Promise<(Entry | undefined)[]> {
    this.refuseClosed();
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return [];
    const rows = this.names.rows(tenant, table);
    const values = await this.connection.ask(
      async (client) => client.call('HMGET', [rows, ...keys]) as Promise<(string | null)[]>,
    );
    const entries = values.map((value) => (value === null ? undefined : readEntry(value)));
    this.note(tenant, entries);
    return entries;
  }

  async range(tenant: string, table: string, options: RangeOptions): Promise<KeyedEntry[]> {
    this.refuseClosed();
    const { from = '', to, limit, reverse = false } = options;
    checkKey(from);
    if (to !== undefined) checkKey(to);
    if (limit <= 0) return [];
    const { names } = this;
    const low = from === '' ? '-' : `[${from}`;
    const high = to === undefined ? '+' : `(${to}`;
    const most = Math.min(Math.trunc(limit), Number.MAX_SAFE_INTEGER);
    const args = [2, names.order(tenant, table), names.rows(tenant, table), low, high, most, reverse ? 1 : 0];
    const flat = await this.connection.ask(async (client) => client.unsiloRange(args));
    const entries: KeyedEntry[] = [];
    for (let at = 0; at < flat.length; at += 2) {
      const value = flat[at + 1];
      if (typeof value !== 'string') throw damaged(`a key of table ${table} has no value`);
      entries.push({ key: flat[at]!, ...readEntry(value) });
    }
    this.note(tenant, entries);
    return entries;
  }

  async offsets(group: string): Promise<StoredOffset[]> {
    this.refuseClosed();
    const home = await this.homeOf(group);
    if (home === undefined) return [];
    const key = this.names.offsets(home, group);
    const fields = await this.connection.ask(async (client) => client.hgetall(key));
    return Object.entries(fields).map(([field, value]) => readOffset(field, value));
  }

  async commit(tenant: string, commit: Commit): Promise<CommitResult> {
    this.refuseClosed();
    return this.underWay.track(this.write(tenant, commit));
  }

  async tenants(): Promise<string[]> {
    this.refuseClosed();
    const found = await findKeys(this.connection, this.names, 'rows:', true);
    return [...new Set(found.map(({ tenant }) => tenant))];
  }

  async usage(): Promise<{ table: string; entries: number; bytes: number }[]> {
    this.refuseClosed();
    const { connection, names } = this;
    const usage = new Map<string, { table: string; entries: number; bytes: number }>();
    for (const { tenant, name, key } of await findKeys(connection, names, 'rows:', true)) {
      const table = name.slice('rows:'.length);
      const order = names.order(tenant, table);
      const [entries, ofRows, ofOrder] = await connection.ask(async (client) =>
        Promise.all([
          client.hlen(key),
          client.memory('USAGE', key, 'SAMPLES', 100),
          client.memory('USAGE', order, 'SAMPLES', 100),
        ]),
      );
      const one = usage.get(table) ?? { table, entries: 0, bytes: 0 };
      one.entries += entries;
      one.bytes += (ofRows ?? 0) + (ofOrder ?? 0);
      usage.set(table, one);
    }
    return [...usage.values()];
  }

  async close(): Promise<void> {
    this.closing ??= this.shut();
    await this.closing;
  }

  /** A Redis or a log that doesn't answer holds nothing up: whoever waits for a commit is told that the store is closed. */
  private async shut(): Promise<void> {
    const isDone = await endsWithin(this.underWay.ended(), LAST_COMMITS_MS);
    const isRelayed = await this.relay.close();
    this.connection.close();
    if (!isDone) this.leave('Commits had no answer from Redis; they are made again from the log.');
    if (!isRelayed)
      this.leave('Messages may wait in the outbox; other processes, or the next start, bring them to the log.');
  }

  private leave(message: string): void {
    this.settings.onEvent({ code: 'UNSILO_STATE_LEFT', message });
  }

  private async write(tenant: string, commit: Commit): Promise<CommitResult> {
    checkCommit(commit);
    if (isEmpty(commit)) return { ok: true };
    const before = this.sending;
    let sent!: () => void;
    this.sending = new Promise<void>((done) => (sent = done));
    await before;
    let answer: Promise<CommitResult>;
    try {
      if (commit.outbox !== undefined && commit.outbox.length > 0) await this.gate.check(commit.outbox);
      if (commit.offsets !== undefined) await this.settle(commit.offsets.group, tenant);
      answer = this.send(tenant, commit);
    } finally {
      sent();
    }
    return answer;
  }

  private async send(tenant: string, commit: Commit): Promise<CommitResult> {
    const { names, writer } = this;
    const call = `${writer}/${++this.calls}`;
    const seen = this.seen.get(tenant) ?? 0;
    const forget = this.answered.get(tenant)?.splice(0, FORGET_AT_ONCE) ?? [];
    const { outboxLimit } = this.settings;
    const highest = this.highest.get(tenant) ?? 0;
    const args = packCommit(commit, { names, tenant, writer, call, highest, forget, outboxLimit });
    const answer = await this.connection.ask(async (client) => client.unsiloCommit(args), true);
    this.forgetLater(tenant, call);
    const { result, before, after } = readAnswer(answer, commit);
    if (before < seen) this.wentBack(tenant, before, seen);
    this.raise(tenant, after);
    if (result.ok && commit.outbox !== undefined && commit.outbox.length > 0) this.relay.wake(tenant);
    return result;
  }

  /** Redis need not remember a call any longer whose answer has come. What is never said to it, it forgets within the hour. */
  private forgetLater(tenant: string, call: string): void {
    const answered = this.answered.get(tenant);
    if (answered === undefined) this.answered.set(tenant, [call]);
    else if (answered.length < 10 * FORGET_AT_ONCE) answered.push(call);
  }

  /**
   * Fixes a group's offsets to a tenant: the state and the offsets of a commit lie in one slot of a cluster, so a group can't span tenants.
   * @throws UNSILO_STATE_GROUP_ELSEWHERE
   */
  private async settle(group: string, tenant: string): Promise<void> {
    const home = this.homes.get(group) ?? (await this.homeOf(group));
    if (home === undefined) this.homes.set(group, tenant);
    else if (home !== tenant) throw elsewhere(group);
  }

  private async homeOf(group: string): Promise<string | undefined> {
    const known = this.homes.get(group);
    if (known !== undefined) return known;
    const [found, another] = await findKeys(this.connection, this.names, `offsets:${group}`, false);
    if (another !== undefined) throw elsewhere(group);
    if (found !== undefined) this.homes.set(group, found.tenant);
    return found?.tenant;
  }

  private note(tenant: string, entries: readonly (Entry | undefined)[]): void {
    let highest = 0;
    for (const entry of entries) if (entry !== undefined && entry.revision > highest) highest = entry.revision;
    this.raise(tenant, highest);
  }

  private raise(tenant: string, revision: number): void {
    if (revision > (this.seen.get(tenant) ?? 0)) this.seen.set(tenant, revision);
    if (revision > (this.highest.get(tenant) ?? 0)) this.highest.set(tenant, revision);
  }

  /** After a connection was made: Redis may have been started again from something older. */
  private lookBack(): void {
    for (const [tenant, seen] of this.seen) {
      this.connection
        .ask(async (client) => client.hget(this.names.meta(tenant), 'last'))
        .then((last) => {
          if (Number(last ?? 0) < seen) this.wentBack(tenant, Number(last ?? 0), seen);
        })
        // The next commit finds out as well.
        .catch(() => undefined);
      this.relay.wake(tenant);
    }
  }

  /** The offsets went back together with the state: whoever reads on from them makes good what was lost. */
  private wentBack(tenant: string, last: number, seen: number): void {
    if (this.seen.get(tenant) !== seen) return;
    this.seen.set(tenant, last);
    const now = last === 0 ? 'knows nothing of the tenant any more' : `stands at ${timeOf(last)} again`;
    this.settings.onEvent({
      code: 'UNSILO_STATE_WENT_BACK',
      message:
        `Redis has lost commits: it stood at ${timeOf(seen)} and ${now}. Offsets went back with the state; ` +
        'read the log on from them.',
      tenant,
    });
  }

  private refuseClosed(): void {
    if (this.closing !== undefined) throw closed();
  }
}

function readEntry(stored: string): Entry {
  return { value: stored.slice(VALUE_AT), revision: Number(stored.slice(0, REVISION_DIGITS)) };
}

/** Revisions are microseconds. */
function timeOf(revision: number): string {
  return new Date(revision / 1000).toISOString();
}

function elsewhere(group: string): StorageError {
  return new StorageError(
    'UNSILO_STATE_GROUP_ELSEWHERE',
    `The offsets of the group ${group} are kept with another tenant.`,
    {
      hint: 'Give each tenant a group of its own.',
    },
  );
}
