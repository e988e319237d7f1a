import { createLinkage, DEFAULT_LINKAGE_MODEL, trainModel, type LinkageModel } from '../../src/domain/linkage/index.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { customers } from './synthetic.js';

const TRAINED = trainModel(customers(21, 1500, { missing: 0.15, wrong: 0.05, changed: 0.2 }).records, 'trained').model;
const MODELS: [string, LinkageModel][] = [
  ['shipped', DEFAULT_LINKAGE_MODEL],
  ['trained', TRAINED],
];

interface Said {
  given?: string;
  surname?: string;
  suffix?: string;
  born?: string;
  email?: string;
  phone?: string;
  home?: [number: string, street: string, city: string, postcode: string];
  account?: string;
  page?: string;
  employer?: string;
}

function person(
  ref: string,
  { given, surname, suffix, born, email, phone, home, account, page, employer }: Said,
): LinkageRecord {
  const list = (value: string | undefined): string[] => (value === undefined ? [] : [value]);
  return {
    ref,
    kind: 'person',
    names: [{ ...(given && { given }), ...(surname && { surname }), ...(suffix && { suffix }) }],
    addresses: home ? [{ number: home[0], street: home[1], locality: home[2], postcode: home[3] }] : [],
    values: {
      birthDate: list(born),
      emails: list(email),
      phones: list(phone),
      onlineServices: list(account),
      links: list(page),
      organizations: list(employer),
    },
  };
}

function clustersOf(model: LinkageModel, records: readonly LinkageRecord[]): string[][] {
  const linkage = createLinkage(model);
  for (const record of records) linkage.upsert(record);
  linkage.settle();
  return linkage.clusters();
}

const HOME: [string, string, string, string] = ['12', 'Garden Lane', 'Wexham', '40211'];
const STAFF = [
  ['Olga', 'Petrova'],
  ['Hans', 'Becker'],
  ['Maria', 'Silva'],
  ['John', 'Whitfield'],
  ['Aisha', 'Rahman'],
  ['Pierre', 'Dubois'],
  ['Kenji', 'Tanaka'],
  ['Lena', 'Horvath'],
  ['Tom', 'Eriksen'],
] as const;

describe.each(MODELS)('with the %s model', (_, model) => {
  const apart = (records: readonly LinkageRecord[]): void =>
    expect(clustersOf(model, records)).toEqual(records.map(({ ref }) => [ref]).sort());
  const together = (records: readonly LinkageRecord[]): void =>
    expect(clustersOf(model, records)).toEqual([records.map(({ ref }) => ref).sort()]);

  it('one person with a slip of the pen is one', () =>
    together([
      person('a', { given: 'Johanna', surname: 'Whitfield', born: '1980-02-11', email: 'jw@example.org', home: HOME }),
      person('b', { given: 'Johana', surname: 'Whitfield', born: '1980-11-02', email: 'jw@example.org' }),
      person('c', { given: 'Whitfield', surname: 'Johanna', born: '1980-02-11', home: HOME }),
    ]));

  it('colleagues behind one switchboard number are not one', () =>
    apart(
      STAFF.map(([given, surname], i) =>
        person(`s${i}`, { given, surname, phone: '+442079460000', employer: 'Acme Ltd', home: HOME }),
      ),
    ));

  it('two colleagues behind one number are not one', () =>
    apart(STAFF.slice(0, 2).map(([given, surname], i) => person(`s${i}`, { given, surname, phone: '+442079460123' }))));

  it('who reads info@ is not one', () =>
    apart(
      STAFF.slice(0, 5).map(([given, surname], i) =>
        person(`s${i}`, { given, surname, email: 'info@acme.example.com' }),
      ),
    ));

  it('a family that shares name, phone and address is not one', () =>
    apart(
      ['Helga', 'Ruprecht', 'Ottilie', 'Frida'].map((given, i) =>
        person(`f${i}`, { given, surname: 'Habermann', phone: '+442079461234', home: HOME }),
      ),
    ));

  it('a couple that shares a mailbox is not one', () =>
    apart([
      person('a', { given: 'Helga', surname: 'Habermann', email: 'habermann@post.example.org' }),
      person('b', { given: 'Ruprecht', surname: 'Habermann', email: 'habermann@post.example.org' }),
    ]));

  it('a couple that shares a mailbox, phone and address is not one', () =>
    apart(
      ['Helga', 'Ruprecht'].map((given, i) =>
        person(`f${i}`, {
          given,
          surname: 'Habermann',
          email: 'habermann@post.example.org',
          phone: '+442079461234',
          home: HOME,
        }),
      ),
    ));

  it('who lives together under two names, with one mailbox and one phone, is not one', () =>
    apart([
      person('a', {
        given: 'Olga',
        surname: 'Petrova',
        email: 'nest@post.example.org',
        phone: '+442079461234',
        home: HOME,
      }),
      person('b', {
        given: 'Hans',
        surname: 'Becker',
        email: 'nest@post.example.org',
        phone: '+442079461234',
        home: HOME,
      }),
    ]));

  it('two who work with one mailbox, phone and account are not one', () =>
    apart([
      person('a', {
        given: 'Olga',
        surname: 'Petrova',
        email: 'bridge@ship.example.com',
        phone: '+442079461234',
        account: 'x:bridge',
        employer: 'Ship Ltd',
        home: HOME,
      }),
      person('b', {
        given: 'Hans',
        surname: 'Becker',
        email: 'bridge@ship.example.com',
        phone: '+442079461234',
        account: 'x:bridge',
        employer: 'Ship Ltd',
        home: HOME,
      }),
    ]));

  it('who marries and keeps mailbox and phone is one', () =>
    together([
      person('a', { given: 'Helga', surname: 'Habermann', email: 'helga@post.example.org', phone: '+442079461234' }),
      person('b', { given: 'Helga', surname: 'Petrova', email: 'helga@post.example.org', phone: '+442079461234' }),
    ]));

  it('who goes by another given name is one by mailbox and birth date', () =>
    together([
      person('a', { given: 'Helga', surname: 'Habermann', email: 'habermann@post.example.org', born: '1980-02-11' }),
      person('b', { given: 'Ruprecht', surname: 'Habermann', email: 'habermann@post.example.org', born: '1980-02-11' }),
    ]));

  it('a profile link joins somebody with a pseudonym', () => {
    const owl = { account: 'mastodon:owl@social.example', page: 'https://social.example/@owl' };
    together([
      person('a', { given: 'Olga', surname: 'Petrova', ...owl }),
      person('b', { given: 'Night', surname: 'Owl', ...owl }),
    ]);
  });

  it('father and son of one name are two: birth dates a generation apart', () =>
    apart([
      person('father', {
        given: 'George',
        surname: 'Habermann',
        born: '1948-03-12',
        phone: '+442079461234',
        home: HOME,
      }),
      person('son', { given: 'George', surname: 'Habermann', born: '1975-10-30', phone: '+442079461234', home: HOME }),
    ]));

  it('father and son of one name are two: senior and junior', () =>
    apart([
      person('father', { given: 'George', surname: 'Habermann', suffix: 'Sr.', home: HOME }),
      person('son', { given: 'George', surname: 'Habermann', suffix: 'Jr.', home: HOME }),
    ]));

  it('who posts with the account of a company is not one', () =>
    apart(STAFF.slice(0, 4).map(([given, surname], i) => person(`s${i}`, { given, surname, account: 'x:acmecorp' }))));

  it('placeholders join nobody', () =>
    apart([
      person('a', { given: 'Olga', surname: 'Petrova', phone: '000-000-0000', email: 'test@test.com' }),
      person('b', { given: 'Hans', surname: 'Becker', phone: '000-000-0000', email: 'test@test.com' }),
      person('c', { given: 'N/A', surname: 'N/A', phone: '+49 1111111', email: 'none@none.com' }),
      person('d', {
        given: 'n/a',
        surname: 'unknown',
        phone: '+49 1111111',
        email: 'none@none.com',
        born: '1900-01-01',
      }),
      person('e', { born: '1900-01-01', home: ['N/A', 'N/A', 'n.a.', '-'] }),
    ]));

  it('namesakes are not one by their name alone', () =>
    apart([person('a', { given: 'James', surname: 'Smith' }), person('b', { given: 'James', surname: 'Smith' })]));

  it('a chain of near matches does not join a crowd', () => {
    // Each resembles the next; the first and the last have nothing in common.
    const names = ['Marla', 'Marlo', 'Marco', 'Macro', 'Micro', 'Mirco', 'Mirko', 'Mirka', 'Erika', 'Erica', 'Elica'];
    const records = names.map((given, i) =>
      person(`n${String(i).padStart(2, '0')}`, {
        given,
        surname: 'Kovalenko',
        born: `19${60 + i}-0${1 + (i % 9)}-1${i % 10}`,
      }),
    );
    const largest = Math.max(...clustersOf(model, records).map((cluster) => cluster.length));
    expect(largest).toBeLessThanOrEqual(3);
  });
});

describe('a value on many names', () => {
  const crew = STAFF.map(([given, surname], i) =>
    person(`s${i}`, { given, surname, email: 'bridge@ship.example.com' }),
  );
  const twice = [
    person('x', { given: 'James', surname: 'Brown', email: 'bridge@ship.example.com' }),
    person('y', { given: 'J.', surname: 'Brown', email: 'bridge@ship.example.com' }),
  ];

  it('stops counting for records that it has joined already, and counts again when the others are gone', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    for (const record of twice) linkage.upsert(record);
    linkage.settle();
    expect(linkage.clusterOf('x')).toEqual(['x', 'y']);
    for (const record of crew) linkage.upsert(record);
    linkage.settle();
    expect(linkage.clusterOf('x')).toEqual(['x']);
    expect(linkage.explain('x', 'y')?.generic).toEqual(['emails bridge@ship.example.com']);
    expect(linkage.report().person.genericValues).toBe(1);
    for (const { ref } of crew) linkage.remove(ref);
    linkage.settle();
    expect(linkage.clusterOf('x')).toEqual(['x', 'y']);
  });

  it('stops counting for records without a name as well: two that came before the crowd once stayed one', () => {
    const nameless = ['m', 'n'].map((ref) => person(ref, { given: '', surname: '', email: 'bridge@ship.example.com' }));
    for (const order of [
      [...nameless, ...crew],
      [...crew, ...nameless],
    ]) {
      const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
      for (const record of order) linkage.upsert(record);
      linkage.settle();
      expect(linkage.clusterOf('m')).toEqual(['m']);
    }
  });
});

describe('a steward', () => {
  const a = person('a', { given: 'Ada', surname: 'Lovelace', email: 'ada@example.org', born: '1915-12-10' });
  const b = person('b', { given: 'Ada', surname: 'Lovelace', email: 'ada@example.org', born: '1915-12-10' });
  const c = person('c', { given: 'Charles', surname: 'Babbage' });

  it('keeps apart what evidence joins, and joins what it does not, until the word is taken back', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    for (const record of [a, b, c]) linkage.upsert(record);
    linkage.decide('a', 'b', 'apart');
    linkage.decide('b', 'c', 'link');
    linkage.settle();
    expect(linkage.clusters()).toEqual([['a'], ['b', 'c']]);
    expect(linkage.explain('a', 'b')?.why).toContain('steward');
    linkage.decide('a', 'b', undefined);
    linkage.decide('b', 'c', undefined);
    linkage.settle();
    expect(linkage.clusters()).toEqual([['a', 'b'], ['c']]);
  });

  it('is not overruled by an identifier that policy calls exclusive, but evidence is', () => {
    const model = structuredClone(DEFAULT_LINKAGE_MODEL);
    model.person.exclusive = ['identifiers:tax'];
    const withTax = (record: LinkageRecord, tax: string): LinkageRecord => ({
      ...record,
      values: { ...record.values, 'identifiers:tax': [tax] },
    });
    expect(clustersOf(model, [withTax(a, 'DE811115432'), withTax(b, 'DE811115999')])).toEqual([['a'], ['b']]);
    expect(clustersOf(model, [withTax(a, 'DE811115432'), withTax(b, 'DE 811 115 432')])).toEqual([['a', 'b']]);
  });
});

it.each(MODELS)('%s: where names are not enough, a name that nobody else has waits for a steward', (_, model) => {
  const rare = { given: 'Zoltana', surname: 'Quickenborough' };
  const { threshold, review } = model.person;
  const bounded = { ...model, person: { ...model.person, nameAlone: threshold - 1 / 1024 } };
  const linkage = createLinkage(bounded);
  linkage.upsert(person('a', rare));
  linkage.upsert(person('b', rare));
  linkage.upsert(person('c', { ...rare, born: '1980-03-07' }));
  linkage.upsert(person('d', { ...rare, born: '1980-03-07' }));
  linkage.settle();
  expect(linkage.clusters()).toEqual([['a'], ['b'], ['c', 'd']]);
  const bits = linkage.explain('a', 'b')?.bits ?? 0;
  expect(bits).toBeLessThan(threshold);
  expect(bits).toBeGreaterThanOrEqual(review);
});
