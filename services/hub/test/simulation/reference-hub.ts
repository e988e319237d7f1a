import type { Command, Outcome, SystemProfile } from '@unsilo/schemas';
import {
  addCommand,
  addObservation,
  addOutcome,
  bindCreated,
  compact,
  createNormaliser,
  emptyRecord,
  erase,
  byCreation,
  madeFor,
  evaluate,
  merge,
  nextHorizon,
  plan,
  statingMembers,
  systemOf,
  kindOf,
  type Evaluation,
  type Golden,
  type Member,
  type Policy,
  type RecordFacts,
  type RecordPlan,
  type RuleSwitches,
} from '../../src/domain.js';
import { belongsBelow, moveCheckpoint, wholeRecord, type HistoryChunk } from '../../src/domain/checkpoint.js';
import { customerId, keepsOf, mergeCustomer } from '../../src/domain/customer.js';
import { addDecision, pairDecisions, type OrderedDecision } from '../../src/domain/decisions.js';
import { clusterComponent, type LocalEdge } from '../../src/domain/linkage/clustering.js';
import type { Fact } from './messages.js';

export const normaliser = createNormaliser('DE');

/** All that the hub is told besides the facts. */
export interface HubSetting {
  policy: Policy;
  profiles: ReadonlyMap<string, SystemProfile>;
  switches: RuleSwitches;
  /** Matching as good as the truth: who a record is about, and which one it is a copy of. */
  whoIs: (ref: string) => { person: string; twin?: string };
  /** Summarise what is old, as the policy says. */
  compacts: boolean;
  /** Keep what was learnt lately apart from the past, as the hub does. */
  checkpoints?: boolean;
}

export interface Merged {
  id: string;
  golden: Golden;
  members: Member[];
}

/** The domain's functions over the whole set of facts, with none of the hub's stores and indexes around them. */
export class ReferenceHub {
  readonly records = new Map<string, RecordFacts>();
  readonly commands = new Map<string, Command>();
  /** What lies below the checkpoints of the records that have one. */
  readonly past = new Map<string, HistoryChunk[]>();
  readonly setting: HubSetting;
  private decisions: OrderedDecision[] = [];
  /** All outcomes of each command, its own being known or not. */
  private readonly outcomes = new Map<string, Outcome[]>();
  private readonly madeWith = new Map<string, Command>();
  private readonly carrying = new Map<string, string[]>();
  private readonly snapshots = new Set<string>();
  private readonly evaluations = new WeakMap<RecordFacts, Evaluation>();
  /** What was found to be settled, by members: planning it again would find the same. */
  private readonly settled = new Map<string, { facts: RecordFacts[]; decisions: number; records: RecordPlan[] }>();

  constructor(setting: HubSetting) {
    this.setting = setting;
  }

  receive(facts: readonly Fact[]): void {
    const touched = new Set<string>();
    for (const fact of facts) this.take(fact, touched);
    if (this.setting.compacts) for (const ref of touched) this.compact(ref);
    if (this.setting.checkpoints) for (const ref of touched) this.moveCheckpoint(ref);
  }

  private moveCheckpoint(ref: string): void {
    const past = this.past.get(ref) ?? [];
    const record = this.records.get(ref);
    const moved = record && moveCheckpoint(record, past.length === 0, this.contextOf(ref));
    if (!moved) return;
    this.records.set(ref, moved.record);
    this.past.set(ref, [...past, moved.chunk]);
  }

  private makeWhole(ref: string): void {
    const [record, past] = [this.records.get(ref), this.past.get(ref)];
    if (!record || !past) return;
    this.records.set(ref, wholeRecord(record, past));
    this.past.delete(ref);
  }

  private take(fact: Fact, touched: Set<string>): void {
    switch (fact.type) {
      case 'party':
        this.update(
          fact.party.ref,
          touched,
          (r) => addObservation(r, fact.party),
          (r) => belongsBelow.observation(r, fact.party),
        );
        if (fact.key !== undefined) this.carries(fact.party.ref, fact.key, touched);
        return;
      case 'command':
        return this.takeCommand(fact.command, touched);
      case 'outcome': {
        const { outcome } = fact;
        const others = this.outcomes.get(outcome.command) ?? [];
        this.outcomes.set(outcome.command, [...others, outcome]);
        const command = this.commands.get(outcome.command);
        if (command) this.takeOutcome(command, outcome, touched);
        return;
      }
      case 'decision': {
        const { decision } = fact;
        const seq = Date.parse(decision.decidedAt);
        this.decisions = addDecision(this.decisions, { seq, decision });
        if (decision.kind === 'erase') for (const ref of decision.refs) this.update(ref, touched, (r) => erase(r, seq));
        return;
      }
      case 'snapshot':
        this.snapshots.add(fact.system);
    }
  }

  private takeCommand(command: Command, touched: Set<string>): void {
    if (this.commands.has(command.id)) return;
    this.commands.set(command.id, command);
    if (command.action === 'update' || command.action === 'delete')
      this.update(
        command.ref,
        touched,
        (r) => addCommand(r, command),
        (r) => belongsBelow.command(r, command),
      );
    else if (command.action === 'create') {
      this.update(command.createdFor, touched, (r) => addCommand(r, command), never);
      const key = `${command.system}|${command.externalKey}`;
      const known = this.madeWith.get(key);
      if (!known || command.id < known.id) this.madeWith.set(key, command);
      for (const ref of this.carrying.get(key) ?? []) this.bind(ref, command, touched);
    }
    for (const outcome of this.outcomes.get(command.id) ?? []) this.takeOutcome(command, outcome, touched);
  }

  private takeOutcome(command: Command, outcome: Outcome, touched: Set<string>): void {
    if (command.action === 'update' || command.action === 'delete')
      this.update(
        command.ref,
        touched,
        (r) => addOutcome(r, outcome, 'commands'),
        (r) => belongsBelow.outcome(r, outcome),
      );
    else if (command.action === 'create') {
      this.update(command.createdFor, touched, (r) => addOutcome(r, outcome, 'creates'), never);
      // Whatever its end, the records that were taken for its work wait for it.
      for (const ref of this.carrying.get(`${command.system}|${command.externalKey}`) ?? [])
        this.update(ref, touched, (r) => addOutcome(r, outcome, 'commands'));
      if (outcome.ref === undefined || outcome.status !== 'applied') return;
      this.bind(outcome.ref, command, touched);
      this.update(outcome.ref, touched, (r) => addOutcome(r, outcome, 'commands'));
    }
  }

  /** A record that carries a key of ours was made by us, whether the outcome is known or not. */
  private carries(ref: string, externalKey: string, touched: Set<string>): void {
    const key = `${systemOf(ref)}|${externalKey}`;
    const known = this.carrying.get(key) ?? [];
    if (!known.includes(ref)) this.carrying.set(key, [...known, ref]);
    for (const command of this.commands.values())
      if (command.action === 'create' && command.system === systemOf(ref) && command.externalKey === externalKey)
        this.bind(ref, command, touched);
  }

  private bind(ref: string, command: Command, touched: Set<string>): void {
    if (command.action !== 'create') return;
    this.update(ref, touched, (r) =>
      addCommand(bindCreated(r, { ref: command.createdFor, command: command.id }), command),
    );
    for (const outcome of this.outcomes.get(command.id) ?? [])
      this.update(ref, touched, (r) => addOutcome(r, outcome, 'commands'));
  }

  private update(
    ref: string,
    touched: Set<string>,
    change: (record: RecordFacts) => RecordFacts,
    needsPast: (record: RecordFacts) => boolean = () => true,
  ): void {
    const known = this.records.get(ref);
    if (known && this.past.has(ref) && needsPast(known)) this.makeWhole(ref);
    this.records.set(ref, change(this.records.get(ref) ?? emptyRecord(ref)));
    touched.add(ref);
  }

  private compact(ref: string): void {
    const record = this.records.get(ref);
    const horizon = record && nextHorizon(record, this.setting.policy.horizon);
    if (horizon) this.records.set(ref, compact(record, horizon, this.contextOf(ref)));
  }

  contextOf(ref: string): Parameters<typeof evaluate>[1] {
    const profile = this.setting.profiles.get(systemOf(ref))?.kinds.find((k) => k.kind === kindOf(ref));
    return { normaliser, profile, switches: this.setting.switches };
  }

  evaluationOf(ref: string): Evaluation | undefined {
    const record = this.records.get(ref);
    if (!record) return undefined;
    let evaluation = this.evaluations.get(record);
    if (!evaluation) this.evaluations.set(record, (evaluation = evaluate(record, this.contextOf(ref))));
    return evaluation;
  }

  clusters(): string[][] {
    const refs = [...this.records.keys()].filter((ref) => this.evaluationOf(ref)?.version !== undefined).sort();
    const placeOf = new Map(refs.map((ref, place) => [ref, place]));
    const edges: LocalEdge[] = [];
    const tie = (x: string | undefined, y: string, weight: number, authority?: 1 | 2): boolean => {
      const [a, b] = [placeOf.get(x ?? ''), placeOf.get(y)];
      if (a === undefined || b === undefined) return false;
      edges.push({ a: Math.min(a, b), b: Math.max(a, b), weight, ...(authority && { authority }) });
      return true;
    };
    const firstOf = new Map<string, string>();
    for (const ref of refs) {
      const facts = this.records.get(ref);
      tie(facts && madeFor(facts)?.ref, ref, 0, 1);
      const { person, twin } = this.setting.whoIs(ref);
      if (tie(twin, ref, 2)) continue;
      const first = firstOf.get(person);
      if (first === undefined) firstOf.set(person, ref);
      else tie(first, ref, 1);
    }
    const { links, cannotLink } = pairDecisions(this.decisions);
    for (const [a, b] of links) tie(a, b, 0, 2);
    const apart = new Set(cannotLink.map(([a, b]) => `${placeOf.get(a)}|${placeOf.get(b)}`));
    return clusterComponent(refs.length, edges, {
      weightOf: () => 1,
      isSilent: () => false,
      isApart: (a, b) => apart.has(`${a}|${b}`) || apart.has(`${b}|${a}`),
      isContradiction: undefined,
      guard: 0,
    }).map((places) => places.map((place) => refs[place] ?? ''));
  }

  customers(): Merged[] {
    return this.clusters().map((refs) => this.merge(refs));
  }

  private merge(refs: readonly string[]): Merged {
    const { policy, switches } = this.setting;
    const members = refs.map((ref) => this.member(ref)).sort(byCreation);
    const keeps = keepsOf(this.keeps(refs), normaliser);
    const golden = merge(statingMembers(members, switches), keeps, policy, switches);
    return { id: customerId('acme', members[0]?.facts.ref ?? '', digest), golden, members };
  }

  private member(ref: string): Member {
    const [facts, evaluation] = [this.records.get(ref), this.evaluationOf(ref)];
    if (!facts || !evaluation) throw new Error(`${ref} is unknown`);
    return { facts, evaluation };
  }

  private keeps(refs: readonly string[]): OrderedDecision[] {
    return this.decisions.filter(({ decision }) => decision.kind === 'keep' && refs.includes(decision.ref));
  }

  plan(now: number): { commands: Command[]; records: RecordPlan[] } {
    const commands: Command[] = [];
    const records: RecordPlan[] = [];
    const { policy, profiles, switches } = this.setting;
    const context = {
      policy,
      normaliser,
      now,
      switches,
      tenant: 'acme',
      profiles: (system: string) => profiles.get(system),
      systems: [...profiles.keys()],
      snapshotsComplete: this.snapshots.size === profiles.size,
      digest,
    };
    for (const refs of this.clusters()) {
      const key = refs.join(' ');
      const facts = refs.map((ref) => this.member(ref).facts);
      const known = this.settled.get(key);
      if (known?.decisions === this.decisions.length && known.facts.every((f, i) => f === facts[i])) {
        records.push(...known.records);
        continue;
      }
      const { id, members, golden } = this.merge(refs);
      const planned = plan(id, members, golden, context);
      const fresh = planned.commands.filter((c) => !this.commands.has(c.id));
      commands.push(...fresh);
      records.push(...planned.records);
      const waits = planned.records.some((r) => r.differences.some((d) => d.reason === 'quarantined'));
      if (fresh.length === 0 && !waits && context.snapshotsComplete)
        this.settled.set(key, { facts, decisions: this.decisions.length, records: planned.records });
    }
    return { commands, records };
  }

  /** Everything that must not depend on order or repeats, as one text. */
  fingerprint(): string {
    return JSON.stringify({
      records: [...this.records]
        .map(([ref, record]): [string, RecordFacts] => [ref, wholeRecord(record, this.past.get(ref) ?? [])])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      customers: this.customers().map(({ members }) => {
        const refs = members.map((m) => m.facts.ref);
        return mergeCustomer('acme', members, this.keeps(refs), this.setting.policy, normaliser, digest).customer;
      }),
    });
  }
}

function never(): boolean {
  return false;
}

/** The first thing that two hubs know differently. */
export function difference(a: ReferenceHub, b: ReferenceHub): string {
  for (const [ref, record] of a.records) {
    const other = b.records.get(ref);
    const [x, y] = [
      JSON.stringify(wholeRecord(record, a.past.get(ref) ?? [])),
      JSON.stringify(other && wholeRecord(other, b.past.get(ref) ?? [])),
    ];
    if (x !== y) return `${ref}: ${x} or ${y}`;
  }
  return `${a.fingerprint()} or ${b.fingerprint()}`;
}

/** Two 32-bit FNV hashes: enough for the ids of one run. */
export function digest(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code ^ (a >>> 7), 0x85ebca6b);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}
