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
import { keepsOf } from '../../src/domain/customer.js';
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

describe('a consent that a steward keeps', () => {
  type Status = 'granted' | 'withdrawn';
  const consent = (status: Status): Pick<PartyState, 'consents'> => ({
    consents: [{ purpose: 'news', channel: 'email', status }],
  });
  /** What holds where the steward says `kept` in the fifth minute. */
  const holds = (kept: Status, ...members: Evaluation[]): unknown => {
    const decidedAt = at(5);
    const decision = { id: 'k', author: 'sam', decidedAt, kind: 'keep' as const, ref: 'a/contact/1' };
    const value = consent(kept).consents ?? [];
    const entry = { seq: Date.parse(decidedAt), decision: { ...decision, attribute: 'consents', value } };
    const golden = merge(members, keepsOf([entry], normaliser), policyFor(['a', 'b']));
    return goldenState(golden).consents?.map(({ status }) => status);
  };
  const granted = said('a/contact/1', { 1: consent('granted') });

  it('is withdrawn by who withdraws it later, in whatever system', () => {
    expect(holds('granted', granted, said('b/contact/1', { 6: consent('withdrawn') }))).toEqual(['withdrawn']);
    const reconsidered = said('a/contact/1', { 1: consent('granted'), 6: consent('withdrawn') });
    expect(holds('granted', reconsidered)).toEqual(['withdrawn']);
  });

  it('holds against a withdrawal that was stated before', () => {
    expect(holds('granted', granted, said('b/contact/1', { 4: consent('withdrawn') }))).toEqual(['granted']);
  });

  it('holds again once the later withdrawal is taken back', () => {
    const back = said('b/contact/1', { 6: consent('withdrawn'), 7: consent('granted') });
    expect(holds('granted', granted, back)).toEqual(['granted']);
  });

  it('stays withdrawn whatever is granted later', () => {
    const later = said('b/contact/1', { 1: consent('withdrawn'), 6: consent('granted') });
    expect(holds('withdrawn', granted, later)).toEqual(['withdrawn']);
  });
});
