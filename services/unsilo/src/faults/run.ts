/**
 * Kills the hub again and again and compares what is left with an undisturbed run of the same inputs:
 * `npm run faults -- --kills 500 --events 200000 --seed 1 [--point NAME]… [--table FILE] [--json]`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { campaign, type CampaignOptions } from './campaign.js';
import { FAULT_POINTS, type FaultPoint } from './kill-points.js';
import { judge, reportInWords } from './report.js';

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
  },
});

const folder = mkdtempSync(join(values.folder, 'unsilo-faults-'));
try {
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
} finally {
  rmSync(folder, { recursive: true, force: true });
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
