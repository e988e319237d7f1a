import { PROPERTIES, type Property } from './findings.js';
import { generate } from './generate.js';
import { print } from './print.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';

const SEEDS = 250;
/** Most tries at shortening a failing history; `run.ts` takes more. */
const TRIES = 300;

/** SYNC section 9, properties 1 to 17; 18 is `switches.test.ts`. Any number of seeds: npx tsx services/hub/test/simulation/run.ts --seeds N */
describe(`over ${SEEDS} seeded histories`, () => {
  const failing = new Map<Property, number[]>();
  let commands = 0;
  beforeAll(() => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { findings, world } = simulate(generate(seed));
      commands += world.issued.length;
      for (const property of new Set(findings.map((f) => f.property)))
        failing.set(property, [...(failing.get(property) ?? []), seed]);
    }
  }, 300_000);

  test.each(Object.entries(PROPERTIES))('%s: %s', (number) => {
    const property = Number(number) as Property;
    const [seed] = failing.get(property) ?? [];
    if (seed === undefined) return;
    const shortest = shrink(generate(seed), (s) => simulate(s).findings.some((f) => f.property === property), TRIES);
    throw new Error(`fails for seeds ${failing.get(property)?.join(', ')}\n${print(shortest, property)}`);
  });

  test('they make the hub write', () => {
    expect(commands).toBeGreaterThan(SEEDS * 10);
  });

  test('a seed always gives the same history', () => {
    const [once, again] = [1, 2].map(() => simulate(generate(7), { history: true }).world.history);
    expect(again).toEqual(once);
    expect(once?.length).toBeGreaterThan(10);
  });
});
