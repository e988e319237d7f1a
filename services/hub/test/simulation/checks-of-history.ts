import type { Command, UpdateCommand } from '@unsilo/schemas';
import { canonicalValue, valueOf, flatten } from '../../src/domain.js';
import type { Finding } from './findings.js';
import { normaliser } from './reference-hub.js';
import { EMPTY, contentOf, elementText, isList, rewriteState, rewriteText, type State } from './state.js';
import type { Path } from './scenario.js';
import { isRecognisable, itemsOf, said, seenPoints, statementsOf, systemNameOf } from './truth.js';
import type { World } from './world.js';

/** Property 5: as many commands as the happenings allow. */
export function checkBound(world: World): Finding[] {
  const { hub, issued } = world;
  // Every record that was there before is told once, one after the other.
  let happened = world.decisions + world.scenario.records.length + 1;
  for (const { history } of world.allRecords())
    happened += history.slice(1).filter((e) => e.author.by !== 'hub').length;
  const failures = issued.filter((c) => !endedCleanly(world, c)).length;
  const most = hub.records.size * happened + failures;
  return issued.length > most
    ? [
        {
          property: 5,
          what: `${issued.length} commands for ${hub.records.size} records, ${happened} happenings, ${failures} failures`,
        },
      ]
    : [];
}

function endedCleanly(world: World, command: Command): boolean {
  const record =
    command.action === 'create'
      ? world.hub.records.get(command.createdFor)
      : world.hub.records.get('ref' in command ? command.ref : '');
  const known = [...(record?.commands ?? []), ...(record?.creates ?? [])].find((k) => k.command.id === command.id);
  // Summarised with the rest: count it as clean, so that the bound is the stricter one.
  if (!known) return true;
  const { outcome } = known;
  if (outcome?.status !== 'applied' || !outcome.left || (command.action !== 'update' && command.action !== 'create'))
    return outcome?.status === 'applied';
  const left = flatten(outcome.left, normaliser);
  return Object.entries(command.set).every(
    ([path, { value }]) =>
      canonicalValue(path, value, normaliser) === canonicalValue(path, valueOf(left, path), normaliser),
  );
}

/** Property 4. */
export function checkFabrication(world: World): Finding[] {
  const stated = new Map<Path, Set<string>>();
  const add = (path: Path, texts: readonly string[]): void => {
    const known = stated.get(path) ?? new Set();
    for (const text of texts) known.add(text);
    stated.set(path, known);
  };
  for (const record of world.allRecords()) {
    const spec = world.systems.get(systemNameOf(record.ref))?.spec;
    for (const item of itemsOf(record, spec?.attributes ?? []))
      for (const { from } of statementsOf(world, record, item))
        add(item.path, contentOf(record.history[from - 1]?.state ?? EMPTY, item.path));
    // What the system derives at our write is its own statement where nobody tells what the write replaced.
    if (spec?.derivesFullName)
      for (const e of record.history) add('name.full', contentOf(e.state ?? EMPTY, 'name.full'));
    // Until a job was declared, what it did was the system's word.
    const declares = world.scenario.events.some((e) => e.kind === 'declare' && e.system === spec?.name);
    for (const e of declares ? record.history.filter((h) => h.author.by === 'system') : [])
      for (const path of spec?.attributes ?? []) add(path, contentOf(e.state ?? EMPTY, path));
    // After an erasure nobody knows any more what had been ours.
    if (world.hub.records.get(record.ref)?.erasedAt !== undefined)
      for (const e of record.history)
        for (const path of spec?.attributes ?? []) add(path, contentOf(e.state ?? EMPTY, path));
  }
  for (const event of world.scenario.events) if (event.kind === 'keep') add(event.attribute, [event.value]);
  const findings: Finding[] = [];
  for (const command of world.issued) {
    if (command.action !== 'update' && command.action !== 'create') continue;
    const rules = world.systems.get(command.system)?.spec.rewrites.filter((r) => r.declared) ?? [];
    for (const [name, { value }] of Object.entries(command.set)) {
      const path = name as Path;
      const known = [...(stated.get(path) ?? [])];
      const projected = new Set([
        ...known,
        ...known.map((text) => rules.filter((r) => r.attribute === path).reduce((t, r) => rewriteText(t, r), text)),
      ]);
      const sent = value === null ? [] : Array.isArray(value) ? value.map((e) => elementText(e)) : [String(value)];
      // What a record holds already may stay where clearing is refused.
      const kept = command.action === 'update' ? contentOf(baseOf(world, command), path) : [];
      const unknown = sent.filter(
        (text) =>
          !projected.has(text) &&
          !(isList(path) && kept.includes(text)) &&
          !(isList(path) && isRewrittenElement(path, text, known, rules)),
      );
      if (unknown.length > 0)
        findings.push({
          property: 4,
          what: `${command.id} sends ${path} ${JSON.stringify(unknown)}, which nobody stated`,
        });
    }
  }
  return findings;
}

function baseOf(world: World, { ref, base, system }: UpdateCommand): State {
  const seq = world.connectors.get(system)?.shown.get(`${ref}@${base.major}.${base.minor}`) ?? 0;
  return world.record(ref)?.history[seq - 1]?.state ?? EMPTY;
}

function isRewrittenElement(
  path: Path,
  text: string,
  known: readonly string[],
  rules: Parameters<typeof rewriteState>[1],
): boolean {
  return known.some((k) => {
    const state = {
      ...EMPTY,
      emails: path === 'emails' ? [{ address: k }] : [],
      phones: path === 'phones' ? [{ number: k }] : [],
    };
    return contentOf(rewriteState(state, rules), path).includes(text);
  });
}

/** Property 12, for elements that the hub could know of. */
export function checkElements(world: World): Finding[] {
  const findings: Finding[] = [];
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
        if (!stands)
          findings.push({ property: 12, what: `${item.path} ${item.element ?? ''} of ${record.ref} is lost` });
      }
    }
  }
  return findings;
}

/** Property 14. */
export function checkCopies(world: World): Finding[] {
  const findings: Finding[] = [];
  const parted = new Set<string>();
  for (const fact of world.facts) {
    if (fact.type !== 'decision' || (fact.decision.kind !== 'unlink' && fact.decision.kind !== 'erase')) continue;
    for (const ref of fact.decision.refs) parted.add(world.record(ref)?.person ?? '');
  }
  const copies = new Map<string, string[]>();
  const perMember = new Map<string, number>();
  for (const record of world.allRecords()) {
    if (record.madeBy === undefined) continue;
    const command = world.hub.commands.get(record.madeBy);
    const createdFor = command?.action === 'create' ? command.createdFor : '';
    const name = `${systemNameOf(record.ref)} for ${createdFor}`;
    perMember.set(name, (perMember.get(name) ?? 0) + 1);
    const key = `${record.person} in ${systemNameOf(record.ref)}`;
    copies.set(key, [...(copies.get(key) ?? []), record.ref]);
  }
  for (const [name, count] of perMember)
    if (count > 1) findings.push({ property: 14, what: `${count} copies in ${name}` });
  for (const [key, made] of copies) {
    const [person = '', system = ''] = key.split(' in ');
    if (parted.has(person)) continue;
    const had = world.scenario.records.filter((r) => r.person === person && r.system === system).length;
    if (made.length + had > 1)
      findings.push({ property: 14, what: `${made.length} copies of ${key}, which had ${had} before` });
  }
  return findings;
}

/** Property 16, and that a command's base is the state that it was planned on. */
export function checkOverwriting(world: World): Finding[] {
  const findings: Finding[] = [];
  for (const record of world.allRecords()) {
    const connector = world.connectors.get(systemNameOf(record.ref));
    if (!connector?.system.spec.conditional) continue;
    for (const entry of record.history) {
      if (entry.author.by !== 'hub') continue;
      const command = world.hub.commands.get(entry.author.command);
      if (command?.action !== 'update') continue;
      const base = connector.shown.get(`${record.ref}@${command.base.major}.${command.base.minor}`) ?? 0;
      for (const between of record.history.slice(base, entry.seq - 1)) {
        const before = record.history[between.seq - 2]?.state;
        const lost = Object.keys(command.set).filter(
          (path) =>
            between.author.by === 'person' &&
            JSON.stringify(contentOf(before ?? EMPTY, path as Path)) !==
              JSON.stringify(contentOf(between.state ?? EMPTY, path as Path)),
        );
        if (lost.length > 0)
          findings.push({
            property: 16,
            what: `${command.id} overwrote ${lost.join(', ')} of ${record.ref} as of seq ${between.seq}`,
          });
      }
    }
  }
  for (const wrong of world.plannedOnOther) findings.push({ property: 16, what: wrong });
  return findings;
}

/** Property 10, once everything has been parted. */
export function checkParted(world: World): Finding[] {
  const findings: Finding[] = [];
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
        const statements = statementsOf(world, record, item);
        if (statements.some((s) => !isRecognisable(world, record, item, s, points))) continue;
        const own = statements.at(-1)?.value;
        const is = said(state, item);
        const declared = spec.rewrites.filter((r) => r.declared && r.attribute === item.path);
        // What the system is declared to make of its own value is its value still.
        if (item.element !== undefined && declared.length > 0) continue;
        const shall =
          own === undefined ? undefined : declared.reduce((text, rule) => rewriteText(text, rule), own) || undefined;
        if (shall !== is)
          findings.push({
            property: 10,
            what: `${record.ref} ${item.path} ${item.element ?? ''} is ${is ?? 'absent'}, its own last word was ${own ?? 'nothing'}`,
          });
      }
    }
  }
  return findings;
}

function speaksOf(member: ReturnType<World['hub']['customers']>[number]['members'][number], path: Path): boolean {
  if (!isList(path)) return member.evaluation.scalars.get(path)?.testimony !== undefined;
  return [...(member.evaluation.lists.get(path)?.values() ?? [])].some((r) => r.testimony !== undefined);
}
