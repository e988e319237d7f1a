import fc from 'fast-check';
import { createLinkage, DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/index.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';

/** Level at which an attribute of two records is compared; undefined where one has no value. */
function levelOf(attribute: string, a: Partial<LinkageRecord>, b: Partial<LinkageRecord>): string | undefined {
  const linkage = createLinkage(DEFAULT_LINKAGE_MODEL, { country: 'GB' });
  linkage.upsert({ kind: 'person', ...a, ref: 'a' });
  linkage.upsert({ kind: 'person', ...b, ref: 'b' });
  return linkage.explain('a', 'b')?.evidence.find((e) => e.attribute === attribute)?.level;
}

const full = (text: string): Partial<LinkageRecord> => ({ names: [{ full: text }] });

describe('names of persons', () => {
  it.each([
    ['Robert Miller', 'Bob Miller', 'name.given', 'nickname'],
    ['R. Miller', 'Robert Miller', 'name.given', 'initial'],
    ['Rob Miller', 'Robert Miller', 'name.given', 'nickname'],
    ['Robret Miller', 'Robert Miller', 'name.given', 'close'],
    ['José García', 'Jose Garcia', 'name.surname', 'exact'],
    ['Миллер, Роберт', 'Robert Miller', 'name.surname', 'exact'],
    ['Ольга Петрова', 'Olga Petrova', 'name.given', 'exact'],
    ['Miller, Robert', 'Robert Miller', 'name.given', 'exact'],
    ['Dr. Robert J. Miller PhD', 'Robert Miller', 'name.surname', 'exact'],
    ['Ludwig van Beethoven', 'Ludwig Beethoven', 'name.surname', 'part'],
    ['Ludwig van der Berg', 'Ludwig Vanderberg', 'name.surname', 'exact'],
    ['Ana García-López', 'Ana Garcia', 'name.surname', 'part'],
    ["Sean O'Brien", 'Sean OBrien', 'name.surname', 'exact'],
    ['Mary Ann Fisher', 'Mary Fisher', 'name.given', 'exact'],
    ['Robert Miller Jr.', 'Robert Miller Sr.', 'name.suffix', 'differs'],
    ['Robert Miller II', 'Robert Miller, III', 'name.suffix', 'differs'],
    ['Robert Miller', 'Anna Kowalska', 'name.given', 'differs'],
    ['Robert Miller', 'Anna Kowalska', 'name.surname', 'differs'],
  ])('%s and %s: %s is %s', (a, b, attribute, level) => {
    expect(levelOf(attribute, full(a), full(b))).toBe(level);
  });

  it('given and family name the other way round are a level of their own', () => {
    const straight = { names: [{ given: 'Willow', surname: 'Jones' }] };
    expect(levelOf('name.given', straight, { names: [{ given: 'Jones', surname: 'Willow' }] })).toBe('swapped');
    expect(levelOf('name.surname', straight, { names: [{ given: 'Jones', surname: 'Willow' }] })).toBeUndefined();
  });

  it('a lone name that is the family name of the other is less than a swap', () => {
    expect(
      levelOf('name.given', { names: [{ given: 'Jones' }] }, { names: [{ given: 'Willow', surname: 'Jones' }] }),
    ).toBe('cross');
  });

  it('of several names the pair that agrees best counts', () => {
    const alias = { names: [{ full: 'Robert Zimmerman' }, { full: 'Bob Dylan' }] };
    expect(levelOf('name.surname', alias, full('Bob Dylan'))).toBe('exact');
  });
});

describe('other attributes', () => {
  const value = (attribute: string, text: string): Partial<LinkageRecord> => ({ values: { [attribute]: [text] } });
  it.each([
    ['birthDate', '1980-02-11', '11.02.1980', 'exact'],
    ['birthDate', '1980-02-11', '1980-11-02', 'typo'],
    ['birthDate', '1980-02-11', '1980-02-12', 'typo'],
    ['birthDate', '1980-02-11', '1980-02-25', 'parts'],
    ['birthDate', '1980-02-11', '1980-07-25', 'near'],
    ['birthDate', '1980-02-11', '2007-07-25', 'generation'],
    ['birthDate', '19601310', '1960-13-10', 'exact'],
    ['emails', 'Ada@Example.org', 'mailto:ada@example.org', 'exact'],
    ['emails', 'ada+news@example.org', 'ada@example.org', 'exact'],
    ['emails', 'a.d.a@gmail.com', 'ada@gmail.com', 'exact'],
    ['emails', 'ada.lovelace@example.org', 'ada.lovelaec@example.org', 'close'],
    ['emails', 'ada.lovelace@example.org', 'ada.lovelace@other.net', 'local'],
    ['emails', 'ada@engines.example.org', 'charles@engines.example.org', 'domain'],
    ['emails', 'ada1@gmail.com', 'ada2@gmail.com', 'differs'],
    ['phones', '020 7946 0958', '+44 20 7946 0958', 'exact'],
    ['phones', '+44 20 7946 0958', '+44 20 7946 0985', 'close'],
    ['phones', '+44 20 7946 0958', '+44 20 7946 0111', 'differs'],
    ['onlineServices', 'x:@AdaL', 'x:adal', 'exact'],
    ['onlineServices', 'x:adal', 'instagram:adal', 'user'],
    ['links', 'https://www.example.org/ada/', 'example.org/ada', 'exact'],
    ['identifiers:vat', 'DE 811.115.432', 'de811115432', 'exact'],
    ['identifiers:vat', 'DE811115432', 'DE811115423', 'close'],
    ['organizations', 'Acme Widgets, Inc.', 'ACME Widgets GmbH', 'exact'],
    ['organizations', 'Acme Widgets Intl', 'Acme Widgets International', 'exact'],
    ['organizations', 'International Business Machines Corp.', 'IBM', 'acronym'],
    ['organizations', 'Acme Widgets', 'Bolt & Nut Services', 'differs'],
    ['titles', 'Senior Software Engineer', 'Software Engineer', 'close'],
  ])('%s: %s and %s are %s', (attribute, a, b, level) => {
    expect(levelOf(attribute, value(attribute, a), value(attribute, b))).toBe(level);
  });

  it('a link from one to the profile of the other is that account', () => {
    expect(levelOf('onlineServices', value('links', 'https://x.com/adal'), value('onlineServices', 'x:adal'))).toBe(
      'exact',
    );
  });

  it('addresses are taken apart where they stand in one line', () => {
    const whole = { addresses: [{ full: '12 Garden Lane, Apt 3, Wexham NY 40211' }] };
    const parts = { addresses: [{ number: '12', street: 'Garden Ln', locality: 'Wexham', postcode: '40211' }] };
    expect(levelOf('addresses.street', whole, parts)).toBe('exact');
    expect(levelOf('addresses.number', whole, parts)).toBe('exact');
    expect(levelOf('addresses.locality', whole, parts)).toBe('exact');
    expect(levelOf('addresses.postcode', whole, parts)).toBe('exact');
  });

  it('a line without commas has its region and postcode at the end', () => {
    const line = { addresses: [{ full: '1515 Adela Lane Las Vegas NV 89111' }] };
    const parts = { addresses: [{ full: '1515 Adela Ln, Las Vegas, NV 89111' }] };
    expect(levelOf('addresses.number', line, parts)).toBe('exact');
    expect(levelOf('addresses.street', line, parts)).toBe('close');
    expect(levelOf('addresses.region', line, parts)).toBe('exact');
    expect(levelOf('addresses.postcode', line, parts)).toBe('exact');
  });

  it.each([
    ['phones', '000-000-0000'],
    ['phones', '1234567'],
    ['emails', 'test@test.com'],
    ['emails', 'noreply@example.org'],
    ['identifiers:tax', '000000000'],
    ['birthDate', '1900-01-01'],
    ['organizations', 'N/A'],
    ['titles', 'unknown'],
  ])('%s %s is a missing value', (attribute, text) => {
    expect(levelOf(attribute, value(attribute, text), value(attribute, text))).toBeUndefined();
  });
});

describe('the weight of a pair', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 12, unit: 'binary' }),
    fc.constantFrom(
      'Robert',
      'Bob',
      'Smith',
      'Smyth',
      'van der Berg',
      'J.',
      'Müller',
      '1980-02-11',
      '11.02.1980',
      'a@b.org',
      '+442079460958',
    ),
  );
  const record = fc.record({
    names: fc.array(fc.record({ given: text, surname: text, middle: text }, { requiredKeys: [] }), { maxLength: 2 }),
    addresses: fc.array(
      fc.record({ number: text, street: text, locality: text, postcode: text }, { requiredKeys: [] }),
      { maxLength: 2 },
    ),
    values: fc.record(
      {
        birthDate: fc.array(text, { maxLength: 2 }),
        emails: fc.array(text, { maxLength: 2 }),
        phones: fc.array(text, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  });

  it('is the same whichever comes first and whatever they are called, and its parts add up', () => {
    fc.assert(
      fc.property(record, record, fc.constantFrom('person', 'organization'), (one, other, kind) => {
        const bits = (x: object, y: object, refs: [string, string]): number | undefined => {
          const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
          linkage.upsert({ ...x, kind, ref: refs[0] });
          linkage.upsert({ ...y, kind, ref: refs[1] });
          const explained = linkage.explain(...refs);
          if (explained) {
            const sum = explained.evidence.reduce((total, e) => total + e.bits, explained.prior + explained.household);
            expect(sum).toBeCloseTo(explained.bits, 1);
          }
          return explained?.bits;
        };
        expect(bits(one, other, ['a', 'b'])).toBe(bits(other, one, ['a', 'b']));
      }),
      { numRuns: 300 },
    );
  });
});
