import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEvent, validateEvent } from '../src/index.js';
import { packageRoot } from './model.js';

/** How many events a second one core validates and parses, beside the bare `JSON.parse` of the same bytes. */
const bytes = readFileSync(join(packageRoot, 'examples/envelope/valid/party-changed.json'));
const event = JSON.parse(bytes.toString()) as unknown;
const compact = Buffer.from(JSON.stringify(event));

function perSecond(work: () => unknown): number {
  for (let i = 0; i < 50_000; i++) work();
  const rounds = 200_000;
  const began = performance.now();
  for (let i = 0; i < rounds; i++) work();
  return Math.round((rounds / (performance.now() - began)) * 1000);
}

const figures = {
  bytes: compact.length,
  validateEventPerSecond: perSecond(() => validateEvent(event)),
  parseEventPerSecond: perSecond(() => parseEvent(compact)),
  bareJsonParsePerSecond: perSecond(() => JSON.parse(compact.toString()) as unknown),
};
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
