/**
 * Whether one slow or failing system slows the write-back to others:
 * `npm run isolation -- --storage embedded|kafka [--condition slow|failing|silent] [--runs 5] [--rate 20] [--persons 300] [--json]`.
 * Delays are from the append of an event to the outcome of the write on the log. With `--storage kafka` it needs Docker and `redis-server`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FaultBroker } from '../faults/servers/broker.js';
import { FaultRedis } from '../faults/servers/redis.js';
import { CONDITIONS, OTHERS, type Condition } from './company.js';
import { measureIsolation, type Isolation } from './measure.js';
import { serverStage } from './server-stage.js';
import { embeddedStage, type Stage } from './stage.js';

const PARTITIONS = 4;

const { values } = parseArgs({
  options: {
    storage: { type: 'string', default: 'embedded' },
    condition: { type: 'string', default: 'slow' },
    runs: { type: 'string', default: '5' },
    rate: { type: 'string', default: '20' },
    persons: { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
  },
});
const condition = CONDITIONS.find((known) => known === values.condition);
if (condition === undefined) throw new Error(`--condition must be one of: ${CONDITIONS.join(', ')}`);
const options = {
  condition,
  runs: count('runs', values.runs),
  rate: count('rate', values.rate),
  persons: count('persons', values.persons),
};
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const found = values.storage === 'kafka' ? await onServers() : await measured(await embeddedStage(options.persons));
process.stdout.write(values.json ? `${JSON.stringify({ ...options, ...found })}\n` : inWords(condition, found));

async function onServers(): Promise<Isolation> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      FaultBroker.removeAll();
      process.exit(1);
    });
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-isolation-'));
  const broker = await FaultBroker.start();
  try {
    const redis = await FaultRedis.start(join(folder, 'redis'));
    try {
      const storage = {
        kafka: { brokers: [broker.address], partitions: PARTITIONS },
        redis: { servers: [redis.url] },
      };
      return await measured(await serverStage(storage, options.persons));
    } finally {
      await redis.stop();
    }
  } finally {
    await broker.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(stage: Stage): Promise<Isolation> {
  try {
    return await measureIsolation(stage, options, say);
  } finally {
    await stage.close();
  }
}

function inWords(hurt: Condition, { runs, p99Well, p99Hurt, change }: Isolation): string {
  const rows = runs.map(
    ({ well, hurt: ill }, index) => `| ${index + 1} | ${well.p50} | ${well.p99} | ${ill.p50} | ${ill.p99} |`,
  );
  const percent = `${change < 0 ? '−' : '+'}${Math.abs(100 * change).toFixed(1)}%`;
  return [
    `Node ${process.version}, ${process.platform}, ${cpus().length} cores; ${values.storage}; ${options.rate} edits a second, each written to ${OTHERS.length + 1} systems, one of them ${hurt}.`,
    `From the event's append to the outcomes of ${OTHERS.join(' and ')}, ms:`,
    '',
    `| run | p50, all well | p99, all well | p50, one ${hurt} | p99, one ${hurt} |`,
    '| ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    `| median | | ${p99Well} | | ${p99Hurt} (${percent}) |`,
    '',
  ].join('\n');
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number from 1, not ${text}`);
  return number;
}
