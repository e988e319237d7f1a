import type { Commit, StateStore } from '@unsilo/state-store';
import { put, logged, unique, codeOf } from '@unsilo/state-store/suite';
import { until } from '@unsilo/event-log/suite';
import { Wire } from './proxy.js';
import { describeWithRedis } from './server.js';
import { withStand, type Stand } from './stand.js';

describeWithRedis('a lost answer', (url) => {
  /** A store behind a wire, another one beside it. */
  async function withWire(
    work: (parts: { stand: Stand; wire: Wire; store: StateStore; other: StateStore }) => Promise<void>,
    options: { patienceMs?: number } = {},
  ): Promise<void> {
    const wire = new Wire(url());
    await wire.open();
    try {
      await withStand(url(), async (stand) => {
        const store = await stand.open({ servers: wire.url, ...options });
        const other = await stand.open();
        try {
          await work({ stand, wire, store, other });
        } finally {
          wire.mend();
        }
      });
    } finally {
      await wire.close();
    }
  }

  test('of a commit with expectations: it answers ok, and has taken place once', () =>
    withWire(async ({ stand: { tenant, topic, log }, wire, store, other }) => {
      const group = unique('g');
      await store.commit(tenant, { offsets: { group, moves: [{ topic, partition: 1, from: undefined, to: 1 }] } });
      const lost = wire.loseNextAnswer();
      const answer = store.commit(tenant, {
        expect: [{ table: 't', key: 'k', revision: null }],
        put: put(['k', '1']),
        offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 5 }] },
        outbox: [{ topic, key: 'k', value: 'once' }],
      });
      await lost;
      const [before] = await other.getMany(tenant, 't', ['k']);
      expect(before?.value).toBe('1');
      wire.mend();
      expect(await answer).toEqual({ ok: true });
      expect(await other.getMany(tenant, 't', ['k'])).toEqual([before]);
      expect(await store.offsets(group)).toEqual([
        { topic, partition: 1, offset: 1 },
        { topic, partition: 0, offset: 5 },
      ]);
      await until(async () => (await logged(log, topic)).length > 0, 'the message');
      await store.close();
      expect(await logged(log, topic)).toEqual([{ key: 'k', value: 'once' }]);
    }));

  test('of a blind put: what another one has put since is not overwritten', () =>
    withWire(async ({ stand: { tenant }, wire, store, other }) => {
      const lost = wire.loseNextAnswer();
      const answer = store.commit(tenant, { put: put(['k', 'mine']) });
      await lost;
      await other.commit(tenant, { put: put(['k', 'newer']) });
      wire.mend();
      expect(await answer).toEqual({ ok: true });
      expect((await other.getMany(tenant, 't', ['k']))[0]!.value).toBe('newer');
    }));

  test('of a commit that met a conflict: the conflict is answered', () =>
    withWire(async ({ stand: { tenant }, wire, store, other }) => {
      await other.commit(tenant, { put: put(['k', '1']) });
      const [entry] = await other.getMany(tenant, 't', ['k']);
      const lost = wire.loseNextAnswer();
      const answer = store.commit(tenant, { expect: [{ table: 't', key: 'k', revision: null }], put: put(['k', '2']) });
      await lost;
      wire.mend();
      expect(await answer).toEqual({
        ok: false,
        conflicts: [{ table: 't', key: 'k', revision: entry!.revision }],
        offsets: [],
      });
    }));

  test('of reads: they are asked again', () =>
    withWire(async ({ stand: { tenant }, wire, store, other }) => {
      await other.commit(tenant, { put: put(['k', '1']) });
      for (const read of [
        async () => (await store.getMany(tenant, 't', ['k']))[0]?.value,
        async () => (await store.range(tenant, 't', { limit: 5 }))[0]?.value,
      ]) {
        const lost = wire.loseNextAnswer();
        const value = read();
        await lost;
        wire.mend();
        expect(await value).toBe('1');
      }
    }));

  test('past all patience is an unknown outcome; the same commit again answers ok, that of another writer does not', () =>
    withWire(
      async ({ stand: { tenant, topic, log, events }, wire, store, other }) => {
        const group = unique('g');
        await store.commit(tenant, { offsets: { group, moves: [{ topic, partition: 1, from: undefined, to: 1 }] } });
        const commit: Commit = {
          expect: [{ table: 't', key: 'k', revision: null }],
          put: put(['k', '1']),
          offsets: { group, moves: [{ topic, partition: 0, from: undefined, to: 5 }] },
          outbox: [{ topic, key: 'k', value: 'once' }],
        };
        const lost = wire.loseNextAnswer();
        const code = codeOf(store.commit(tenant, commit));
        await lost;
        expect(await code).toBe('UNSILO_STATE_OUTCOME_UNKNOWN');
        expect(await codeOf(store.getMany(tenant, 't', ['k']))).toBe('UNSILO_STATE_UNREACHABLE');
        expect(await codeOf(store.commit(tenant, commit))).toBe('UNSILO_STATE_UNREACHABLE');
        wire.mend();
        await until(
          () => events.filter(({ code: one }) => one === 'UNSILO_STATE_CONNECTED').length === 3,
          'a connection',
        );
        const [entry] = await other.getMany(tenant, 't', ['k']);
        expect(await other.commit(tenant, commit)).toEqual({
          ok: false,
          conflicts: [{ table: 't', key: 'k', revision: entry!.revision }],
          offsets: [{ topic, partition: 0, stored: 5 }],
        });
        expect(await store.commit(tenant, commit)).toEqual({ ok: true });
        expect(await store.getMany(tenant, 't', ['k'])).toEqual([entry]);
        expect(await store.commit(tenant, { ...commit, put: put(['k', 'different']) })).toMatchObject({ ok: false });
        await store.close();
        expect((await logged(log, topic)).filter(({ value }) => value === 'once').length).toBe(1);
      },
      { patienceMs: 300 },
    ));

  test('many at once, at any moment: every commit takes place once', () =>
    withWire(async ({ stand: { tenant }, wire, store, other }) => {
      await other.commit(tenant, { put: put(['n', '0']) });
      const increment = async (): Promise<void> => {
        for (;;) {
          const [n] = await store.getMany(tenant, 't', ['n']);
          const next = put(['n', String(Number(n!.value) + 1)]);
          const result = await store.commit(tenant, {
            expect: [{ table: 't', key: 'n', revision: n!.revision }],
            put: next,
          });
          if (result.ok) return;
        }
      };
      let cuts = 0;
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          for (let turn = 0; turn < 10; turn++) {
            await increment();
            if (turn % 3 === 0)
              void wire.loseNextAnswer().then(() => {
                cuts++;
                wire.mend();
              });
          }
        }),
      );
      expect(cuts).toBeGreaterThan(2);
      expect((await other.getMany(tenant, 't', ['n']))[0]!.value).toBe('50');
    }));
});
