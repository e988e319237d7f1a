/**
 * Kills the hub again and again and compares what is left with an undisturbed run of the same inputs:
 * `npm run faults -- --kills 500 --events 200000 --seed 1 [--point NAME]… [--table FILE] [--json]`.
 * With `--storage kafka` it hurts a broker, a Redis and workers of its own instead, and compares with the embedded run:
 * `npm run faults -- --storage kafka --events 20000 --rate 400 [--fault NAME]… [--times N] [--lasting SECONDS]`. Needs Docker and `redis-server`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { campaign, type CampaignOptions } from './campaign.js';
import { FAULT_POINTS, type FaultPoint } from './kill-points.js';
import { judge, reportInWords } from './report.js';
import { FaultBroker } from './servers/broker.js';
import { runServers } from './servers/run-servers.js';
import { SERVER_FAULTS, type ServerFaultName } from './servers/server-faults.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    events: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    table: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** Kill at this point only; may be given several times. */
    point: { type: 'string', multiple: true },
    /** Breaks something on purpose: `acknowledges-before-append`, `forgetful-system`. */
    sabotage: { type: 'string' },
    /** `embedded` or `kafka`. */
    storage: { type: 'string', default: 'embedded' },
    /** With `--storage kafka`: this fault only; may be given several times. */
    fault: { type: 'string', multiple: true },
    /** Events a second. */
    rate: { type: 'string', default: '300' },
    times: { type: 'string', default: '3' },
    /** Seconds that a lasting fault lasts, and that lie between two faults. */
    lasting: { type: 'string', default: '30' },
    between: { type: 'string', default: '5' },
  },
});

const folder = mkdtempSync(join(values.folder, 'unsilo-faults-'));
try {
  if (values.storage === 'kafka') await onServers();
  else await embedded();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function onServers(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      FaultBroker.removeAll();
      process.exit(1);
    });
  const ran = await runServers({
    faults: values.fault?.map(faultNamed) ?? (Object.keys(SERVER_FAULTS) as ServerFaultName[]),
    events: count('events', values.events),
    seed: count('seed', values.seed),
    rate: count('rate', values.rate),
    times: count('times', values.times),
    lastingMs: 1000 * count('lasting', values.lasting),
    betweenMs: 1000 * count('between', values.between),
    folder,
    say: (line) => process.stderr.write(`${line}\n`),
    command: `npm run faults -- ${process.argv.slice(2).join(' ')}`,
  });
  if (values.table !== undefined) writeFileSync(values.table, ran.table);
  process.stdout.write(values.json ? `${JSON.stringify(ran)}\n` : ran.table);
  process.exitCode = ran.good ? 0 : 1;
}

async function embedded(): Promise<void> {
  const options = {
    kills: count('kills', values.kills),
    events: count('events', values.events),
    seed: count('seed', values.seed),
    say: (line: string) => process.stderr.write(`${line}\n`),
  };
  const sabotage = values.sabotage as CampaignOptions['sabotage'];
  const points = values.point?.map(pointNamed);
  const calm = await campaign({ ...options, kills: 0, folder: join(folder, 'calm') });
  options.say(`undisturbed: ${calm.findings.customers} customers; now ${options.kills} kills`);
  const disturbed = await campaign({
    ...options,
    folder: join(folder, 'disturbed'),
    ...(points === undefined ? {} : { points }),
    ...(sabotage === undefined ? {} : { sabotage }),
  });
  const verdict = judge(calm, disturbed);
  const words = reportInWords(options, calm, disturbed, verdict);
  if (values.table !== undefined) writeFileSync(values.table, words);
  process.stdout.write(values.json ? `${JSON.stringify({ verdict, calm, disturbed })}\n` : words);
  process.exitCode = verdict.good ? 0 : 1;
}

function faultNamed(name: string): ServerFaultName {
  if (name in SERVER_FAULTS) return name as ServerFaultName;
  throw new Error(`--fault must be one of: ${Object.keys(SERVER_FAULTS).join(', ')}`);
}

function pointNamed(name: string): FaultPoint {
  const point = FAULT_POINTS.find((p) => p === name);
  if (!point) throw new Error(`--point must be one of: ${FAULT_POINTS.join('; ')}`);
  return point;
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} must be a whole number, not ${text}`);
  return number;
}
