import { trainOnProfiles, type Label, type Profile } from '../../src/domain/linkage/index.js';
import type { TrainingLine } from '../../src/application/service.js';
import { history } from './history.js';
import { admin, crm, openTestHub, policyFor, seen, T0, type TestHub } from './test-hub.js';

const SYSTEMS = ['a', 'b', 'c'];

async function training(hub: TestHub): Promise<{ profiles: Profile[]; labels: Label[]; lines: TrainingLine[] }> {
  const lines: TrainingLine[] = [];
  for await (const line of hub.hub.service.trainingData(admin)) lines.push(line);
  return {
    lines,
    profiles: lines.flatMap((line) => (line.type === 'record' ? [line.profile] : [])),
    labels: lines.flatMap((line) => (line.type === 'judgement' ? [line] : [])),
  };
}

async function customersOf(hub: TestHub): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { id, members } of hub.hub.service.customers(admin)) for (const ref of members) found.set(ref, id);
  return found;
}

describe('what a hub tells training', () => {
  let hub: TestHub;
  let now = T0 + 86_400_000;
  beforeEach(async () => {
    hub = await openTestHub({ systems: SYSTEMS.map((s) => crm(s)), policy: policyFor([]), now: () => (now += 1000) });
  });
  afterEach(() => hub.close());

  const decide = async (kind: 'link' | 'unlink', refs: [string, string], undo = false): Promise<void> => {
    await hub.hub.service.decide(admin, { kind, refs, ...(undo && { undo }) });
  };

  it('are the settings, all records that say something, and the last word about each pair', async () => {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'Ada@Example.org' }] }),
      seen('b/contact/2', 2, { name: { given: 'Bea' } }),
      seen('b/contact/3', 3, { name: { given: 'Cyd' } }),
      seen('b/contact/4', 4, { name: { given: 'Dan' } }),
    );
    await hub.hub.settled();
    await decide('link', ['b/contact/2', 'a/contact/1']);
    await decide('unlink', ['a/contact/1', 'b/contact/2']);
    await decide('link', ['b/contact/3', 'b/contact/4']);
    await decide('link', ['a/contact/1', 'b/contact/3']);
    await decide('link', ['a/contact/1', 'b/contact/3'], true);
    await decide('unlink', ['a/contact/1', 'b/contact/4']);
    await decide('unlink', ['a/contact/1', 'b/contact/4'], true);
    await decide('link', ['a/contact/1', 'b/contact/4']);
    await decide('unlink', ['b/contact/2', 'b/contact/3']);
    await decide('link', ['b/contact/2', 'b/contact/3']);
    await decide('link', ['b/contact/2', 'b/contact/3'], true);
    await hub.hub.settled();
    const { lines, profiles } = await training(hub);
    expect(lines[0]).toMatchObject({ type: 'settings', kinds: {} });
    expect(profiles.map(({ ref }) => ref)).toEqual(['a/contact/1', 'b/contact/2', 'b/contact/3', 'b/contact/4']);
    expect(profiles[0]?.values).toEqual({ emails: ['ada@example.org'] });
    expect(lines.filter(({ type }) => type === 'judgement')).toEqual([
      { type: 'judgement', a: 'a/contact/1', b: 'b/contact/4', same: true, reversed: false },
      { type: 'judgement', a: 'b/contact/3', b: 'b/contact/4', same: true, reversed: false },
      { type: 'judgement', a: 'a/contact/1', b: 'b/contact/2', same: false, reversed: true },
      { type: 'judgement', a: 'b/contact/2', b: 'b/contact/3', same: false, reversed: false },
    ]);
  });

  it('is for operators only', async () => {
    const steward = { ...admin, roles: ['steward' as const] };
    const first = hub.hub.service.trainingData(steward)[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('makes the same model for the same records, whatever the order in which they and the decisions came', async () => {
    const events = history(7, SYSTEMS, 90);
    await hub.append(...events);
    await hub.hub.settled();
    const other = await openTestHub({ systems: SYSTEMS.map((s) => crm(s)), policy: policyFor([]), batchSize: 5 });
    await other.append(...events.toReversed());
    await other.hub.settled();
    const models = await Promise.all(
      [hub, other].map(async (one) => {
        const { profiles, labels } = await training(one);
        expect(labels.length).toBeGreaterThan(0);
        return trainOnProfiles(profiles, 'v', { labels });
      }),
    );
    expect(models[1]).toEqual(models[0]);
    await other.close();
  });

  it('trains a model under which every decision still holds', async () => {
    await hub.append(...history(9, SYSTEMS, 120).filter(({ type }) => type !== 'unsilo.decision.made'));
    await hub.hub.settled();
    const before = await customersOf(hub);
    const refs = [...before.keys()].sort();
    const pairs = refs.flatMap((a, i) => refs.slice(i + 1).map((b): [string, string] => [a, b]));
    const together = pairs.find(([a, b]) => before.get(a) === before.get(b));
    const apart = pairs.find(
      ([a, b]) => before.get(a) !== before.get(b) && !together?.includes(a) && !together?.includes(b),
    );
    if (!together || !apart) throw new Error('expected records of one customer, and of two');
    await decide('unlink', together);
    await decide('link', apart);
    await hub.hub.settled();
    const { profiles, labels } = await training(hub);
    const trained = trainOnProfiles(profiles, 'retrained', { labels });
    expect(trained.labels).toMatchObject({ same: 1, different: 1, contradictory: [], unknown: 0 });
    // A model that would join everybody, and one that would join nobody.
    const eager = structuredClone(trained.model);
    Object.assign(eager.person, { threshold: -60, guard: -40 });
    const shy = structuredClone(trained.model);
    Object.assign(shy.person, { threshold: 200, review: 190 });
    for (const [i, model] of [trained.model, eager, shy].entries()) {
      await hub.reopen({ model: { ...model, version: `model ${i}` } });
      await hub.hub.settled();
      const after = await customersOf(hub);
      expect(after.get(apart[0])).toBe(after.get(apart[1]));
      expect(after.get(together[0])).not.toBe(after.get(together[1]));
    }
  });
});
