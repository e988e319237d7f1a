import type { KafkaBenchReport } from '../../src/bench/kafka-bench.js';
import { UnsiloProcess } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWithServers } from '../support/servers.js';

const folder = temporaryFolder();

describeWithServers(
  'the benchmark on Kafka and Redis',
  () => folder,
  (servers) => {
    it('counts what its workers ask of the servers, beside kafkajs alone; servers that are in use are refused', async () => {
      const { broker, redis } = servers();
      const env = { KAFKA_BROKERS: broker.address, REDIS_URL: redis.url };
      const args = ['bench', '--kafka', '--events', '300', '--parties', '110', '--runs', '1', '--json'];
      const first = new UnsiloProcess(args, { cwd: folder, env });
      expect({ code: await first.ended, stderr: first.stderr }).toMatchObject({ code: 0 });
      const report = JSON.parse(first.stdout) as KafkaBenchReport;
      expect(report).toMatchObject({ workers: 1, events: 300, parties: 110, runs: [expect.anything()] });
      const { eventsPerSecond, passThroughPerSecond, calls } = report;
      for (const figure of [eventsPerSecond, passThroughPerSecond, calls.commit.msPerCall, calls.read.callsPerBatch])
        expect(figure).toBeGreaterThan(0);
      expect(calls.commit.callsPerBatch).toBeGreaterThanOrEqual(1);
      const second = new UnsiloProcess(args, { cwd: folder, env });
      expect(await second.ended).toBe(1);
      expect(second.stderr).toContain('UNSILO_BENCH_SERVERS_IN_USE');
    }, 240_000);
  },
);
