import { counted } from '@unsilo/schemas';
import { bench as measure } from '../../bench/bench.js';
import type { KafkaBenchReport } from '../../bench/kafka-bench.js';
import type { StorageConfiguration } from '../../configuration/configuration.js';
import { EXIT, noMoreArguments, type Command, type ExitCode, type Invocation, type Surroundings } from '../command.js';
import { table, type Output } from '../output.js';

export const bench: Command = {
  name: 'bench',
  summary: 'How fast the whole path is on this machine, beside the bare log',
  usage: [
    'bench [--events N] [--parties N] [--runs N] [--seed N]',
    'bench --kafka [--workers N] [--events N] [--parties N] [--runs N]',
  ],
  description:
    'Seeded events (70% record changes, 30% interactions over four systems) go from durable append to committed state and planned\n' +
    'commands. Each run also appends and reads the same bytes through the log alone; the figures are medians over the runs.\n' +
    'It works in a folder of its own under the temporary folder, and removes it.\n' +
    'With --kafka the log is on $KAFKA_BROKERS (default 127.0.0.1:9092) and the state on $REDIS_URL (default redis://127.0.0.1:6379), which\n' +
    'must hold nothing of Unsilo’s and are not cleaned afterwards; beside it kafkajs alone consumes and produces the same bytes.',
  options: {
    events: { type: 'string', value: 'N', description: 'Measured events of each run (default 50000)' },
    parties: { type: 'string', value: 'N', description: 'Records that are there before (default 10000)' },
    runs: { type: 'string', value: 'N', description: 'Runs (default 5)' },
    seed: { type: 'string', value: 'N', description: 'Another company (default 1)' },
    data: { type: 'string', value: 'DIR', description: 'Where the folder is made' },
    kafka: { type: 'boolean', description: 'On Kafka and Redis instead of a folder' },
    workers: { type: 'string', value: 'N', description: 'Hub workers on Kafka, a process each (default 1)' },
  },
  examples: [
    { command: 'unsilo bench --json', what: 'The figures, for comparing' },
    { command: 'unsilo bench --events 100000 --parties 1000000', what: 'With a million records' },
  ],
  async run(invocation, surroundings) {
    noMoreArguments(invocation, 0);
    const { output } = surroundings;
    if (invocation.flag('kafka')) return onKafka(invocation, surroundings);
    const folder = invocation.text('data');
    const report = await measure({
      ...sizes(invocation),
      ...(folder === undefined ? {} : { folder }),
      onProgress: (line) => output.message(line),
    });
    if (output.json) {
      output.value(report);
      return EXIT.ok;
    }
    output.data(`whole path   ${report.eventsPerSecond} events/s`);
    output.data(`bare log     ${report.bareLogEventsPerSecond} events/s (ratio ${report.ratio})`);
    output.data(`to a plan    p50 ${report.p50Ms} ms, p99 ${report.p99Ms} ms at half load`);
    output.data(
      `memory       ${mebibytes(report.rssBytes)} with ${report.parties} records; apart from the mapped data file ${mebibytes(report.anonymousBytes)}, of which the simulated systems' own records take about ${mebibytes(report.systemsBytes)}`,
    );
    return EXIT.ok;
  },
};

function sizes(invocation: Invocation): { events: number; parties: number; runs: number; seed: number } {
  return {
    events: invocation.number('events', { min: 100, max: 10_000_000 }) ?? 50_000,
    parties: invocation.number('parties', { min: 11, max: 10_000_000 }) ?? 10_000,
    runs: invocation.number('runs', { min: 1, max: 100 }) ?? 5,
    seed: invocation.number('seed', { min: 0, max: 2 ** 31 }) ?? 1,
  };
}

async function onKafka(invocation: Invocation, { env, output }: Surroundings): Promise<ExitCode> {
  const { kafkaBench } = await import('../../bench/kafka-bench.js');
  const storage: StorageConfiguration = {
    kafka: { brokers: (env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',') },
    redis: { servers: [env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'] },
  };
  const report = await kafkaBench({
    ...sizes(invocation),
    storage,
    workers: invocation.number('workers', { min: 1, max: 64 }) ?? 1,
    onProgress: (line) => output.message(line),
  });
  if (output.json) output.value(report);
  else tell(report, output);
  return EXIT.ok;
}

function tell(report: KafkaBenchReport, output: Output): void {
  const { eventsPerSecond, passThroughPerSecond, ratio, workers, messagesPerBatch, calls } = report;
  output.data(`whole path    ${eventsPerSecond} events/s with ${counted(workers, 'hub worker')}`);
  output.data(`bare kafkajs  ${passThroughPerSecond} events/s consumed and produced (ratio ${ratio})`);
  output.data(`a batch       ${messagesPerBatch} messages`);
  const rows = Object.entries(calls).map(([kind, { callsPerBatch, thingsPerCall, msPerCall }]) =>
    [kind, callsPerBatch, thingsPerCall, msPerCall].map(String),
  );
  for (const line of table(['CALL', 'A BATCH', 'KEYS EACH', 'MS EACH'], rows)) output.data(line);
}

function mebibytes(bytes: number | null): string {
  return bytes === null ? 'unknown' : `${Math.round(bytes / 2 ** 20)} MiB`;
}
