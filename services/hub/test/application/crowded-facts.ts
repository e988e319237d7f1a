import { decisionEvent, partyEvent, type PartyState, type UnsiloEvent } from '@unsilo/schemas';
import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { customers, sites } from '../linkage/synthetic.js';
import { random } from './history.js';
import { T0 } from './test-hub.js';

/** Keys retire and values turn generic within so few records, so that these rules are at work too. */
export const CROWDED_MODEL = structuredClone(DEFAULT_LINKAGE_MODEL);
for (const part of [CROWDED_MODEL.person, CROWDED_MODEL.organization])
  Object.assign(part, { prior: -9, keyLimit: 6, genericAbove: 2 });

function stateOf({ kind, names = [], addresses = [], values = {} }: LinkageRecord): PartyState {
  const [{ full, given, surname } = {}] = names;
  const list = (attribute: string): string[] => (values[attribute] ?? []).filter((value) => value !== '');
  const [birthDate] = list('birthDate').filter((date) => /^\d{4}-\d\d-\d\d$/.test(date));
  const name = Object.entries({ full, given, surname }).filter(([, text]) => text !== undefined && text !== '');
  return {
    kind,
    ...(name.length === 0 ? {} : { name: Object.fromEntries(name) }),
    ...(birthDate === undefined ? {} : { birthDate }),
    emails: list('emails').map((address) => ({ address })),
    phones: list('phones').map((number) => ({ number })),
    addresses: addresses.map(({ number = '', street = '', locality = '', postcode = '' }) => ({
      street: `${street} ${number}`.trim(),
      locality,
      postcode,
    })),
  };
}

/** A few values stand with many names. */
function withShared(state: PartyState, rng: ReturnType<typeof random>): PartyState {
  const emails = rng.chance(0.2) ? [{ address: `front.desk${rng.int(3)}@example.org` }] : [];
  const phones = rng.chance(0.2) ? [{ number: `+44207946010${rng.int(3)}` }] : [];
  return { ...state, emails: [...(state.emails ?? []), ...emails], phones: [...(state.phones ?? []), ...phones] };
}

/** What the systems `a`, `b` and `c` say of some sixty records: one to three versions each, deletions, erasures, and decisions, some of them taken back. */
export function crowdedFacts(): UnsiloEvent[] {
  const rng = random(17);
  const said = [...customers(21, 56, { missing: 0.25, wrong: 0.1, changed: 0.3 }).records, ...sites(22, 10).records];
  const events: UnsiloEvent[] = [];
  const at = (minute: number): string => new Date(T0 + minute * 60_000).toISOString();
  const refs = said.map((_, i) => `${rng.pick(['a', 'b', 'c'])}/contact/${i}`);
  for (const [i, ref] of refs.entries()) {
    const versions = 1 + rng.int(3);
    for (let major = 1; major <= versions; major += 1) {
      const time = at(i * 4 + major);
      const header = { ref, version: { major, minor: 0 }, createdAt: at(i * 4), changedAt: time, observedAt: time };
      const isDeleted = major > 1 && major === versions && rng.chance(0.2);
      // Until the last version it says what somebody else says.
      const source = major === versions ? said[i] : rng.pick(said);
      if (isDeleted) events.push(partyEvent('acme', { ...header, deleted: true }));
      else if (source) events.push(partyEvent('acme', { ...header, state: withShared(stateOf(source), rng) }));
    }
  }
  for (let i = 0; i < 14; i += 1) {
    const [a, b] = [rng.pick(refs), rng.pick(refs)];
    const kind = rng.pick(['link', 'unlink'] as const);
    if (a === b) continue;
    const decision = { author: 'steward', kind, refs: [a, b] as [string, string] };
    events.push(decisionEvent('acme', { ...decision, id: `d${i}`, decidedAt: at(i * 20) }));
    if (rng.chance(0.5))
      events.push(decisionEvent('acme', { ...decision, id: `u${i}`, decidedAt: at(i * 20 + 1), undo: true }));
  }
  for (const [i, ref] of rng.shuffle(refs).slice(0, 3).entries())
    events.push(
      decisionEvent('acme', { id: `e${i}`, author: 'steward', decidedAt: at(5000), kind: 'erase', refs: [ref] }),
    );
  return events;
}
