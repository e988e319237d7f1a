import { ruleFor } from '../../src/domain.js';
import type { Judge } from './findings.js';
import type { EditEvent, ScalarPath } from './scenario.js';
import { rewriteText } from './state.js';
import { said, systemNameOf } from './truth.js';
import type { World } from './world.js';

/** The clocks are right within this, so that an edit made in quiet is the latest whoever's clock is asked. */
const CORRECTED = 5000;

/** Makes one edit and says afterwards whether it won (properties 8, 9 and 13). */
export function lastEdit(world: World, judge: Judge, event: EditEvent): () => void {
  const [path] = Object.keys(event.set) as ScalarPath[];
  const record = world.record(event.ref);
  if (!path || !record) return () => undefined;
  const rule = ruleFor(world.setting.policy, path);
  const customer = world.hub.customers().find((c) => c.members.some((m) => m.facts.ref === event.ref));
  const kept = customer?.golden.scalars.get(path)?.rule === 'keep';
  const clocksAgree = world.scenario.systems.every((s) => Math.abs(s.clockError) < CORRECTED);
  const overEcho = isOverEchoOfWinner(world, event.ref, path);
  const before = record.history.length;
  world.happen(event);
  const entry = record.history.at(-1);
  const changed = record.history.length > before && entry?.state !== undefined;
  if (!changed || kept || !customer) return () => undefined;
  const value = said(entry.state, { path });
  return () => {
    const found = world.hub.customers().find((c) => c.members.some((m) => m.facts.ref === event.ref));
    const winner = found?.golden.scalars.get(path)?.value;
    // A job that runs later, there or where it was written to, restates what was typed.
    const jobs = world.scenario.systems.flatMap((s) => s.rewrites.filter((r) => r.later && r.attribute === path));
    const once = jobs.map((r) => rewriteText(value ?? '', r));
    const own = [value, ...once, ...once.flatMap((text) => jobs.map((r) => rewriteText(text, r)))];
    const what = `${event.ref} ${path} := ${value ?? 'nothing'} in quiet, but ${String(winner)} wins`;
    const isCleared = value === undefined;
    if (rule !== 'most-recent' && (!isCleared || rule === 'source-rank')) return;
    if (!clocksAgree && (!overEcho || rule !== 'most-recent')) return;
    if (isCleared) judge.hold(13, winner === undefined, () => what);
    else judge.hold(overEcho ? 9 : 8, winner !== undefined && own.includes(String(winner)), () => what);
  };
}

/** What stands there is what the hub wrote, on the word of today's winner. */
function isOverEchoOfWinner(world: World, ref: string, path: ScalarPath): boolean {
  const evaluation = world.hub.evaluationOf(ref);
  const customer = world.hub.customers().find((c) => c.members.some((m) => m.facts.ref === ref));
  const winner = customer?.golden.scalars.get(path);
  if (!winner || !evaluation?.scalars.get(path)?.run.echo) return false;
  const written = world.hub.records.get(ref)?.commands ?? [];
  const seen = written.map(({ command, outcome }) =>
    outcome?.status === 'applied' && 'set' in command ? (command.set[path]?.asOf ?? -Infinity) : -Infinity,
  );
  return Math.max(...seen, -Infinity) >= winner.claim.testimony.asOf && systemNameOf(ref) !== '';
}
