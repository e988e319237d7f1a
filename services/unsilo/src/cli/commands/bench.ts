import { bench as measure } from '../../bench/bench.js';
import { EXIT, noMoreArguments, type Command } from '../command.js';

export const bench: Command = {
  name: 'bench',
  summary: 'How fast the whole path is on this machine, beside the bare log',
  usage: ['bench [--events N] [--parties N] [--runs N] [--seed N]'],
  description:
    'Seeded events (70% record changes, 30% interactions over four systems) go from durable append to committed state and planned\n' +
    'commands. Each run also appends and reads the same bytes through the log alone; the figures are medians over the runs.\n' +
    'It works in a folder of its own under the temporary folder, and removes it.',
  options: {
    events: { type: 'string', value: 'N', description: 'Measured events of each run (default 50000)' },
    parties: { type: 'string', value: 'N', description: 'Records that are there before (default 10000)' },
    runs: { type: 'string', value: 'N', description: 'Runs (default 5)' },
    seed: { type: 'string', value: 'N', description: 'Another company (default 1)' },
    data: { type: 'string', value: 'DIR', description: 'Where the folder is made' },
  },
  examples: [
    { command: 'unsilo bench --json', what: 'The figures, for comparing' },
    { command: 'unsilo bench --events 100000 --parties 1000000', what: 'With a million records' },
  ],
  async run(invocation, { output }) {
    noMoreArguments(invocation, 0);
    const folder = invocation.text('data');
    const report = await measure({
      events: invocation.number('events', { min: 100, max: 10_000_000 }) ?? 50_000,
      parties: invocation.number('parties', { min: 11, max: 10_000_000 }) ?? 10_000,
      runs: invocation.number('runs', { min: 1, max: 100 }) ?? 5,
      seed: invocation.number('seed', { min: 0, max: 2 ** 31 }) ?? 1,
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

function mebibytes(bytes: number | null): string {
  return bytes === null ? 'unknown' : `${Math.round(bytes / 2 ** 20)} MiB`;
}
