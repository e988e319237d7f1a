import {
  createLinkage,
  DEFAULT_LINKAGE_MODEL,
  modelProblems,
  quality,
  trainModel,
} from '../../src/domain/linkage/index.js';
import { customers, historical, sites, type Labelled } from './synthetic.js';

const KINDS = { 'extra.birthplace': 'place', 'extra.trade': 'text' } as const;

function f1({ records, truth }: Labelled, model = trainModel(records, 'trained', { kinds: KINDS }).model): number {
  const linkage = createLinkage(model, { kinds: KINDS });
  for (const record of records) linkage.upsert(record);
  linkage.settle();
  return quality(linkage.clusters(), truth).pairwise.f1;
}

describe('one training procedure for all', () => {
  it.each([
    [
      'customers in families, with moves and slips',
      customers(31, 1200, { missing: 0.12, wrong: 0.05, changed: 0.2 }),
      0.93,
    ],
    ['sites of companies, chains and centres', sites(32, 1200), 0.99],
    ['historical persons of whom many records speak', historical(33, 1200), 0.95],
  ])('%s: pairwise F1 without labels', (_, set, least) => {
    const trained = f1(set);
    expect(trained).toBeGreaterThan(least);
    expect(trained).toBeGreaterThan(f1(set, DEFAULT_LINKAGE_MODEL));
  });

  it('the shipped model works untrained', () => {
    expect(
      f1(customers(34, 1200, { missing: 0.12, wrong: 0.05, changed: 0.2 }), DEFAULT_LINKAGE_MODEL),
    ).toBeGreaterThan(0.9);
  });
});

describe('training', () => {
  const { records, truth } = customers(35, 600, { missing: 0.2, wrong: 0.1, changed: 0.3 });

  it('gives a model file that passes its own check, also after being written and read', () => {
    const { model } = trainModel(records, 'v');
    expect(modelProblems(JSON.parse(JSON.stringify(model)))).toEqual([]);
    expect(modelProblems(DEFAULT_LINKAGE_MODEL)).toEqual([]);
  });

  it('says what is wrong with a model file, and where', () => {
    const model = JSON.parse(JSON.stringify(DEFAULT_LINKAGE_MODEL));
    model.person.attributes['emails'].m = [1];
    model.person.household = { contact: '14' };
    model.organization.prior = '1';
    expect(modelProblems(model)).toEqual([
      'person.household.address: must be a number of bits.',
      'person.household.family: must be a number of bits.',
      'person.household.namesake: must be a number of bits.',
      'person.household.moved: must be a number of bits.',
      'person.household.contact: must be a number of bits.',
      'person.attributes.emails.m: must be 6 shares above 0, for exact, close, local, near, domain, differs.',
      'organization.prior: must be a number of bits.',
    ]);
    expect(modelProblems([])).toEqual(['The model is no object.']);
  });

  it('reports m and u of every level, shares that sum to one', () => {
    const { levels, person } = trainModel(records, 'v');
    const given = levels.filter(({ attribute }) => attribute === 'name.given');
    expect(given.map(({ level }) => level)).toEqual([
      'exact',
      'nickname',
      'initial',
      'close',
      'fuzzy',
      'swapped',
      'cross',
      'differs',
    ]);
    expect(given.reduce((sum, { m }) => sum + m, 0)).toBeCloseTo(1, 2);
    expect(given.reduce((sum, { u }) => sum + u, 0)).toBeCloseTo(1, 2);
    expect(person?.expectedMatches).toBeGreaterThan(100);
    expect(person?.blockingLoss).toBeLessThan(0.2);
  });

  it('warns where records are too few to tell', () => {
    const { person } = trainModel(records.slice(0, 30), 'v');
    expect(person?.warnings.join('\n')).toContain('leans on the shipped model');
    expect(trainModel(records.slice(0, 5), 'v').person).toBeUndefined();
  });

  it('tells from the records what one mailbox says of two who are called differently', () => {
    for (const seed of [51, 52, 53]) {
      const families = customers(seed, 1500, { missing: 0.15, wrong: 0.08, changed: 0.2 }, 4, 4);
      expect(f1(families, trainModel(families.records, 'v').model)).toBeGreaterThan(0.9);
    }
  });

  it('takes labels into account', () => {
    // Somebody says that whoever has another birth date is somebody else all the same.
    const labels = records
      .slice(0, 150)
      .flatMap(({ ref: a }) =>
        records.slice(0, 150).flatMap(({ ref: b }) => (a < b ? [{ a, b, same: truth.get(a) === truth.get(b) }] : [])),
      );
    const plain = trainModel(records, 'v').model;
    const labelled = trainModel(records, 'v', { labels }).model;
    expect(labelled.person).not.toEqual(plain.person);
    expect(f1({ records, truth }, labelled)).toBeGreaterThan(0.75);
  });
});
