import { createLinkage, DEFAULT_LINKAGE_MODEL, trainModel } from '../../src/domain/linkage/index.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';

describe('hostile records', () => {
  it('10,000 records with one e-mail and one name: the comparisons of each stay bounded', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    for (let i = 0; i < 10_000; i += 1) {
      linkage.upsert({
        ref: `r/${i}`,
        kind: 'person',
        names: [{ full: 'Same Person' }],
        values: { emails: ['one@example.org'] },
      });
      linkage.settle();
    }
    const { person } = linkage.report();
    expect(person.comparisons).toBeLessThan(10_000);
    expect(person.retiredKeys).toBeGreaterThan(0);
    expect(person.unreachable).toBe(10_000);
  });

  it('10,000 records with one e-mail and many names: it turns generic', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    for (let i = 0; i < 10_000; i += 1) {
      const letter = (n: number): string => String.fromCharCode(97 + (n % 26));
      const name = `${letter(i)}${letter(i >> 3)}${letter(i >> 5)} ${letter(i >> 2)}${letter(i >> 4)}${letter(i >> 7)}`;
      linkage.upsert({
        ref: `r/${i}`,
        kind: 'person',
        names: [{ full: name }],
        values: { emails: ['one@example.org'] },
      });
    }
    linkage.settle();
    expect(linkage.report().person.genericValues).toBe(1);
    expect(linkage.report().person.largestCluster).toBeLessThan(20);
  });

  const strange: LinkageRecord[] = [
    { ref: 'long/1', kind: 'person', names: [{ given: 'x'.repeat(10_000), surname: 'ab '.repeat(5_000) }] },
    { ref: 'long/2', kind: 'person', names: [{ given: 'x'.repeat(10_000), surname: 'ab '.repeat(5_000) }] },
    { ref: 'empty/1', kind: 'person' },
    { ref: 'empty/2', kind: 'organization', names: [{}], addresses: [{}], values: { emails: [''], unknown: ['x'] } },
    { ref: 'emoji', kind: 'person', names: [{ full: '🦄🦄🦄 👩‍👩‍👧' }], values: { emails: ['🦄@🦄'], phones: ['☎️'] } },
    {
      ref: 'rtl',
      kind: 'person',
      names: [{ given: 'فيصل', surname: 'الراشد' }],
      values: { birthDate: ['1980-01-02'] },
    },
    {
      ref: 'rtl-latin',
      kind: 'person',
      names: [{ given: 'Faisal', surname: 'Al Rashid' }],
      values: { birthDate: ['1980-01-02'] },
    },
    {
      ref: 'control',
      kind: 'person',
      names: [{ full: '\u0000\u202e\ud800 __proto__' }],
      values: { __proto__x: ['1'], links: ['http://'] },
    },
    {
      ref: 'marks',
      kind: 'person',
      names: [{ full: `e${'\u0301'.repeat(5_000)}` }],
      values: { birthDate: ['9'.repeat(9_999)] },
    },
    {
      ref: 'many',
      kind: 'person',
      names: Array.from({ length: 500 }, (_, i) => ({ full: `Name ${i} Number` })),
      values: { emails: Array.from({ length: 500 }, (_, i) => `m${i}@example.org`) },
    },
    {
      ref: 'proto',
      kind: 'person',
      names: [{ given: 'constructor', surname: '__proto__' }],
      values: { emails: ['__proto__@x.org'] },
    },
  ];

  it('crash neither matching nor training, and equal ones may meet', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    for (const record of strange) linkage.upsert(record);
    linkage.settle();
    expect(linkage.clusters().flat().sort()).toEqual(strange.map(({ ref }) => ref).sort());
    const many = Array.from({ length: 20 }, (_, i) =>
      strange.map((record) => ({ ...record, ref: `${record.ref}/${i}` })),
    ).flat();
    expect(() => trainModel(many, 'v')).not.toThrow();
  });

  it('a name in another script meets its Latin spelling', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    for (const record of strange) linkage.upsert(record);
    linkage.settle();
    expect(
      linkage.explain('rtl', 'rtl-latin')?.evidence.find(({ attribute }) => attribute === 'name.given')?.level,
    ).toBe('fuzzy');
  });

  it('letters that look Latin are read as such', () => {
    const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
    // The second has Cyrillic а, о and е.
    for (const [i, given] of ['Joanne', 'Jоаnnе'].entries())
      linkage.upsert({
        ref: `r/${i}`,
        kind: 'person',
        names: [{ given, surname: 'Whitfield' }],
        values: { birthDate: ['1980-01-02'] },
      });
    linkage.settle();
    expect(linkage.clusters()).toEqual([['r/0', 'r/1']]);
  });
});
