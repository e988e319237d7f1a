import type { Command, CreateCommand, Outcome, Party, UpdateCommand, Version } from '@unsilo/schemas';
import type { Clock } from './clock.js';
import type { Fact } from './messages.js';
import { randomFor } from './random.js';
import { START, type NetworkSpec, type Path } from './scenario.js';
import { contentOf, elementText, isList, partyState, type State } from './state.js';
import type { Entry, Patch, RealRecord, SimulatedSystem, WriteAnswer } from './system.js';

export interface Surroundings {
  seed: number;
  clock: Clock;
  network: NetworkSpec;
  /** Hands a fact to the hub, now. */
  deliver: (fact: Fact) => void;
  /** Who a new record is about. */
  personOf: (ref: string) => string;
  note: (line: () => string) => void;
}

type Result = Omit<Outcome, 'command' | 'system' | 'reportedAt'>;

/** Reads, listens to and writes one simulated system, with a network that delays, loses and repeats. */
export class SimulatedConnector {
  readonly system: SimulatedSystem;
  /** Which real state each version that was shown stands for: the truth behind `ref@major.minor`. */
  readonly shown = new Map<string, number>();
  private readonly around: Surroundings;
  /** Looks at each record: the counter of coarse versions. */
  private readonly reads = new Map<string, number>();
  private readonly tries = new Map<string, number>();
  /** The state of each record that the last poll saw. */
  private readonly polledAt = new Map<string, number>();
  private pollBooked = false;
  private nightBooked = false;
  private downUntil = -Infinity;
  /** The keys of the records that it knows to have made: a search for another one passes them over. */
  private readonly made = new Map<string, string>();
  /** A command that was cut off is carried out to its end before the next one of its record: until then they wait. */
  private readonly redelivered = new Map<string, number>();

  constructor(system: SimulatedSystem, around: Surroundings) {
    this.system = system;
    this.around = around;
    system.onChange = (record, entry) => this.changed(record, entry);
  }

  goDown(until: number): void {
    this.downUntil = Math.max(this.downUntil, until);
  }

  /** Reads everything once; creating may begin after it. */
  snapshot(): void {
    const { clock, seed } = this.around;
    let last = 0;
    for (const record of this.system.records.values()) {
      const delay = randomFor(seed, 'snapshot', record.ref).between(0, 20_000);
      last = Math.max(last, delay);
      this.bookPoll();
      clock.after(delay, () => this.report(record));
    }
    clock.after(last + 1, () => {
      this.around.deliver({ type: 'snapshot', system: this.system.spec.name });
    });
  }

  private changed(record: RealRecord, entry: Entry): void {
    const { network, clock, seed } = this.around;
    const { spec } = this.system;
    this.around.note(() => `${record.ref} seq ${entry.seq} by ${describeAuthor(entry)}: ${describeState(entry.state)}`);
    this.bookPoll();
    if (entry.state && this.system.needsNightly(entry.state)) this.bookNight();
    if (!spec.webhooks) return;
    const random = randomFor(seed, 'webhook', record.ref, entry.seq);
    if (random.chance(network.dropWebhook)) return;
    // Where versions are coarse a webhook is only a hint to read.
    if (spec.versions === 'second')
      clock.after(random.between(...network.eventDelay), () => {
        if (!this.down()) this.send(record, this.read(record));
      });
    else this.send(record, this.party(record, entry));
  }

  private bookPoll(): void {
    if (this.pollBooked) return;
    this.pollBooked = true;
    const { clock } = this.around;
    const { pollEvery } = this.system.spec;
    const next = START + (Math.floor((clock.now - START) / pollEvery) + 1) * pollEvery;
    clock.at(Math.max(next, this.downUntil + 1), () => {
      this.pollBooked = false;
      if (this.down()) return this.bookPoll();
      for (const record of this.system.records.values()) {
        const seq = record.history.length;
        // The overlap of the polling window shows some states twice.
        const again = randomFor(this.around.seed, 'overlap', record.ref, clock.now).chance(0.1);
        if (this.polledAt.get(record.ref) === seq && !again) continue;
        this.polledAt.set(record.ref, seq);
        this.send(record, this.read(record));
      }
    });
  }

  private bookNight(): void {
    if (this.nightBooked) return;
    this.nightBooked = true;
    const { clock } = this.around;
    const { nightlyEvery } = this.system.spec;
    clock.at(START + (Math.floor((clock.now - START) / nightlyEvery) + 1) * nightlyEvery, () => {
      this.nightBooked = false;
      this.system.nightly(clock.now);
    });
  }

  private down(): boolean {
    return this.around.clock.now < this.downUntil;
  }

  private read(record: RealRecord): Party {
    return this.party(record, record.history.at(-1) as Entry);
  }

  private report(record: RealRecord): void {
    this.around.deliver(this.seen(record, this.read(record)));
  }

  private party(record: RealRecord, entry: Entry): Party {
    const { clock } = this.around;
    const header = {
      ref: record.ref,
      version: this.versionOf(record, entry),
      changedAt: this.shownTime(entry.time),
      observedAt: iso(clock.now),
      ...(this.system.spec.tellsCreation ? { createdAt: this.shownTime(record.createdAt) } : {}),
    };
    return entry.state ? { ...header, state: partyState(entry.state) } : { ...header, deleted: true };
  }

  /** Names what is shown; where versions are coarse, every look gets a number of its own. */
  private versionOf(record: RealRecord, entry: Entry): Version {
    let version: Version;
    if (this.system.spec.versions === 'number') version = { major: entry.seq, minor: 0 };
    else {
      const count = (this.reads.get(record.ref) ?? 0) + 1;
      this.reads.set(record.ref, count);
      version = { major: this.second(entry), minor: count };
    }
    this.shown.set(`${record.ref}@${version.major}.${version.minor}`, entry.seq);
    return version;
  }

  private second(entry: Entry): number {
    return Math.floor((entry.time + this.system.spec.clockAhead) / 1000);
  }

  private shownTime(time: number): string {
    const { clockError, versions } = this.system.spec;
    const shown = time + clockError;
    return iso(versions === 'second' ? Math.floor(shown / 1000) * 1000 : shown);
  }

  private send(record: RealRecord, party: Party): void {
    this.pass(this.seen(record, party), `${party.ref}@${party.version.major}.${party.version.minor}`);
  }

  private seen(record: RealRecord, party: Party): Fact {
    const { key } = record;
    return this.system.spec.creates === 'external-key' && key !== undefined
      ? { type: 'party', party, key }
      : { type: 'party', party };
  }

  /** Through the network: delayed, sometimes much, sometimes twice. */
  private pass(fact: Fact, name: string): void {
    const { clock, network, seed, deliver } = this.around;
    const random = randomFor(seed, 'message', name);
    const delay = (): number =>
      random.between(...network.eventDelay) + (random.chance(network.late) ? random.between(0, network.lateBy) : 0);
    clock.after(delay(), () => deliver(fact));
    if (random.chance(network.repeat)) clock.after(delay() + delay(), () => deliver(fact));
  }

  execute(command: Command): void {
    const { clock, network, seed } = this.around;
    if (clock.now > Date.parse(command.deadline)) return this.answer(command, { status: 'not-applied' });
    const turn = Math.max(this.down() ? this.downUntil + 1 : 0, this.redelivered.get(about(command)) ?? 0);
    if (clock.now < turn) return clock.at(turn, () => this.execute(command));
    if (command.action !== 'update' && command.action !== 'create' && command.action !== 'delete') return;
    const tries = (this.tries.get(about(command)) ?? 0) + 1;
    this.tries.set(about(command), tries);
    const random = randomFor(seed, 'fate', about(command), tries);
    const started = clock.now;
    const { longestRequest } = this.system.spec;
    const fate = random.float();
    const way = Math.floor(random.between(...network.answerDelay) / 2);
    // Where there is no key, a search goes ahead of each try; what comes between the two isn't seen.
    const found = command.action === 'create' && this.system.spec.creates === 'search' ? this.find(command) : undefined;
    const pre = command.action === 'create' ? undefined : this.beforehand(command.ref, command.base);
    const { answerLost, writeLost, landsLate } = network;
    if (fate >= answerLost + writeLost + landsLate) {
      const back = Math.floor(random.between(...network.answerDelay) / 2);
      // A connector that crashed before it could say so finds out later, and there are two outcomes.
      if (random.chance(network.repeat / 2)) {
        this.redelivered.set(about(command), started + longestRequest + 1);
        clock.at(started + longestRequest + 1, () => this.settle(command, pre));
      }
      clock.after(way, () => {
        const landed = this.land(command, found);
        if (landed.status === 'made' && command.action === 'create')
          this.made.set(landed.record.ref, command.externalKey);
        // What the write itself answers is as of its landing; a read-back comes later, when others may have been there.
        if (this.system.spec.answers === 'read-back')
          return clock.after(back * 2, () => this.answer(command, this.result(command, landed, pre)));
        const result = this.result(command, landed, pre);
        clock.after(back, () => this.answer(command, result));
      });
      return;
    }
    if (fate < answerLost) clock.after(way, () => this.land(command, found));
    else if (fate < answerLost + landsLate)
      clock.after(random.between(Math.floor(longestRequest / 3), longestRequest - 1), () => this.land(command, found));
    if (random.chance(0.7))
      clock.after(Math.floor(longestRequest / 3), () => this.answer(command, { status: 'uncertain' }));
    clock.at(started + longestRequest + 1, () => this.settle(command, pre));
  }

  /** Without conditional writes the connector looks just before, to know what it may call its own afterwards. */
  private beforehand(ref: string, base: Version): Version {
    const { spec, records } = this.system;
    if (spec.conditional || spec.answers !== 'read-back') return base;
    const record = records.get(ref.slice(ref.lastIndexOf('/') + 1));
    return record ? this.versionOf(record, record.history.at(-1) as Entry) : base;
  }

  private land(command: Command, searched: RealRecord | undefined): Landed {
    const { clock, personOf } = this.around;
    if (command.action === 'create') {
      const found = this.system.spec.creates === 'search' ? searched : this.find(command);
      if (found) return { status: 'found', record: found };
      const made = this.system.create(
        values(command),
        command.externalKey,
        command.id,
        personOf(command.createdFor),
        clock.now,
      );
      return 'field' in made ? { status: 'rejected', field: made.field } : { status: 'made', record: made };
    }
    if (command.action !== 'update' && command.action !== 'delete') return { status: 'missing' };
    const id = command.ref.slice(command.ref.lastIndexOf('/') + 1);
    const expected = this.expected(command.ref, command.base);
    if (expected === 'moved on') return { status: 'conflict' };
    if (command.action === 'update') return this.system.write(id, values(command), command.id, clock.now, expected);
    if (expected !== undefined && this.system.current(id)?.seq !== expected) return { status: 'conflict' };
    const before = this.system.current(id);
    const after = this.system.remove(id, { by: 'hub', command: command.id }, clock.now);
    return before && after ? { status: 'applied', before, after } : { status: 'missing' };
  }

  private expected(ref: string, base: Version): number | undefined | 'moved on' {
    if (!this.system.spec.conditional) return undefined;
    const seq = this.shown.get(`${ref}@${base.major}.${base.minor}`);
    if (this.system.spec.versions === 'number' || seq === undefined) return seq;
    // Read, compare, write: what lies within one second of the clock is told apart by its content alone.
    const record = this.system.records.get(ref.slice(ref.lastIndexOf('/') + 1));
    const now = record?.history.at(-1);
    if (!record || !now) return 'moved on';
    const then = record.history[seq - 1];
    return then && this.isSame(then, now) ? undefined : 'moved on';
  }

  private find(command: CreateCommand): RealRecord | undefined {
    return this.findAll(command)[0];
  }

  private findAll(command: CreateCommand): RealRecord[] {
    const records = [...this.system.records.values()].filter((r) => r.history.at(-1)?.state);
    if (this.system.spec.creates === 'external-key') return records.filter((r) => r.key === command.externalKey);
    const emails = command.set['emails']?.value;
    const wanted = Array.isArray(emails) ? emails.map((e) => elementText(e)) : [];
    return records.filter((r) => {
      const state = r.history.at(-1)?.state;
      const isOthers = (this.made.get(r.ref) ?? command.externalKey) !== command.externalKey;
      return !isOthers && state !== undefined && contentOf(state, 'emails').some((e) => e === wanted[0]);
    });
  }

  /** What an earlier try made has come since the command was given; where nobody tells when, the last one has to do. */
  private findMade(command: CreateCommand): RealRecord | undefined {
    const { tellsCreation } = this.system.spec;
    const found = this.findAll(command);
    return found.findLast((r) => !tellsCreation || !this.isOlder(r, command)) ?? found[0];
  }

  private isOlder({ createdAt }: RealRecord, command: Command): boolean {
    return createdAt < Date.parse(command.issuedAt);
  }

  private result(command: Command, landed: Landed, pre: Version | undefined): Result {
    if (landed.status === 'found' || landed.status === 'made') {
      const entry = landed.record.history.at(-1) as Entry;
      const exact = landed.status === 'made' && this.system.spec.answers !== 'read-back';
      const state = (exact ? landed.record.history[0]?.state : entry.state) ?? entry.state;
      if (!state) return { status: 'not-applied' };
      const shown = exact ? (landed.record.history[0] as Entry) : entry;
      const version = this.versionOf(landed.record, shown);
      // Whoever made it before we asked for it, it wasn't us.
      const foreign = this.system.spec.tellsCreation && this.isOlder(landed.record, command);
      return {
        status: 'applied',
        ref: landed.record.ref,
        version,
        changedAt: this.shownTime(shown.time),
        left: partyState(state),
        exact,
        ...(foreign ? { pre: version } : {}),
      };
    }
    if (landed.status !== 'applied' || (command.action !== 'update' && command.action !== 'delete'))
      return landed.status === 'conflict' || landed.status === 'missing'
        ? { status: 'conflict' }
        : {
            status: 'rejected',
            error: { code: 'REFUSED', message: 'refused', field: (landed as { field: string }).field },
          };
    const record = this.system.records.get(command.ref.slice(command.ref.lastIndexOf('/') + 1)) as RealRecord;
    if (this.system.spec.answers === 'read-back') return this.readBack(command, record, pre);
    const { before, after } = landed;
    const byNumber = this.system.spec.versions === 'number';
    const result: Result = {
      status: 'applied',
      ref: record.ref,
      version: this.versionOf(record, after),
      changedAt: this.shownTime(after.time),
      exact: true,
    };
    // Only a version that is known to be the one before may be called so.
    if (byNumber) result.pre = { major: before.seq, minor: 0 };
    else if (this.system.spec.conditional) result.pre = command.base;
    if (after.state) result.left = partyState(after.state);
    if (this.system.spec.answers === 'before' && before.state) result.before = partyState(before.state);
    return result;
  }

  private readBack(
    command: UpdateCommand | { action: 'delete'; ref: string },
    record: RealRecord,
    pre: Version | undefined,
  ): Result {
    const now = record.history.at(-1) as Entry;
    const result: Result = {
      status: 'applied',
      ref: command.ref,
      version: this.versionOf(record, now),
      changedAt: this.shownTime(now.time),
      exact: false,
    };
    if (pre) result.pre = pre;
    if (now.state) result.left = partyState(now.state);
    return result;
  }

  /** What became of a write that nobody heard of again: found out by reading, after the longest time it may take. */
  private settle(command: Command, pre: Version | undefined): void {
    const { clock } = this.around;
    if (this.down()) return clock.at(this.downUntil + 1, () => this.settle(command, pre));
    if (command.action === 'create') {
      const record = this.findMade(command);
      const result: Result = record
        ? this.result(command, { status: 'found', record }, undefined)
        : { status: 'not-applied' };
      return this.answer(command, result);
    }
    if (command.action !== 'update' && command.action !== 'delete') return;
    const record = this.system.records.get(command.ref.slice(command.ref.lastIndexOf('/') + 1)) as RealRecord;
    const now = record.history.at(-1) as Entry;
    const then =
      record.history[(this.shown.get(`${command.ref}@${command.base.major}.${command.base.minor}`) ?? 1) - 1];
    const still =
      then === now || (then !== undefined && this.system.spec.versions === 'second' && this.isSame(then, now));
    const done = command.action === 'delete' ? !now.state : !still && tookEffect(command, then?.state, now.state);
    if (done) return this.answer(command, this.readBack(command, record, pre));
    if (still) return this.answer(command, { status: 'not-applied' });
    // Who moved it on may have done so before the write or after it.
    const { left: _, changedAt: __, ...seen } = this.readBack(command, record, pre);
    this.answer(command, { ...seen, status: 'conflict' });
  }

  /** As far as a system can tell whose versions are seconds. */
  private isSame(then: Entry, now: Entry): boolean {
    return this.second(then) === this.second(now) && JSON.stringify(then.state) === JSON.stringify(now.state);
  }

  private answer(command: Command, result: Result): void {
    const reportedAt = iso(this.around.clock.now);
    const outcome: Outcome = { command: command.id, system: command.system, reportedAt, ...result };
    this.pass(
      { type: 'outcome', outcome },
      `${about(command)}#${this.tries.get(about(command)) ?? 0}:${result.status}`,
    );
  }
}

type Landed = WriteAnswer | { status: 'found'; record: RealRecord } | { status: 'made'; record: RealRecord };

function about(command: Command): string {
  if (command.action === 'create') return `${command.system}+${command.createdFor}`;
  return command.action === 'update' || command.action === 'delete' ? command.ref : command.id;
}

function values(command: UpdateCommand | CreateCommand): Patch {
  return Object.fromEntries(Object.entries(command.set).map(([path, { value }]) => [path, value]));
}

/** Some attribute, or element of one, is now what was sent, or what a system may have made of it, and was not before. */
function tookEffect(command: UpdateCommand, then: State | undefined, now: State | undefined): boolean {
  if (!now) return false;
  return Object.entries(command.set).some(([path, { value }]) => {
    const stands = contentOf(now, path as Path);
    const stood = then ? contentOf(then, path as Path) : [];
    if (!isList(path)) {
      const sent = value === null ? [] : [String(value)];
      return sent.length === stands.length && stands.every((text, i) => alike(text, sent[i] as string));
    }
    const sent = (Array.isArray(value) ? value : []).map((e) => elementText(e));
    const came = stands.filter((text) => !stood.includes(text));
    const went = stood.filter((text) => !stands.includes(text));
    return came.some((text) => sent.some((s) => alike(text, s))) || went.some((text) => !sent.includes(text));
  });
}

function alike(stands: string, sent: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
  return plain(sent).startsWith(plain(stands));
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function describeAuthor(entry: Entry): string {
  return entry.author.by === 'hub' ? `hub (${entry.author.command})` : entry.author.by;
}

function describeState(state: State | undefined): string {
  if (!state) return 'deleted';
  return JSON.stringify({
    ...state.scalars,
    ...(state.emails.length > 0 ? { emails: contentOf(state, 'emails') } : {}),
    ...(state.phones.length > 0 ? { phones: contentOf(state, 'phones') } : {}),
    ...(state.consents.length > 0 ? { consents: contentOf(state, 'consents') } : {}),
  });
}
