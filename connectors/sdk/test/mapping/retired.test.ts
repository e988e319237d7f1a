import type { PartyState } from '@unsilo/schemas';
import {
  fieldMapping,
  mappingDigest,
  retiredAfterWrite,
  retirement,
  withRetired,
  type MappingConfig,
  type Retired,
} from '../../src/index.js';

const NAME = { fn: 'name.given' };
const config = (fields: MappingConfig['fields'], more: Partial<MappingConfig> = {}): MappingConfig => ({
  fields: { ...NAME, ...fields },
  ...more,
});
/** What a record says after the mapping has gone from one to the next, through all of them. */
function toldUnder(record: Record<string, unknown>, ...configs: MappingConfig[]): PartyState {
  let retired: Retired = {};
  for (const [index, after] of configs.entries())
    if (index > 0) retired = retirement(configs[index - 1]!, after)(record, retired);
  // It is kept as JSON.
  return withRetired(
    fieldMapping(configs.at(-1)!).decode(record).state,
    JSON.parse(JSON.stringify(retired)) as Retired,
  );
}

describe('what a mapping no longer has stays as it was told last', () => {
  test('a scalar, until a field is mapped to it again', () => {
    const record = { fn: 'Ada', tier: 'gold', text: 'x' };
    const both = config({ tier: 'extra.tier.eu', text: 'note' });
    expect(toldUnder(record, both, config({}))).toMatchObject({ note: 'x', extra: { 'tier.eu': 'gold' } });
    expect(toldUnder({ fn: 'Ada' }, both, config({}))).toEqual({ kind: 'person', name: { given: 'Ada' } });
    expect(toldUnder({ text: 'y' }, config({ old: 'note' }), config({ text: 'note' }))).toMatchObject({ note: 'y' });
  });

  test('one of several fields of a list, until it is mapped again', () => {
    const both = config({ mail1: 'emails', mail2: 'emails' });
    const one = config({ mail1: 'emails' });
    const record = { fn: 'Ada', mail1: 'z@x.example', mail2: 'a@x.example' };
    const all = [{ address: 'z@x.example' }, { address: 'a@x.example' }];
    expect(toldUnder(record, both, one).emails).toEqual(all);
    expect(toldUnder(record, both, config({})).emails).toEqual(all);
    expect(toldUnder(record, both, config({}), one).emails).toEqual(all);
    const retired = retirement(both, one)(record);
    const emptied = { ...record, mail2: '' };
    const again = retirement(one, both)(emptied, retired);
    expect(withRetired(fieldMapping(both).decode(emptied).state, again).emails).toEqual([all[0]]);
  });

  test('a constant, of a list as well, until there is another one', () => {
    const before = config({ mail: 'emails' }, { constants: { language: 'de', emails: 'office@x.example' } });
    const after = config({ mail: 'emails' });
    const said = { language: 'de', emails: [{ address: 'office@x.example' }] };
    expect(toldUnder({ fn: 'Ada' }, before, after)).toMatchObject(said);
    expect(toldUnder({ mail: 'a@x.example' }, before, after).emails).toEqual([{ address: 'a@x.example' }]);
    const other = config({}, { constants: { language: 'en' } });
    expect(toldUnder({ fn: 'Ada' }, before, after, other).language).toBe('en');
  });

  test('but a field that says the same otherwise, or another thing, is no field taken out', () => {
    const before = config({ tel: { attribute: 'phones', label: 'work' }, no: 'note', tags: 'links' });
    const after = config({ tel: { attribute: 'phones', label: 'mobile' }, tags: { attribute: 'links', split: ';' } });
    const record = { tel: '1', no: '7', tags: 'a:b;c:d' };
    expect(toldUnder(record, before, after)).toMatchObject({
      phones: [{ number: '1', label: 'mobile' }],
      links: [{ uri: 'a:b' }, { uri: 'c:d' }],
      note: '7',
    });
  });
});

test('whoever writes a list decides on what was retired of it, and on nothing else', () => {
  const before = config({ mail1: 'emails', mail2: 'emails', seg: 'note' });
  const record = { mail1: 'z@x.example', mail2: 'A@x.example', seg: 'VIP' };
  const retired = retirement(before, config({ mail1: 'emails' }))(record);
  const left = (address: string): PartyState => ({ kind: 'person', emails: [{ address }] });
  const after = (addresses: string[] | null, stands: string) => {
    const emails = addresses === null ? null : addresses.map((address) => ({ address }));
    return withRetired(left(stands), retiredAfterWrite(retired, { emails }, left(stands)));
  };
  expect(retiredAfterWrite(retired, { 'name.given': 'x' }, left('z@x.example'))).toEqual(retired);
  expect(after(['c@x.example', 'a@x.example'], 'c@x.example').emails).toHaveLength(2);
  expect(after(['c@x.example'], 'c@x.example')).toEqual({ ...left('c@x.example'), note: 'VIP' });
  expect(after(null, 'c@x.example').emails).toHaveLength(1);
  expect(after(['a@x.example'], 'a@x.example').emails).toEqual([{ address: 'a@x.example' }]);
});

test('the digest knows what decides what records say, and nothing else', () => {
  const digest = mappingDigest(config({ a: 'note' }));
  expect(mappingDigest(config({ a: 'note' }, { write: { x: '1' } }))).toBe(digest);
  expect(mappingDigest(config({ b: 'note' }))).not.toBe(digest);
  expect(mappingDigest(config({ a: 'note' }, { constants: { language: 'de' } }))).not.toBe(digest);
  expect(mappingDigest(config({ a: 'note' }), 'contact')).not.toBe(digest);
});
