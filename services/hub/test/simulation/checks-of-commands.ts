import type { Command, UpdateCommand } from '@unsilo/schemas';
import { canonicalValue, valueOf, flatten } from '../../src/domain.js';
import type { Judge } from './findings.js';
import { normaliser } from './reference-hub.js';
import { EMPTY, contentOf, elementText, isList, rewriteState, rewriteText, sameContent, type State } from './state.js';
import type { Path } from './scenario.js';
import { itemsOf, statementsOf, systemNameOf } from './truth.js';
import type { World } from './world.js';

/** Property 5: as many commands as the happenings allow. */
export function checkBound(world: World, judge: Judge): void {
  const { hub, issued } = world;
  // Every record that was there before is told once, one after the other.
  let happened = world.decisions + world.scenario.records.length + 1;
  for (const { history } of world.allRecords())
    happened += history.slice(1).filter((e) => e.author.by !== 'hub').length;
  const failures = issued.filter((c) => !endedCleanly(world, c)).length;
  const most = hub.records.size * happened + failures;
  judge.hold(
    5,
    issued.length <= most,
    () => `${issued.length} commands for ${hub.records.size} records, ${happened} happenings, ${failures} failures`,
  );
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
export function checkFabrication(world: World, judge: Judge): void {
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
      judge.hold(
        4,
        unknown.length === 0,
        () => `${command.id} sends ${path} ${JSON.stringify(unknown)}, which nobody stated`,
      );
    }
  }
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

/** Property 14. */
export function checkCopies(world: World, judge: Judge): void {
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
  for (const [name, count] of perMember) judge.hold(14, count === 1, () => `${count} copies in ${name}`);
  for (const [key, made] of copies) {
    const [person = '', system = ''] = key.split(' in ');
    if (parted.has(person)) continue;
    const had = world.scenario.records.filter((r) => r.person === person && r.system === system).length;
    judge.hold(14, made.length + had <= 1, () => `${made.length} copies of ${key}, which had ${had} before`);
  }
}

/** Property 16, and that a command's base is the state that it was planned on. */
export function checkOverwriting(world: World, judge: Judge): void {
  for (const record of world.allRecords()) {
    const connector = world.connectors.get(systemNameOf(record.ref));
    if (!connector?.system.spec.conditional) continue;
    for (const entry of record.history) {
      if (entry.author.by !== 'hub') continue;
      const command = world.hub.commands.get(entry.author.command);
      if (command?.action !== 'update') continue;
      const base = connector.shown.get(`${record.ref}@${command.base.major}.${command.base.minor}`) ?? 0;
      const lost = record.history.slice(base, entry.seq - 1).flatMap((between) => {
        const before = record.history[between.seq - 2]?.state ?? EMPTY;
        const now = between.state ?? EMPTY;
        if (between.author.by !== 'person') return [];
        return Object.keys(command.set).filter(
          (p) => !sameContent(contentOf(before, p as Path), contentOf(now, p as Path)),
        );
      });
      judge.hold(16, lost.length === 0, () => `${command.id} overwrote ${lost.join(', ')} of ${record.ref} unseen`);
    }
  }
  judge.hold(16, world.plannedOnOther.length === 0, () => world.plannedOnOther.join('; '));
}
