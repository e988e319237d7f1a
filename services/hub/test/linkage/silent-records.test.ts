import { createLinkage, DEFAULT_LINKAGE_MODEL, trainModel, type Linkage } from '../../src/domain/linkage/index.js';
import type { LinkageRecord } from '../../src/domain/linkage/profile.js';
import { Random } from './random.js';
import { customers } from './synthetic.js';

const { records } = customers(17, 200, { missing: 0.2, wrong: 0.1, changed: 0.2 });
const silent = (count: number): LinkageRecord[] =>
  Array.from({ length: count }, (_, i) => ({ ref: `made/${i}`, kind: 'person' as const }));

/** Clusters of the others. */
function clustersOf(linkage: Linkage): string[][] {
  linkage.settle();
  return linkage
    .clusters()
    .map((refs) => refs.filter((ref) => !ref.startsWith('made/')))
    .filter((refs) => refs.length > 0)
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

function filled(set: readonly LinkageRecord[], model = DEFAULT_LINKAGE_MODEL): Linkage {
  const linkage = createLinkage(model);
  for (const record of set) linkage.upsert(record);
  return linkage;
}

describe('a record that states nothing', () => {
  const expected = clustersOf(filled(records));

  it('joins and parts none of the others, whoever it belongs to, and whenever that is learnt', () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const random = new Random(seed);
      const made = silent(150);
      const linkage = createLinkage(DEFAULT_LINKAGE_MODEL);
      const owners = made.map(({ ref }) => [ref, random.pick(records).ref] as const);
      const early = random.chance(0.5);
      if (early) for (const [ref, owner] of owners) linkage.decide(ref, owner, 'link');
      for (const record of random.shuffle([...records, ...made])) {
        linkage.upsert(record);
        if (random.chance(0.1)) linkage.settle();
      }
      if (!early) for (const [ref, owner] of random.shuffle([...owners])) linkage.decide(ref, owner, 'link');
      expect(clustersOf(linkage)).toEqual(expected);
      for (const [ref, owner] of owners) expect(linkage.clusterOf(owner)).toContain(ref);
    }
  });

  it('is counted in no mean that tells why two customers are two', () => {
    const linkage = filled([
      { ref: 'a', kind: 'person', names: [{ given: 'Ada', surname: 'Byron' }] },
      { ref: 'b', kind: 'person', names: [{ given: 'Tomasz', surname: 'Kowalski' }] },
    ]);
    linkage.settle();
    const before = linkage.explain('a', 'b')?.between;
    for (const [record, owner] of [
      [silent(2)[0], 'a'],
      [silent(2)[1], 'b'],
    ] as const) {
      if (record === undefined) continue;
      linkage.upsert(record);
      linkage.decide(record.ref, owner, 'link');
    }
    linkage.settle();
    expect(linkage.explain('a', 'b')?.between).toBe(before);
  });

  it('is no evidence to a value that too many share: who has nothing else states nothing', () => {
    const model = structuredClone(DEFAULT_LINKAGE_MODEL);
    model.person.genericAbove = 3;
    const crew = ['Olga Petrova', 'Hans Becker', 'Maria Silva', 'John Whitfield', 'Aisha Rahman', 'Kenji Tanaka'];
    const mail = 'bridge@ship.example.com';
    const someone = (ref: string, full: string, ...emails: string[]): LinkageRecord => ({
      ref,
      kind: 'person',
      ...(full !== '' && { names: [{ full }] }),
      values: { emails },
    });
    const own = 'lena.horvath@example.org';
    const crowd = [
      ...crew.map((full, i) => someone(`s${i}`, full, mail)),
      someone('x', 'Lena Horvath', own),
      someone('y', 'Lena Horvath', own),
      someone('made/x', '', mail),
      someone('made/y', '', mail),
    ];
    const linkage = filled(crowd, model);
    linkage.decide('x', 'made/x', 'link');
    linkage.decide('y', 'made/y', 'link');
    linkage.settle();
    expect(linkage.clusterOf('x')).toEqual(['made/x', 'made/y', 'x', 'y']);
  });

  it('changes no model that is trained on the others', () => {
    const { model } = trainModel(records, 'v');
    expect(trainModel([...records, ...silent(300)], 'v').model).toEqual(model);
  });
});
