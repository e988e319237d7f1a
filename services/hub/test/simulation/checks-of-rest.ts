import type { ExceptionReason, RecordPlan } from '../../src/domain.js';
import { flatten, type Golden, type Winner } from '../../src/domain.js';
import type { Judge } from './findings.js';
import { normaliser, type Merged } from './reference-hub.js';
import type { Path, RewriteSpec } from './scenario.js';
import { contentOf, elementText, isList, partyState, rewriteState, rewriteText, sameContent, EMPTY } from './state.js';
import type { RealRecord, SimulatedSystem } from './system.js';
import { systemNameOf } from './truth.js';
import type { World } from './world.js';

/** Properties 6, 7 and 17: what must hold whenever nothing is under way. */
export function checkRest(world: World, judge: Judge): void {
  shadowsEqualReality(world, judge);
  realityEqualsProjection(world, judge);
}

function shadowsEqualReality(world: World, judge: Judge): void {
  for (const record of world.allRecords()) {
    const facts = world.hub.records.get(record.ref);
    if (facts?.erasedAt !== undefined) continue;
    const evaluation = world.hub.evaluationOf(record.ref);
    const real = record.history.at(-1)?.state;
    const seen = evaluation?.version !== undefined;
    judge.hold(6, seen, () => `${record.ref} exists but the hub has never seen it`);
    if (!evaluation || !seen) continue;
    judge.hold(
      6,
      evaluation.deleted === (real === undefined),
      () => `${record.ref} is ${real ? 'there' : 'deleted'}, the shadow says otherwise`,
    );
    if (!real || evaluation.deleted) continue;
    const [is, shadow] = [flatten(partyState(real), normaliser), evaluation.shadow].map((flat) =>
      JSON.stringify({
        scalars: [...flat.scalars].sort(),
        lists: [...flat.lists].map(([name, elements]) => [name, [...elements.keys()].sort()]).sort(),
      }),
    );
    judge.hold(6, is === shadow, () => `${record.ref} is ${is}, its shadow ${shadow}`);
  }
}

function realityEqualsProjection(world: World, judge: Judge): void {
  const plans = new Map(world.hub.plan(world.clock.now).records.map((r) => [r.ref, r]));
  for (const customer of world.hub.customers()) {
    if (customer.members.some((m) => m.evaluation.deleted) && world.scenario.policy.deletes === 'propagate') continue;
    for (const { facts, evaluation } of customer.members) {
      const record = world.record(facts.ref);
      const system = world.systems.get(systemNameOf(facts.ref));
      if (!record || !system || evaluation.version === undefined || evaluation.deleted || facts.erasedAt !== undefined)
        continue;
      const refused = facts.commands.some((k) => k.outcome?.status === 'rejected');
      for (const path of system.spec.attributes) {
        if (path === 'name.full' && system.spec.derivesFullName) continue;
        const wrong = compare(world, customer, record, system, path, plans.get(facts.ref));
        judge.hold(refused ? 17 : 7, wrong === undefined, () => `${facts.ref} ${path}: ${wrong ?? ''}`);
      }
    }
  }
}

function compare(
  world: World,
  customer: Merged,
  record: RealRecord,
  system: SimulatedSystem,
  path: Path,
  plan: RecordPlan | undefined,
): string | undefined {
  const state = record.history.at(-1)?.state ?? EMPTY;
  const stands = contentOf(state, path);
  const wanted = wantedContent(customer.golden, path, system);
  // Compared as the hub compares, in canonical form: blanks at the ends are no difference.
  const equal = sameContent(trimmed(stands), trimmed(wanted));
  const listed = plan?.reason ?? plan?.differences.find((d) => d.attribute === path)?.reason;
  if (equal) return undefined;
  const shown = `${JSON.stringify(stands)} instead of ${JSON.stringify(wanted)}`;
  if (listed === undefined) return `${shown}, and nobody says why`;
  return isJustified(listed, world, system, path, stands, wanted) ? undefined : `${shown}, said to be ${listed}`;
}

function trimmed(texts: readonly string[]): string[] {
  return texts.map((text) => text.trim());
}

/** What the record should hold, by the simulation's own reading of the golden record. */
function wantedContent(golden: Golden, path: Path, system: SimulatedSystem): string[] {
  const declared = system.spec.rewrites.filter((r) => r.attribute === path && r.declared);
  if (!isList(path)) {
    const value = golden.scalars.get(path)?.value;
    const text = value === undefined ? '' : declared.reduce((t, rule) => rewriteText(t, rule), String(value));
    return text === '' ? [] : [text];
  }
  const elements = [...(golden.lists.get(path) ?? [])].flatMap(([, winner]) => elementOf(winner, path, declared));
  return [...new Set(elements)].sort();
}

function elementOf(winner: Winner, path: Path, declared: readonly RewriteSpec[]): string[] {
  if (winner.value === undefined || typeof winner.raw !== 'object') return [];
  const list = rewriteState({ ...EMPTY, [path]: [winner.raw] }, declared)[path as 'emails'];
  return list.map((e) => elementText(e));
}

/** Whether the exception that the hub lists is one that the scenario really holds. */
function isJustified(
  reason: ExceptionReason,
  world: World,
  system: SimulatedSystem,
  path: Path,
  stands: readonly string[],
  wanted: readonly string[],
): boolean {
  const { spec } = system;
  switch (reason) {
    case 'acknowledged':
      return spec.rewrites.some((r) => r.attribute === path && !(r.declared && !r.later));
    case 'rejected':
      return spec.refuses.some(
        (r) => r.attribute === path && (r.value === null ? wanted.length === 0 : r.value === wanted[0]),
      );
    case 'clear-refused':
      return world.scenario.policy.noClear.includes(spec.name);
    case 'displaced': {
      const slots = path === 'emails' || path === 'phones' ? spec.slots[path] : undefined;
      return (
        slots !== undefined &&
        wanted.length > slots.length &&
        stands.length === slots.length &&
        stands.every((e) => wanted.includes(e))
      );
    }
    case 'add-suppressed':
      // What stands besides is what must not be cleared: a list may differ for both reasons.
      return (
        world.scenario.policy.addWins.includes(spec.name) &&
        (world.scenario.policy.noClear.includes(spec.name) || stands.every((e) => wanted.includes(e)))
      );
    case 'deleted':
      return true;
    default:
      return false;
  }
}
