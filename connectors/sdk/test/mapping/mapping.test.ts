import fc from 'fast-check';
import { fieldMapping, mergeMappings, TerminalError, type MappingConfig } from '../../src/index.js';

const crm: MappingConfig = {
  kind: { field: 'type', organization: ['company'] },
  fields: {
    salutation: 'name.prefix',
    first_name: { attribute: 'name.given', length: 20 },
    last_name: 'name.surname',
    full_name: { attribute: 'name.full', derived: true },
    dob: { attribute: 'birthDate', date: 'dd.mm.yyyy' },
    email1: 'emails',
    email2: 'emails',
    phone_work: { attribute: 'phones', label: 'work' },
    phone_mobile: { attribute: 'phones', label: 'mobile' },
    street_number: { attribute: 'addresses.street', label: 'home', join: ' ', pattern: '\\d+[a-z]?' },
    street: { attribute: 'addresses.street', label: 'home', join: ' ' },
    city: { attribute: 'addresses.locality', label: 'home' },
    work_city: { attribute: 'addresses.locality', label: 'work' },
    tax_no: { attribute: 'identifiers', issuer: 'tax' },
    masto: { attribute: 'onlineServices', service: 'mastodon' },
    masto_url: { attribute: 'onlineServices.uri', service: 'mastodon' },
    newsletter: {
      attribute: 'consents',
      purpose: 'marketing',
      channel: 'email',
      granted: ['1', 'yes'],
      withdrawn: ['0', 'no'],
    },
    do_not_call: { attribute: 'consents', purpose: 'marketing', channel: 'phone', withdrawn: ['1'] },
    tags: { attribute: 'links', split: ';' },
    tier: { attribute: 'extra.tier', values: { G: 'gold', S: 'silver' } },
    visits: { attribute: 'extra.visits', type: 'number' },
    unused: null,
  },
  constants: { language: 'de' },
  write: { source: 'unsilo' },
};
const mapping = fieldMapping(crm);

test('a record becomes a party, field by field', () => {
  const { state, problems } = mapping.decode({
    first_name: 'Ada',
    last_name: 'Lovelace',
    dob: '10.12.1815',
    email1: 'ada@example.com',
    email2: '',
    phone_mobile: '+44 20 7946 0958',
    street_number: '12',
    street: "St James's Square",
    city: 'London',
    work_city: '   ',
    tax_no: 4711,
    masto: 'ada@social.example',
    masto_url: 'https://social.example/@ada',
    newsletter: 'Yes',
    do_not_call: '0',
    tags: 'https://a.example; https://b.example',
    tier: 'G',
    visits: '7',
    other: 'not mapped',
  });
  expect(problems).toEqual([]);
  expect(state).toEqual({
    kind: 'person',
    name: { given: 'Ada', surname: 'Lovelace' },
    birthDate: '1815-12-10',
    language: 'de',
    emails: [{ address: 'ada@example.com' }],
    phones: [{ number: '+44 20 7946 0958', label: 'mobile' }],
    addresses: [{ street: "12 St James's Square", locality: 'London', label: 'home' }],
    identifiers: [{ issuer: 'tax', value: '4711' }],
    onlineServices: [{ service: 'mastodon', user: 'ada@social.example', uri: 'https://social.example/@ada' }],
    consents: [{ purpose: 'marketing', channel: 'email', status: 'granted' }],
    links: [{ uri: 'https://a.example' }, { uri: 'https://b.example' }],
    extra: { tier: 'gold', visits: 7 },
  });
});

test('a value that cannot be used is left out and told with its field, never with itself', () => {
  const { state, problems } = mapping.decode({
    last_name: 'Doe',
    dob: '31.02.1999',
    visits: '9007199254740993',
    tags: 'secretly',
  });
  expect(state).toEqual({ kind: 'person', name: { surname: 'Doe' }, language: 'de' });
  expect(problems.map(({ field, code }) => [field, code])).toEqual([
    ['dob', 'UNSILO_MAPPING_BAD_DATE'],
    ['visits', 'UNSILO_MAPPING_BAD_NUMBER'],
    ['tags', 'UNSILO_MAPPING_BAD_URI'],
  ]);
  expect(JSON.stringify(problems)).not.toMatch(/31\.02\.1999|9007199254740993|secretly/);
});

test('objects and lists in a mapped field are problems, not text', () => {
  const { state, problems } = mapping.decode({ last_name: { toString: 1 }, email1: ['a'] });
  expect(state).toEqual({ kind: 'person', language: 'de' });
  expect(problems.map((p) => p.code)).toEqual(['UNSILO_MAPPING_NOT_A_SCALAR', 'UNSILO_MAPPING_NOT_A_SCALAR']);
});

test('fields named like members of every object are plain fields', () => {
  const odd = fieldMapping({ fields: { constructor: 'name.given', toString: 'name.surname' } });
  expect(odd.decode({ name: 'x' }).state).toEqual({ kind: 'person' });
  expect(odd.decode(JSON.parse('{"constructor":"Ada","__proto__":"x"}') as object as never).state.name).toEqual({
    given: 'Ada',
  });
});

test('the kind comes from a field where one tells it', () => {
  expect(mapping.decode({ type: 'company' }).state.kind).toBe('organization');
  expect(mapping.encodeState({ kind: 'organization' }).fields).toMatchObject({ type: 'company', source: 'unsilo' });
});

describe('writing', () => {
  test('only the fields of the given attributes are answered; null clears', () => {
    expect(mapping.encode({ 'name.given': 'Augusta', birthDate: null, 'extra.tier': 'silver' }).fields).toEqual({
      first_name: 'Augusta',
      dob: '',
      tier: 'S',
    });
  });

  test('derived fields are never written', () => {
    expect(mapping.encode({ 'name.full': 'Ada Lovelace' }).fields).toEqual({});
  });

  test('elements stay where they stand, labelled ones go to their places, others to free ones', () => {
    const current = { email1: 'old@example.com', email2: 'ada@example.com', phone_work: '1' };
    expect(
      mapping.encode(
        {
          emails: [{ address: 'ada@example.com' }, { address: 'new@example.com' }],
          phones: [{ number: '2', label: 'mobile' }],
        },
        current,
      ).fields,
    ).toEqual({ email1: 'new@example.com', email2: 'ada@example.com', phone_work: '', phone_mobile: '2' });
    expect(mapping.encode({ phones: [{ number: '3' }] }, { phone_mobile: '3' }).fields).toEqual({
      phone_work: '',
      phone_mobile: '3',
    });
  });

  test('a place can be named by its slot of the profile', () => {
    const emails = [
      { address: 'b@x.example', label: 'email2' },
      { address: 'a@x.example', label: 'email1' },
    ];
    expect(mapping.encode({ emails }).fields).toEqual({ email1: 'a@x.example', email2: 'b@x.example' });
  });

  test('what has no place is told, and the rest written', () => {
    const { fields, problems } = mapping.encode({
      emails: [{ address: 'a@x.example' }, { address: 'b@x.example' }, { address: 'c@x.example' }],
      identifiers: [{ issuer: 'other', value: '1' }],
    });
    expect(fields).toEqual({ email1: 'a@x.example', email2: 'b@x.example', tax_no: '' });
    expect(problems.map(({ code, attribute }) => [code, attribute])).toEqual([
      ['UNSILO_MAPPING_NO_PLACE', 'emails'],
      ['UNSILO_MAPPING_NO_PLACE', 'identifiers'],
    ]);
  });

  test('joined fields are divided so that they read back as written', () => {
    const value = [{ street: '7b Baker Street', locality: 'London', label: 'home' }];
    expect(mapping.encode({ addresses: value }).fields).toMatchObject({ street_number: '7b', street: 'Baker Street' });
    const unnumbered = [{ street: 'Baker Street', label: 'home' }];
    expect(mapping.encode({ addresses: unnumbered }).fields).toMatchObject({
      street_number: '',
      street: 'Baker Street',
    });
  });

  test('a value that the field cannot say is refused by name, not bent', () => {
    const { fields, problems } = mapping.encode({
      'extra.tier': 'G',
      links: [{ uri: 'https://a.example/;b' }],
      consents: [{ purpose: 'marketing', channel: 'phone', status: 'granted' }],
    });
    expect(fields).toEqual({ newsletter: '' });
    expect(problems.map((p) => [p.code, p.field])).toEqual([
      ['UNSILO_MAPPING_NOT_EXPRESSIBLE', 'tier'],
      ['UNSILO_MAPPING_NOT_EXPRESSIBLE', 'tags'],
      ['UNSILO_MAPPING_NOT_EXPRESSIBLE', 'do_not_call'],
    ]);
  });
});

test('the profile says what can be written where', () => {
  expect(mapping.attributes()).toMatchObject({
    'name.given': { writable: true, rewrites: [{ rule: 'truncate', length: 20 }] },
    'name.full': { writable: false, derived: true },
    phones: { writable: true, slots: ['work', 'mobile'] },
    emails: { slots: ['email1', 'email2'] },
    addresses: { slots: ['home', 'work'] },
  });
  for (const attribute of ['links', 'identifiers', 'consents'])
    expect(mapping.attributes()[attribute]).not.toHaveProperty('slots');
});

test('fields that tell who somebody is are known', () => {
  expect(['email1', 'last_name', 'phone_work', 'dob'].every((field) => mapping.isPersonal(field))).toBe(true);
  expect(['tier', 'newsletter', 'source'].some((field) => mapping.isPersonal(field))).toBe(false);
});

describe('mistakes in a mapping are told with their field and what was meant', () => {
  test.each([
    ['firstName', 'name.given'],
    ['name.givn', 'name.given'],
    ['email', 'emails'],
    ['adresses.street', 'addresses.street'],
    ['address.zip', 'addresses.postcode'],
  ])('%s', (attribute, meant) => {
    const attempt = () => fieldMapping({ fields: { f: attribute } });
    expect(attempt).toThrow(TerminalError);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'UNSILO_MAPPING_UNKNOWN_ATTRIBUTE', hint: `Did you mean ${meant}?` }),
    );
    expect(attempt).toThrow(/field "f"/);
  });

  test.each<[string, MappingConfig['fields'][string]]>([
    ['an identifier without issuer', 'identifiers'],
    ['a label on a scalar', { attribute: 'name.given', label: 'x' }],
    ['a consent without values', { attribute: 'consents', purpose: 'p' }],
    ['split on an address', { attribute: 'addresses.street', split: ';' }],
    ['a type on a name', { attribute: 'name.given', type: 'number' }],
    ['a date on a name', { attribute: 'name.given', date: 'yyyy' }],
    ['a pattern that is none', { attribute: 'name.given', join: ' ', pattern: '(' }],
  ])('%s', (_, rule) => {
    expect(() => fieldMapping({ fields: { f: rule } })).toThrow(
      expect.objectContaining({ code: 'UNSILO_MAPPING_BAD_RULE' }),
    );
  });

  test('a form of a date that is none', () => {
    expect(() => fieldMapping({ fields: { f: { attribute: 'birthDate', date: 'yy-mm' } } })).toThrow(
      expect.objectContaining({ code: 'UNSILO_MAPPING_BAD_DATE_FORM' }),
    );
  });
});

test('the configuration changes single fields of the defaults', () => {
  const merged = mergeMappings(crm, { fields: { first_name: null, vorname: 'name.given' } });
  expect(fieldMapping(merged).decode({ first_name: 'x', vorname: 'Ada' }).state.name).toEqual({ given: 'Ada' });
  expect(mergeMappings(crm, undefined)).toBe(crm);
});

describe('properties', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom('', ' ', 'G', '0', '1', 'yes', '__proto__'),
  );
  const record = fc.record(
    Object.fromEntries(
      Object.keys(crm.fields).map((field) => [field, fc.oneof(text, fc.integer(), fc.constant(null))]),
    ),
    { requiredKeys: [] },
  );

  test('decode(encode(x)) = x for every x that a record can say', () => {
    fc.assert(
      fc.property(record, (given) => {
        const { state } = mapping.decode(given);
        const { fields } = mapping.encodeState(state);
        expect(withoutUnsaid(mapping.decode(fields).state as never)).toEqual(withoutUnsaid(state as never));
      }),
      { numRuns: 500 },
    );
  });

  test('decode never throws and keeps to the same answer', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(crm.fields)), fc.anything()), (given) => {
        expect(mapping.decode(given)).toEqual(mapping.decode(given));
      }),
    );
  });
});

/** What decoding reads and encoding can't or mustn't write: derived names, values outside of a table that are also its keys. */
function withoutUnsaid(state: { name?: { full?: string }; extra?: { tier?: unknown } }): Record<string, unknown> {
  const { full, ...name } = state.name ?? {};
  void full;
  const { tier, ...extra } = state.extra ?? {};
  const kept = tier === 'gold' || tier === 'silver' ? { tier } : {};
  return { ...state, name, extra: { ...extra, ...kept } };
}
