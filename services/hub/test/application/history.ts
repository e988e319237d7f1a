import {
  decisionEvent,
  partyEvent,
  type Decision,
  type Party,
  type PartyState,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { T0 } from './test-hub.js';

export interface Rng {
  int(below: number): number;
  pick<T>(list: readonly T[]): T;
  chance(p: number): boolean;
  shuffle<T>(list: readonly T[]): T[];
}

/** Deterministic numbers from a seed (mulberry32). */
export function random(seed: number): Rng {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    int,
    pick: (list) => list[int(list.length)] as (typeof list)[number],
    chance: (p) => next() < p,
    shuffle: (list) => {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i -= 1) {
        const j = int(i + 1);
        [copy[i], copy[j]] = [copy[j] as (typeof copy)[number], copy[i] as (typeof copy)[number]];
      }
      return copy;
    },
  };
}

const GIVEN = ['Ada', 'Bea', 'Cyd', 'Dan', 'Eve'];
const SURNAMES = ['Byron', 'Lovelace', 'Hopper', 'Jones'];

/** Events of a few systems about people who share addresses by design and by accident, with stewards' decisions between. */
export function history(seed: number, systems: readonly string[], length: number): UnsiloEvent[] {
  const rng = random(seed);
  const events: UnsiloEvent[] = [];
  const versions = new Map<string, number>();
  const refs: string[] = [];
  for (let i = 0; i < length; i += 1) {
    const at = new Date(T0 + i * 60_000).toISOString();
    if (refs.length > 2 && rng.chance(0.08)) {
      const [a, b] = [rng.pick(refs), rng.pick(refs)];
      if (a === b) continue;
      const kind = rng.pick(['link', 'unlink'] as const);
      const decision: Decision = {
        id: `d${seed}-${i}`,
        author: 'steward',
        decidedAt: at,
        kind,
        refs: [a, b],
        ...(rng.chance(0.2) ? { undo: true } : {}),
      };
      events.push(decisionEvent('acme', decision));
      continue;
    }
    const isNew = refs.length === 0 || rng.chance(0.35);
    const ref = isNew ? `${rng.pick(systems)}/contact/${refs.length + 1}` : rng.pick(refs);
    if (isNew) refs.push(ref);
    const major = (versions.get(ref) ?? 0) + 1;
    versions.set(ref, major);
    const header = { ref, version: { major, minor: 0 }, createdAt: at, changedAt: at, observedAt: at };
    if (!isNew && rng.chance(0.06)) {
      events.push(partyEvent('acme', { ...header, deleted: true }));
      continue;
    }
    const state: PartyState = { kind: 'person', name: { given: rng.pick(GIVEN), surname: rng.pick(SURNAMES) } };
    if (rng.chance(0.7)) state.emails = [{ address: `p${rng.int(6)}@example.org` }];
    if (rng.chance(0.5)) state.phones = [{ number: `+4420794600${10 + rng.int(8)}` }];
    if (rng.chance(0.2))
      state.consents = [
        { purpose: 'marketing', channel: 'email', status: rng.pick(['granted', 'withdrawn'] as const) },
      ];
    const party: Party = { ...header, state };
    events.push(partyEvent('acme', party));
  }
  return events;
}
