import type { Position } from '../port.js';
import { collect } from './collector.js';
import { contents, numbered, unique, values, withTopic, type EventLogFactory } from './factory.js';
import { codeOf, gate } from './waiting.js';

export function closingSuite(factory: EventLogFactory): void {
  describe('closing the log', () => {
    test(
      'refuses everything afterwards, and can be repeated',
      withTopic(factory, {}, async (log, topic) => {
        await log.close();
        await log.close();
        expect(await codeOf(log.append(numbered(topic, 0, 1)))).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(log.append([]))).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(log.read({ topic, partition: 0, from: 0 }))).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(log.declare([]))).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(log.ends([topic]))).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(log.lag('g'))).toBe('UNSILO_LOG_CLOSED');
        expect(await codeOf(log.clean(Date.now()))).toBe('UNSILO_LOG_CLOSED');
        expect(
          await codeOf(
            log.subscribe({ group: 'g', topics: [topic], start: 'earliest', onBatch: async () => undefined }),
          ),
        ).toBe('UNSILO_LOG_CLOSED');
      }),
    );

    test(
      'under load: what was acknowledged is there, what was refused says so',
      withTopic(factory, { partitions: 2 }, async (log, topic, place) => {
        const reader = await collect(log, { group: unique('g'), topics: [topic], maxMessages: 3 });
        const appends: Promise<{ acknowledged: Position[] } | { code: string | undefined }>[] = [];
        let closing: Promise<void> | undefined;
        for (let n = 0; n < 200; n++) {
          appends.push(
            log.append(numbered(topic, n, n + 1, 5)).then(
              (acknowledged) => ({ acknowledged }),
              (error: { code?: string }) => ({ code: error.code }),
            ),
          );
          if (n === 100) closing = log.close();
          if (n % 10 === 0) await new Promise((done) => setImmediate(done));
        }
        await closing;
        const outcomes = await Promise.all(appends);
        const acknowledged = outcomes.flatMap((outcome, n) => ('acknowledged' in outcome ? [String(n)] : []));
        expect(acknowledged.length).toBeGreaterThanOrEqual(100);
        for (const outcome of outcomes) if ('code' in outcome) expect(outcome.code).toBe('UNSILO_LOG_CLOSED');
        await place.close();
        const kept = values(await contents(await place.open(), topic));
        expect(kept).toEqual(expect.arrayContaining(acknowledged));
        expect(kept).toEqual(expect.arrayContaining(reader.values()));
        expect(new Set(kept).size).toBe(kept.length);
      }),
    );

    test(
      'lets a running handler finish, its appends included',
      withTopic(factory, {}, async (log, topic, place) => {
        const group = unique('g');
        await log.append([{ topic, key: 'k', value: 'asked' }]);
        const began = gate();
        await collect(log, {
          group,
          topics: [topic],
          onBatch: async (_, signal) => {
            began.open();
            await new Promise((done) => signal.addEventListener('abort', done));
            await log.append([{ topic, key: 'k', value: 'answered' }]);
          },
        });
        await began.passed;
        await log.close();
        await place.close();
        const again = await place.open();
        expect(values(await contents(again, topic))).toEqual(['asked', 'answered']);
        const reader = await collect(again, { group, topics: [topic] });
        await reader.subscription.caughtUp();
        expect(reader.values()).toEqual(['answered']);
      }),
    );
  });
}
