import { createHash } from 'node:crypto';
import { createLinkage, DEFAULT_LINKAGE_MODEL, trainModel, type Linkage } from '../../src/domain/linkage/index.js';
import { Random } from './random.js';
import { customers, sites } from './synthetic.js';

/** More by `PERMUTATIONS=10000 npx jest services/hub/test/linkage/order`; from another seed on by `FIRST_SEED` as well, so that they can be shared out. */
const PERMUTATIONS = Number(process.env['PERMUTATIONS'] ?? 100);
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);

const { records } = customers(11, 270, { missing: 0.2, wrong: 0.1, changed: 0.2 });
const SET = [...records, ...sites(12, 30).records];
/** Keys retire and values turn generic within so few records, so that these rules are at work too. */
const MODEL = structuredClone(DEFAULT_LINKAGE_MODEL);
for (const part of [MODEL.person, MODEL.organization]) Object.assign(part, { prior: -9, keyLimit: 6, genericAbove: 2 });

function hashOf(linkage: Linkage): string {
  linkage.settle();
  return createHash('sha256').update(JSON.stringify(linkage.clusters())).digest('hex');
}

function filled(set: typeof SET): Linkage {
  const linkage = createLinkage(MODEL);
  for (const record of set) linkage.upsert(record);
  return linkage;
}

/** Says everything in any order: in between older states, repeats, records that are taken back, decisions that are, and looks. */
function disturbed(random: Random): Linkage {
  const linkage = createLinkage(MODEL);
  const decided: [string, string][] = [];
  for (const record of random.shuffle(SET)) {
    if (random.chance(0.3)) linkage.upsert({ ...random.pick(SET), ref: record.ref });
    if (random.chance(0.2)) linkage.upsert({ ...random.pick(SET), ref: `retracted/${random.below(20)}` });
    if (random.chance(0.1)) {
      const other = random.pick(SET).ref;
      linkage.decide(record.ref, other, random.pick(['link', 'apart']));
      decided.push([record.ref, other]);
    }
    if (random.chance(0.3)) linkage.settle();
    if (random.chance(0.2)) linkage.upsert(random.pick(SET));
    linkage.upsert(record);
  }
  for (let i = 0; i < 20; i += 1) linkage.remove(`retracted/${i}`);
  for (const [a, b] of decided) linkage.decide(a, b, undefined);
  // Not all: whoever speaks last finds everything as it will be.
  for (const record of random.shuffle(SET)) if (random.chance(0.1)) linkage.upsert(record);
  return linkage;
}

describe('the clusters of a set of records', () => {
  const expected = hashOf(filled(SET));

  it('are of some size, with keys that retired and values that turned generic', () => {
    const linkage = filled(SET);
    linkage.settle();
    const { person } = linkage.report();
    expect(person.retiredKeys).toBeGreaterThan(10);
    expect(person.genericValues).toBeGreaterThan(0);
    expect(person.largestCluster).toBeGreaterThan(2);
    expect(person.clusters).toBeLessThan(person.records);
  });

  it(`are the same in ${PERMUTATIONS} orders, with repeats, older states, retractions and looks in between`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + PERMUTATIONS; seed += 1) {
      const hash = hashOf(disturbed(new Random(seed)));
      if (hash !== expected) throw new Error(`Seed ${seed} gives other clusters.`);
    }
  });

  it('are the same streamed and at once', () => {
    const linkage = createLinkage(MODEL);
    for (const record of SET) {
      linkage.upsert(record);
      linkage.settle();
    }
    expect(hashOf(linkage)).toBe(expected);
  });

  it('are without a record what they would be had it never been there', () => {
    const random = new Random(5);
    for (let i = 0; i < 20; i += 1) {
      const gone = new Set(random.shuffle(SET).slice(0, 1 + random.below(40)));
      const linkage = filled(SET);
      linkage.settle();
      for (const { ref } of gone) linkage.remove(ref);
      expect(hashOf(linkage)).toBe(hashOf(filled(SET.filter((record) => !gone.has(record)))));
    }
  });

  it('do not depend on the order in components that are larger than the limit', () => {
    // Everybody resembles everybody: one component at the threshold, taken apart at higher floors.
    const crowd = customers(13, 260, { missing: 0.6, wrong: 0.1, changed: 0 }).records;
    const model = structuredClone(MODEL);
    Object.assign(model.person, { prior: -3, keyLimit: 300 });
    const hashes = [1, 2, 3, 4, 5, 6].map((seed) => {
      const linkage = createLinkage(model);
      for (const record of new Random(seed).shuffle(crowd)) {
        linkage.upsert(record);
        if (seed % 2 === 0) linkage.settle();
      }
      return hashOf(linkage);
    });
    expect(new Set(hashes).size).toBe(1);
  });
});

describe('a trained model', () => {
  it('is the same for the same records in any order', () => {
    const models = [1, 2, 3].map((seed) => JSON.stringify(trainModel(new Random(seed).shuffle(SET), 'v').model));
    expect(new Set(models).size).toBe(1);
  });
});
