/**
 * Runs the simulation over any number of seeds: npx tsx services/hub/test/simulation/run.ts --seeds N [--from S] [--property P]
 * Prints how often each property was put to the test and, for the first failing seed of each, the shortest history that still fails. Exit
 * code 1 when anything failed.
 */
import { parseArgs } from 'node:util';
import { PROPERTIES, type Property } from './findings.js';
import { generate } from './generate.js';
import type { Scenario } from './scenario.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';
import { print } from './print.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    property: { type: 'string' },
    /** Most tries at shortening a history. */
    tries: { type: 'string', default: '2000' },
    /** Failing seeds are named, but not shrunk. */
    brief: { type: 'boolean', default: false },
  },
});
const from = Number(values.from);
const until = from + Number(values.seeds);
const only = values.property === undefined ? undefined : (Number(values.property) as Property);
if (!Number.isInteger(from) || !Number.isInteger(until) || (only !== undefined && !(only in PROPERTIES))) {
  console.error('Usage: run.ts --seeds N [--from S] [--property P], all whole numbers; P is one of 1 to 17.');
  process.exit(2);
}

const failing = new Map<Property, number[]>();
const tested = new Map<Property, number>();
let commands = 0;
const started = Date.now();
for (let seed = from; seed < until; seed += 1) {
  const { findings, world, tested: times } = simulate(generate(seed));
  commands += world.issued.length;
  for (const [property, count] of times) tested.set(property, (tested.get(property) ?? 0) + count);
  for (const property of new Set(findings.map((f) => f.property))) {
    if (only !== undefined && property !== only) continue;
    failing.set(property, [...(failing.get(property) ?? []), seed]);
  }
}
console.log(
  `${until - from} seeds from ${from}, ${commands} commands, ${((Date.now() - started) / 1000).toFixed(1)} s`,
);
const counts = [...tested].sort(([a], [b]) => a - b).map(([property, count]) => `${property}: ${count}`);
console.log(`Put to the test, by property: ${counts.join(', ')}`);
for (const [property, seeds] of [...failing].sort(([a], [b]) => a - b)) {
  console.log(
    `\nProperty ${property} (${PROPERTIES[property]}) fails for ${seeds.length}: ${seeds.slice(0, 20).join(', ')}`,
  );
  const [seed] = seeds;
  if (values.brief || seed === undefined) continue;
  const fails = (scenario: Scenario): boolean => simulate(scenario).findings.some((f) => f.property === property);
  console.log(print(shrink(generate(seed), fails, Number(values.tries)), property));
}
if (failing.size === 0) console.log(only === undefined ? 'Every property holds.' : `Property ${only} holds.`);
process.exitCode = failing.size === 0 ? 0 : 1;
