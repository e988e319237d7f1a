import type { Command, KindProfile, SystemProfile } from '@unsilo/schemas';
import { canonicalValue } from './attributes.js';
import { answersOf, type Answer } from './compaction.js';
import { isPossibleCopy } from './creation.js';
import { isOpen, type RecordFacts } from './facts.js';
import { mayWrite, systemPolicy, writePolicy, type Policy } from './policy.js';
import {
  differences,
  hasValue,
  projectNew,
  type Difference,
  type ExceptionReason,
  type ProjectionContext,
} from './projection.js';
import { kindOf, systemOf } from './ref.js';
import { rules as allRules } from './rules.js';
import type { Golden } from './survivorship.js';
import type { Evaluation } from './testimony.js';
import { compareVersions, versionKey } from './version.js';

export interface Member {
  facts: RecordFacts;
  evaluation: Evaluation;
}

export interface PlanContext extends ProjectionContext {
  tenant: string;
  profiles: (system: string) => SystemProfile | undefined;
  /** Systems that may be written, by name: those with a profile and a policy. */
  systems: readonly string[];
  /** Every system's first snapshot is complete: creating may begin (SYNC section 6.1). */
  snapshotsComplete: boolean;
  /** Keyed one-way hash of a text, fit for ids. */
  digest: (text: string) => string;
}

/** How one record stands against its customer's projection. */
export interface RecordPlan {
  ref: string;
  differences: Difference[];
  /** The whole record waits or is left alone, and why. */
  reason?: ExceptionReason;
}

export interface Plan {
  commands: Command[];
  records: RecordPlan[];
}

/**
 * Plans what every writable system needs so that it equals the projection of one customer (SYNC sections 5 and 6).
 * Level-triggered: from the state, never from one event.
 * @param erased Systems in which the customer had a record that was erased: of that nothing but this is left.
 */
export function plan(
  customer: string,
  members: readonly Member[],
  golden: Golden,
  context: PlanContext,
  erased: ReadonlySet<string> = new Set(),
): Plan {
  const switches = context.switches ?? allRules;
  const ordered = [...members].sort(byCreation);
  const commands: Command[] = [];
  const records: RecordPlan[] = [];
  const deleting = ordered.some(
    ({ evaluation, facts }) =>
      evaluation.deleted &&
      !evaluation.deletedByHub &&
      systemPolicy(context.policy, systemOf(facts.ref)).deletes === 'propagate',
  );
  for (const member of ordered) {
    const { ref } = member.facts;
    const profile = kindProfile(context, ref);
    const write = writePolicy(context.policy, systemOf(ref), kindOf(ref));
    if (!profile || member.evaluation.version === undefined) continue;
    if (deleting && !member.evaluation.deleted) {
      const command = deletion(customer, member, profile, context);
      if (command) commands.push(command);
      continue;
    }
    const answers = answersOf(member.facts, context.normaliser);
    const reason = wholeRecordReason(member, ordered, answers, context);
    const found = differences(member.evaluation, golden, answers, profile, write, context);
    const entry: RecordPlan = { ref, differences: found };
    if (reason) entry.reason = reason;
    if (found.length > 0) records.push(entry);
    if (reason && (switches.oneOpenCommand || reason !== 'pending')) continue;
    const command = update(customer, member, found, answers, context);
    if (command) commands.push(command);
  }
  if (!deleting) commands.push(...creations(customer, ordered, golden, context, erased));
  return { commands, records };
}

/** First made in its system first; the first one names the customer and speaks for it. */
export function byCreation(a: Member, b: Member): number {
  return (
    a.evaluation.createdAt - b.evaluation.createdAt ||
    (a.facts.ref < b.facts.ref ? -1 : Number(a.facts.ref > b.facts.ref))
  );
}

function kindProfile(context: PlanContext, ref: string): KindProfile | undefined {
  const kind = kindOf(ref);
  return context.profiles(systemOf(ref))?.kinds.find((k) => k.kind === kind);
}

function wholeRecordReason(
  member: Member,
  ordered: readonly Member[],
  answers: readonly Answer[],
  context: PlanContext,
): ExceptionReason | undefined {
  const { facts, evaluation } = member;
  if (evaluation.deleted) return 'deleted';
  const open = facts.commands.find(isOpen);
  if (open) return open.outcome ? 'uncertain' : 'pending';
  if ((context.switches ?? allRules).holdBehindOpenCommand && isPossibleCopy(member, ordered)) return 'pending';
  const system = systemOf(facts.ref);
  if (systemPolicy(context.policy, system).duplicates === 'write-first') {
    const first = ordered.find((m) => systemOf(m.facts.ref) === system && !m.evaluation.deleted);
    if (first && first !== member) return 'duplicate';
  }
  if ((context.switches ?? allRules).waitAfterConflict && waitsAfterConflict(answers, evaluation)) return 'conflict';
  return undefined;
}

function waitsAfterConflict(answers: readonly Answer[], { version }: Evaluation): boolean {
  return answers.some((a) => a.status === 'conflict' && version !== undefined && compareVersions(a.base, version) >= 0);
}

function update(
  customer: string,
  member: Member,
  found: readonly Difference[],
  answers: readonly Answer[],
  context: PlanContext,
): Command | undefined {
  const wanted = found.filter((d) => d.reason === undefined);
  // Fields that were part of a rejected command go alone, one after the other, so that one bad field doesn't hold the good ones.
  const sound = wanted.filter((d) => !d.suspect);
  const chosen = sound.length > 0 ? sound : wanted.slice(0, 1);
  const base = member.evaluation.version;
  if (chosen.length === 0 || base === undefined) return undefined;
  const { ref } = member.facts;
  const set = Object.fromEntries(
    chosen.map((d) => [
      d.attribute,
      d.from === undefined ? { value: d.wanted, asOf: d.asOf } : { value: d.wanted, asOf: d.asOf, from: d.from },
    ]),
  );
  const content = chosen
    .map((d) => `${d.attribute}=${canonicalValue(d.attribute, d.wanted, context.normaliser)}`)
    .join('\u001e');
  const attempt =
    answers.reduce((most, a) => (compareVersions(a.base, base) === 0 ? Math.max(most, a.attempt) : most), 0) + 1;
  return {
    ...header(customer, systemOf(ref), ['update', ref, versionKey(base), content, String(attempt)], attempt, context),
    action: 'update',
    ref,
    base,
    set,
  };
}

function deletion(customer: string, member: Member, profile: KindProfile, context: PlanContext): Command | undefined {
  const { facts, evaluation } = member;
  const base = evaluation.version;
  const system = systemOf(facts.ref);
  if (
    base === undefined ||
    !profile.delete ||
    !mayWriteAnything(context.policy, facts.ref) ||
    facts.commands.some(isOpen)
  )
    return undefined;
  const tries = facts.commands.filter(
    (k) => k.command.action === 'delete' && compareVersions(k.command.base, base) === 0,
  );
  if (
    tries.some(
      (k) => k.outcome?.status === 'rejected' || k.outcome?.status === 'applied' || k.outcome?.status === 'conflict',
    )
  )
    return undefined;
  if (tries.length >= context.policy.quarantine.sends) return undefined;
  const attempt = tries.length + 1;
  return {
    ...header(customer, system, ['delete', facts.ref, versionKey(base), String(attempt)], attempt, context),
    action: 'delete',
    ref: facts.ref,
    base,
  };
}

function mayWriteAnything(policy: Policy, ref: string): boolean {
  const write = writePolicy(policy, systemOf(ref), kindOf(ref));
  return write !== undefined && write.fields.length > 0;
}

function creations(
  customer: string,
  ordered: readonly Member[],
  golden: Golden,
  context: PlanContext,
  erased: ReadonlySet<string>,
): Command[] {
  const switches = context.switches ?? allRules;
  const anchor = ordered.find((m) => !m.evaluation.deleted && m.evaluation.version !== undefined);
  if (!context.snapshotsComplete || !anchor) return [];
  const commands: Command[] = [];
  for (const system of context.systems) {
    if (
      switches.neverRecreate
        ? erased.has(system) || ordered.some((m) => systemOf(m.facts.ref) === system)
        : ordered.some((m) => systemOf(m.facts.ref) === system && !m.evaluation.deleted)
    )
      continue;
    const earlier = ordered.flatMap((m) => m.facts.creates.filter((k) => k.command.system === system));
    if (switches.createOnce && earlier.some((k) => isOpen(k) || k.outcome?.status === 'applied')) continue;
    const command = creation(customer, system, anchor, earlier, golden, context);
    if (command) commands.push(command);
  }
  return commands;
}

function creation(
  customer: string,
  system: string,
  anchor: Member,
  earlier: readonly RecordFacts['creates'][number][],
  golden: Golden,
  context: PlanContext,
): Command | undefined {
  const profile = context.profiles(system)?.kinds.find((k) => {
    const write = writePolicy(context.policy, system, k.kind);
    return k.party === golden.kind && (k.create === 'external-key' || k.create === 'search') && write?.create === true;
  });
  const write = profile && writePolicy(context.policy, system, profile.kind);
  if (!profile || !write) return undefined;
  const carries = (attribute: string): boolean =>
    hasValue(golden, attribute) && mayWrite(write, attribute) && profile.attributes[attribute]?.writable === true;
  if (!write.createRequires.every(carries)) return undefined;
  const set = projectNew(golden, profile, write, context);
  if (Object.keys(set).length === 0) return undefined;
  const content = creationContent(set, context);
  const sentBefore = earlier.filter(
    (k) => k.command.action === 'create' && creationContent(k.command.set, context) === content,
  );
  if (sentBefore.some((k) => k.outcome?.status === 'rejected')) return undefined;
  if (sentBefore.length >= context.policy.quarantine.sends) return undefined;
  const createdFor = anchor.facts.ref;
  const attempt = earlier.length + 1;
  return {
    ...header(customer, system, ['create', createdFor, profile.kind, content, String(attempt)], attempt, context),
    action: 'create',
    kind: profile.kind,
    externalKey: context.digest(`${context.tenant}\u001f${system}\u001f${createdFor}`),
    createdFor,
    set,
  };
}

function creationContent(
  set: Record<string, { value: Parameters<typeof canonicalValue>[1] }>,
  context: PlanContext,
): string {
  return Object.entries(set)
    .map(([attribute, { value }]) => `${attribute}=${canonicalValue(attribute, value, context.normaliser)}`)
    .sort()
    .join('\u001e');
}

/** What every planned command has; its id names ref, base, content and attempt (SYNC section 5.7). */
function header(
  customer: string,
  system: string,
  content: string[],
  attempt: number,
  context: PlanContext,
): Omit<Command, 'action'> {
  return {
    id: context.digest([context.tenant, system, ...content].join('\u001f')),
    system,
    cause: { kind: 'plan', customer },
    issuedAt: new Date(context.now).toISOString(),
    deadline: new Date(context.now + context.policy.commandDeadlineMs).toISOString(),
    attempt,
  };
}
