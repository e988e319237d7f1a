import fc from 'fast-check';
import type { Commit } from '../port.js';
import { logged, unique, type Bench, type StateStoreFactory } from './factory.js';

/** What the store is: entries by tenant, table and key, each with the number of the commit that put it. */
interface Model {
  entries: Map<string, { tenant: string; table: string; key: string; value: string; revision: number }>;
  /** By group, then partition. */
  offsets: Map<string, Map<number, number>>;
  sent: Map<string, string[]>;
}

/** A revision that no put gets here. */
const NEVER = 2 ** 40;
const TABLES = ['a', 'b'];
const key = fc.constantFrom('', 'k', 'k/1', 'é', '\ufffd', '😀');
const place = fc.record({ table: fc.constantFrom(...TABLES), key });
const commit = fc.record({
  kind: fc.constant('commit' as const),
  tenant: fc.nat(1),
  /** Whether each expectation is the one that holds. */
  expect: fc.array(fc.record({ place, true: fc.boolean() }), { maxLength: 3 }),
  changes: fc.uniqueArray(fc.record({ place, value: fc.option(fc.string({ maxLength: 30 }), { nil: null }) }), {
    maxLength: 6,
    selector: ({ place: { table, key: name } }) => `${table}/${name}`,
  }),
  moves: fc.uniqueArray(fc.record({ partition: fc.nat(1), to: fc.nat(100), true: fc.boolean() }), {
    maxLength: 2,
    selector: ({ partition }) => partition,
  }),
  outbox: fc.array(fc.record({ key: fc.constantFrom('x', 'y'), value: fc.string({ maxLength: 10 }) }), {
    maxLength: 3,
  }),
});
const step = fc.oneof(
  { weight: 8, arbitrary: commit },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      commits: fc.array(commit, { minLength: 2, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);
type CommitStep = typeof commit extends fc.Arbitrary<infer T> ? T : never;
type Real = Pick<Bench, 'place' | 'store' | 'log' | 'topic'> & {
  tenants: string[];
  /** That of each tenant: one and the same where groups may span tenants. */
  groups: string[];
};

export function modelSuite(factory: StateStoreFactory): void {
  test('any history of commits and reopening gives what plain maps would give', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const at = await factory.create();
        try {
          const topic = unique('topic');
          const real: Real = {
            place: at,
            ...(await at.open()),
            topic,
            tenants: [unique('p'), unique('q')],
            groups: factory.groupsSpanTenants ? new Array<string>(2).fill(unique('g')) : [unique('g'), unique('h')],
          };
          await real.log.declare([{ name: topic, partitions: 2, cleanup: 'delete' }]);
          const model: Model = { entries: new Map(), offsets: new Map(), sent: new Map() };
          for (const one of steps) {
            if (one.kind === 'reopen') {
              await at.close();
              Object.assign(real, await at.open());
            } else await commitAll(one.kind === 'commit' ? [one] : one.commits, model, real);
            await compare(model, real, factory.transactionalOutbox);
          }
        } finally {
          await at.remove();
        }
      }),
      { numRuns: factory.histories },
    );
  }, 180_000);
}

/**
 * Commits that are given at the same time take place one after the other in some order; with expectations that are all drawn
 * from the state before, at most those hold that touch what no other has touched. They are compared in the order given, which
 * is the order in which an adapter takes them.
 */
async function commitAll(steps: readonly CommitStep[], model: Model, real: Real): Promise<void> {
  const commits = steps.map((one) => toCommit(one, model, real));
  const results = await Promise.all(commits.map(({ tenant, commit: given }) => real.store.commit(tenant, given)));
  for (const [index, { tenant, commit: given }] of commits.entries()) {
    const conflicts = (given.expect ?? [])
      .map(({ table, key: name, revision }) => ({
        wanted: revision,
        table,
        key: name,
        revision: standing(model, tenant, table, name),
      }))
      .filter(({ wanted, revision }) => wanted !== revision);
    const stored = offsetsOf(model, given.offsets!.group);
    const differing = given.offsets!.moves.filter(({ partition, from }) => stored.get(partition) !== from);
    const result = results[index]!;
    if (conflicts.length > 0 || differing.length > 0) {
      expect(result.ok).toBe(false);
      if (result.ok) continue;
      expect(result.conflicts.map(({ table, key: name }) => ({ table, key: name }))).toEqual(
        conflicts.map(({ table, key: name }) => ({ table, key: name })),
      );
      expect(result.offsets).toEqual(
        differing.map(({ topic, partition }) => ({ topic, partition, stored: stored.get(partition) })),
      );
      continue;
    }
    expect(result).toEqual({ ok: true });
    for (const { table, key: name } of given.remove ?? []) model.entries.delete(JSON.stringify([tenant, table, name]));
    for (const { table, key: name, value } of given.put ?? []) {
      // Which number a put gets is the store's affair: taken over when all commits of the step are done.
      model.entries.set(JSON.stringify([tenant, table, name]), {
        tenant,
        table,
        key: name,
        value,
        revision: Number.NaN,
      });
    }
    for (const { partition, to } of given.offsets!.moves) stored.set(partition, to);
    for (const { key: name, value } of given.outbox ?? [])
      model.sent.set(name, [...(model.sent.get(name) ?? []), value!]);
  }
  for (const entry of model.entries.values()) {
    if (!Number.isNaN(entry.revision)) continue;
    const [found] = await real.store.getMany(entry.tenant, entry.table, [entry.key]);
    entry.revision = found?.revision ?? -1;
  }
}

function toCommit(one: CommitStep, model: Model, real: Real): { tenant: string; commit: Commit } {
  const tenant = real.tenants[one.tenant]!;
  const group = real.groups[one.tenant]!;
  return {
    tenant,
    commit: {
      expect: one.expect.map(({ place: { table, key: name }, true: holds }) => {
        const stands = standing(model, tenant, table, name);
        return { table, key: name, revision: holds ? stands : stands === null ? NEVER : null };
      }),
      put: one.changes.flatMap(({ place: { table, key: name }, value }) =>
        value === null ? [] : [{ table, key: name, value }],
      ),
      remove: one.changes.flatMap(({ place: { table, key: name }, value }) =>
        value === null ? [{ table, key: name }] : [],
      ),
      offsets: {
        group,
        moves: one.moves.map(({ partition, to, true: holds }) => {
          const stored = offsetsOf(model, group).get(partition);
          return { topic: real.topic, partition, from: holds ? stored : (stored ?? 0) + 1, to };
        }),
      },
      outbox: one.outbox.map(({ key: name, value }) => ({ topic: real.topic, key: name, value })),
    },
  };
}

function offsetsOf(model: Model, group: string): Map<number, number> {
  const known = model.offsets.get(group) ?? new Map<number, number>();
  model.offsets.set(group, known);
  return known;
}

function standing(model: Model, tenant: string, table: string, name: string): number | null {
  return model.entries.get(JSON.stringify([tenant, table, name]))?.revision ?? null;
}

async function compare(model: Model, real: Real, outboxAtOnce: boolean): Promise<void> {
  for (const tenant of real.tenants) {
    for (const table of TABLES) {
      const expected = [...model.entries.values()]
        .filter((entry) => entry.tenant === tenant && entry.table === table)
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
        .map(({ key: name, value, revision }) => ({ key: name, value, revision }));
      expect(await real.store.range(tenant, table, { limit: 100 })).toEqual(expected);
      const found = await real.store.getMany(
        tenant,
        table,
        expected.map(({ key: name }) => name),
      );
      expect(found).toEqual(expected.map(({ value, revision }) => ({ value, revision })));
    }
  }
  for (const group of real.groups) {
    const stored = await real.store.offsets(group);
    expect(new Map(stored.map(({ partition, offset }) => [partition, offset]))).toEqual(offsetsOf(model, group));
  }
  if (!outboxAtOnce) return;
  const messages = await logged(real.log, real.topic);
  for (const name of ['x', 'y']) {
    const mine = messages.filter((message) => message.key === name).map(({ value }) => value);
    expect(mine).toEqual(model.sent.get(name) ?? []);
  }
}
