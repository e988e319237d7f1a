import fc from 'fast-check';
import { compareVersions, parseRef, refOf, validate, type Party, type Version } from '../src/index.js';

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
const id = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text));

function partyWith(ref: string): unknown {
  const time = '2026-03-01T09:30:00.000Z';
  const party: Party = { ref, version: { major: 0, minor: 0 }, changedAt: time, observedAt: time, deleted: true };
  return party;
}

describe('refs', () => {
  it('are read back as they were written, slashes in the id included', () => {
    fc.assert(
      fc.property(name, name, fc.oneof(id, fc.constantFrom('a/b', '/', '//x', 'é/😀', ' ')), (system, kind, own) => {
        expect(parseRef(refOf(system, kind, own))).toEqual({ system, kind, id: own });
      }),
    );
  });

  it('are refs for parseRef exactly when the schema accepts them', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(name, name, id).map((parts) => parts.join('/')),
      fc
        .array(fc.constantFrom('a', '-', 'A', '/', '\n', '\u0085', ' ', '\ud800', '😀', ''), { maxLength: 8 })
        .map((parts) => parts.join('')),
      fc.constantFrom(
        `a/b/${'x'.repeat(512)}`,
        `a/b/${'x'.repeat(513)}`,
        `a/b/${'😀'.repeat(512)}`,
        `${'a'.repeat(64)}/b/c`,
      ),
    );
    fc.assert(
      fc.property(text, (ref) => expect(parseRef(ref) !== undefined).toBe(validate('party', partyWith(ref)).ok)),
      { numRuns: 500 },
    );
  });

  it.each([
    ['', 'contact', '42'],
    ['CRM', 'contact', '42'],
    ['crm', 'con/tact', '42'],
    ['crm', '-contact', '42'],
    ['crm', 'contact', ''],
    ['crm', 'contact', '4\n2'],
    ['crm', 'contact', '\ud800'],
    ['crm', 'contact', 'x'.repeat(513)],
  ])('are not made of %j, %j, %j', (system, kind, own) => {
    expect(() => refOf(system, kind, own)).toThrow(expect.objectContaining({ code: 'UNSILO_REF_INVALID' }));
    expect(parseRef(`${system}/${kind}/${own}`)).not.toEqual({ system, kind, id: own });
  });

  it.each([
    '',
    '/',
    'crm',
    'crm/contact',
    'crm//42',
    '/contact/42',
    'crm/contact/',
    'CRM/contact/42',
    'crm/contact/4\n2',
  ])('are not read from %j', (text) => {
    expect(parseRef(text)).toBeUndefined();
  });

  it('put no id into the error, which may be personal', () => {
    expect(() => refOf('crm', 'contact', 'ada@example.com\n')).toThrow(
      /^The id of a ref must be 1 to 512 characters[^@]*$/,
    );
  });
});

describe('versions', () => {
  const version: fc.Arbitrary<Version> = fc.record({ major: fc.maxSafeNat(), minor: fc.nat() });
  const close = fc.record({ major: fc.nat(2), minor: fc.nat(2) });

  it('are ordered by major, then by minor', () => {
    const sorted = [
      { major: 2, minor: 0 },
      { major: 1, minor: 10 },
      { major: 1, minor: 9 },
    ].sort(compareVersions);
    expect(sorted).toEqual([
      { major: 1, minor: 9 },
      { major: 1, minor: 10 },
      { major: 2, minor: 0 },
    ]);
  });

  it('have one total order', () => {
    fc.assert(
      fc.property(fc.oneof(version, close), fc.oneof(version, close), fc.oneof(version, close), (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(compareVersions(b, a)) * -1 + 0);
        expect(compareVersions(a, b) === 0).toBe(a.major === b.major && a.minor === b.minor);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
