import type { Party, PartyState } from '@unsilo/schemas';
import {
  addObservation,
  createNormaliser,
  emptyRecord,
  evaluate,
  goldenState,
  merge,
  type Evaluation,
  type Policy,
} from '../../src/domain.js';
import { policyFor } from '../application/test-hub.js';

const normaliser = createNormaliser('DE');
const at = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 9, minute)).toISOString();

/** A record of which each state is said in the minute that numbers it. */
function said(ref: string, states: Record<number, Partial<PartyState>>): Evaluation {
  const seen = Object.entries(states).map(([minute, state]): Party => {
    const time = at(Number(minute));
    const version = { major: Number(minute), minor: 0 };
    return { ref, version, changedAt: time, observedAt: time, state: { kind: 'person', ...state } };
  });
  return evaluate(seen.reduce(addObservation, emptyRecord(ref)), { normaliser, profile: undefined });
}

describe('an element that was removed in a system where additions win', () => {
  const has = { emails: [{ address: 'ada@example.org' }] };
  const { systems, ...rest } = policyFor(['a', 'b', 's', 't']);
  const winning = Object.entries(systems).map(([name, of]) => [name, { ...of, addWins: name >= 's' }]);
  const policy: Policy = { ...rest, systems: Object.fromEntries(winning) as Policy['systems'] };
  const standing = (...members: Evaluation[]): unknown => goldenState(merge(members, [], policy)).emails;

  it('stands while others have it', () => {
    expect(standing(said('a/contact/1', { 1: has }), said('s/contact/1', { 2: has, 6: {} }))).toEqual(has.emails);
  });

  it('does not come back where others removed it before', () => {
    const removed = said('b/contact/1', { 2: has, 5: {} });
    const others = [said('a/contact/1', { 1: has }), said('t/contact/1', { 3: has, 7: {} })];
    expect(standing(...others, removed, said('s/contact/1', { 3: has }))).toBeUndefined();
    expect(standing(...others, removed, said('s/contact/1', { 3: has, 6: {} }))).toBeUndefined();
  });

  it('stands where others removed it earlier than somebody added it', () => {
    const members = [said('b/contact/1', { 2: has, 3: {} }), said('s/contact/1', { 2: has, 6: {} })];
    expect(standing(...members, said('a/contact/1', { 4: has }))).toEqual(has.emails);
  });

  it('is gone where nobody has it any more', () => {
    expect(standing(said('s/contact/1', { 1: has, 6: {} }), said('t/contact/1', { 1: has, 5: {} }))).toBeUndefined();
  });
});
