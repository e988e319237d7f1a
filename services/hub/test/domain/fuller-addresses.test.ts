import type { Address, Party, PartyState } from '@unsilo/schemas';
import fc from 'fast-check';
import {
  addObservation,
  createNormaliser,
  emptyRecord,
  evaluate,
  goldenState,
  merge,
  type Evaluation,
} from '../../src/domain.js';
import { withinFuller } from '../../src/domain/fuller-addresses.js';
import { differences } from '../../src/domain/projection.js';
import { provenance } from '../../src/domain/survivorship.js';
import { crm, policyFor } from '../application/test-hub.js';

const normaliser = createNormaliser('DE');
const FULL: Address = { street: 'Oak Road 3', locality: 'Leeds', postcode: 'LS1 9ZZ', country: 'GB' };
const LESS: Address = { street: 'Oak Road 3', locality: 'Leeds', postcode: 'LS1 9ZZ' };

/** A record whose addresses are these, from one minute to the next. */
function has(ref: string, ...states: Address[][]): Evaluation {
  const seen = states.map((addresses, minute): Party => {
    const time = new Date(Date.UTC(2026, 2, 1, 9, minute)).toISOString();
    const state: PartyState = { kind: 'person', ...(addresses.length > 0 && { addresses }) };
    return { ref, version: { major: minute, minor: 0 }, changedAt: time, observedAt: time, state };
  });
  return evaluate(seen.reduce(addObservation, emptyRecord(ref)), { normaliser, profile: undefined });
}

const policy = policyFor(['crm', 'shop']);
const standing = (...members: Evaluation[]): unknown => goldenState(merge(members, [], policy)).addresses;

describe('an address that lacks a part of another one', () => {
  const crmOf = (...states: Address[][]): Evaluation => has('crm/contact/1', ...states);
  const shopOf = (...states: Address[][]): Evaluation => has('shop/contact/1', ...states);

  it('is that one, whoever said which last', () => {
    expect(standing(crmOf([FULL]), shopOf([], [LESS]))).toEqual([FULL]);
    expect(standing(crmOf([], [FULL]), shopOf([LESS]))).toEqual([FULL]);
  });

  it('stands beside it where one record has both', () => {
    expect(standing(crmOf([FULL, LESS]))).toHaveLength(2);
    expect(standing(crmOf([FULL, LESS]), shopOf([LESS]))).toHaveLength(2);
  });

  it('stands again once the fuller one is removed', () => {
    expect(standing(crmOf([FULL], []), shopOf([LESS]))).toEqual([LESS]);
  });

  it('is that one, however the country is written', () => {
    const [german, english] = [
      { ...LESS, country: 'Deutschland' },
      { ...LESS, country: 'Germany' },
    ];
    expect(standing(crmOf([german]), shopOf([], [{ ...LESS, country: 'DE' }]))).toEqual([{ ...LESS, country: 'DE' }]);
    expect(standing(crmOf([german]), shopOf([english]))).toHaveLength(1);
    expect(standing(crmOf([german]), shopOf([{ street: LESS.street!, country: 'DEU' }]))).toEqual([german]);
  });

  it('is another one where a part differs', () => {
    expect(standing(crmOf([FULL]), shopOf([{ ...LESS, locality: 'York' }]))).toHaveLength(2);
    expect(standing(crmOf([FULL]), shopOf([{ ...LESS, country: 'US' }]))).toHaveLength(2);
  });

  it('is told among the statements about the fuller one', () => {
    const told = provenance(merge([crmOf([FULL]), shopOf([LESS])], [], policy)).filter(
      ({ attribute }) => attribute === 'addresses',
    );
    expect(told).toMatchObject([{ value: [FULL], from: { ref: 'crm/contact/1' }, alternatives: [{ value: [LESS] }] }]);
  });

  it('does not take the only place of the fuller one, and is completed where the part is missing', () => {
    const slots = { addresses: { writable: true, slots: ['work'] } };
    const profile = crm('crm', { attributes: slots }).kinds[0]!;
    const context = { normaliser, policy, now: 0 };
    const crmRecord = crmOf([{ ...FULL, label: 'work' }]);
    const shopRecord = shopOf([], [{ ...LESS, label: 'work' }]);
    const golden = merge([crmRecord, shopRecord], [], policy);
    const write = { fields: ['*'], clear: true, create: false, createRequires: [] };
    expect(differences(crmRecord, golden, [], profile, write, context)).toEqual([]);
    expect(differences(shopRecord, golden, [], profile, write, context)).toMatchObject([
      { attribute: 'addresses', wanted: [{ ...FULL, label: 'work' }] },
    ]);
  });
});

it('no part of an address is lost, and what stands does not depend on the order', () => {
  const part = fc.option(fc.constantFrom('x', 'y'), { nil: '' });
  const address = fc.record({
    raw: fc.record({ street: part, locality: part, region: part, postcode: part, country: part }),
    refs: fc.subarray(['a/contact/1', 'b/contact/1', 'c/contact/1'], { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(address, { maxLength: 6 }), fc.integer(), (found, seed) => {
      const all = found.map(({ raw, refs }) => ({ key: JSON.stringify(raw), raw, refs: new Set(refs) }));
      const addresses = [...new Map(all.map((a) => [a.key, a])).values()];
      const within = withinFuller(addresses);
      const turned = [...addresses].sort((a, b) => ((a.key.length * seed) % 7) - ((b.key.length * seed) % 7));
      expect(withinFuller(turned.reverse())).toEqual(within);
      for (const [less, fuller] of within) {
        expect(within.has(fuller)).toBe(false);
        const [parts, more] = [JSON.parse(less), JSON.parse(fuller)] as Record<string, string>[];
        for (const [name, text] of Object.entries(parts!)) expect(text === '' ? '' : more![name]).toBe(text);
      }
    }),
  );
});
