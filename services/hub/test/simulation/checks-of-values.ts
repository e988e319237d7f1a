import { rewriteText, contentOf, elementText, isList, EMPTY } from './state.js';
import type { Judge } from './findings.js';
import type { Merged } from './reference-hub.js';
import type { Path } from './scenario.js';
import { isRecognisable, itemsOf, said, seenPoints, statementsOf, systemNameOf } from './truth.js';
import type { World } from './world.js';

/** Property 12, for elements that the hub could know of. */
export function checkElements(world: World, judge: Judge): void {
  const removed = new Set<string>();
  for (const record of world.allRecords()) {
    for (const [i, entry] of record.history.entries()) {
      if (entry.author.by === 'hub' || !entry.state) continue;
      const before = record.history[i - 1]?.state;
      for (const path of ['emails', 'phones'] as const)
        for (const text of contentOf(before ?? EMPTY, path))
          if (!contentOf(entry.state, path).includes(text)) removed.add(`${path} ${text}`);
    }
  }
  for (const customer of world.hub.customers()) {
    for (const { facts } of customer.members) {
      const record = world.record(facts.ref);
      if (!record || facts.erasedAt !== undefined) continue;
      const points = seenPoints(world, record.ref);
      for (const item of itemsOf(record, [])) {
        if (item.path === 'consents' || removed.has(`${item.path} ${item.element ?? ''}`)) continue;
        const statement = statementsOf(world, record, item).find((s) => s.value !== undefined);
        if (!statement || !isRecognisable(world, record, item, statement, points)) continue;
        const winners = customer.golden.lists.get(item.path as 'emails') ?? new Map();
        const stands = [...winners.values()].some(
          (w) => w.value !== undefined && typeof w.raw === 'object' && elementText(w.raw) === item.element,
        );
        judge.hold(12, stands, () => `${item.path} ${item.element ?? ''} of ${record.ref} is lost`);
      }
    }
  }
}

/** Property 10, once everything has been parted. */
export function checkParted(world: World, judge: Judge): void {
  const listed = new Map(world.hub.plan(world.clock.now).records.map((r) => [r.ref, r]));
  for (const { members, golden } of world.hub.customers()) {
    for (const { facts } of members) {
      const record = world.record(facts.ref);
      const spec = world.systems.get(systemNameOf(facts.ref))?.spec;
      const state = record?.history.at(-1)?.state;
      if (!record || !spec || !state || facts.erasedAt !== undefined) continue;
      if (record.madeBy !== undefined) continue;
      const points = seenPoints(world, record.ref);
      for (const item of itemsOf(record, spec.attributes)) {
        if (item.path === 'name.full' && spec.derivesFullName) continue;
        if (golden.scalars.get(item.path)?.rule === 'keep') continue;
        // Another member of the same customer (a record made for this one) that has something to say is a reason of its own.
        if (members.some((m) => m.facts.ref !== record.ref && speaksOf(m, item.path))) continue;
        const exception =
          listed.get(record.ref)?.reason ??
          listed.get(record.ref)?.differences.find((d) => d.attribute === item.path)?.reason;
        if (exception) continue;
        const last = statementsOf(world, record, item).at(-1);
        if (last && !isRecognisable(world, record, item, last, points)) continue;
        const own = last?.value;
        const is = said(state, item);
        const declared = spec.rewrites.filter((r) => r.declared && r.attribute === item.path);
        // What the system is declared to make of its own value is its value still.
        if (item.element !== undefined && declared.length > 0) continue;
        const shall =
          own === undefined ? undefined : declared.reduce((text, rule) => rewriteText(text, rule), own) || undefined;
        judge.hold(
          10,
          shall === is,
          () =>
            `${record.ref} ${item.path} ${item.element ?? ''} is ${is ?? 'absent'}, its own last word was ${own ?? 'nothing'}`,
        );
      }
    }
  }
}

function speaksOf(member: Merged['members'][number], path: Path): boolean {
  if (!isList(path)) return member.evaluation.scalars.get(path)?.testimony !== undefined;
  return [...(member.evaluation.lists.get(path)?.values() ?? [])].some((r) => r.testimony !== undefined);
}
