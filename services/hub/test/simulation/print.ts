import type { Property } from './findings.js';
import type { Scenario, SystemSpec } from './scenario.js';
import { simulate } from './simulate.js';

/** One scenario's history, readable from top to bottom, with what it breaks. */
export function print(scenario: Scenario, property: Property): string {
  const { world, findings } = simulate(scenario, { history: true });
  const { network, policy } = scenario;
  const difficulties = Object.entries(network).filter(([, value]) => typeof value === 'number' && value > 0);
  return [
    `seed ${scenario.seed}; policy ${JSON.stringify(policy)}`,
    `network: ${JSON.stringify(Object.fromEntries(difficulties))}`,
    ...scenario.systems.map((s) => `${s.name}: ${describeSystem(s)}`),
    ...scenario.events.map((e) => `event ${JSON.stringify(e)}`),
    ...(scenario.extraEdit ? [`last edit ${JSON.stringify(scenario.extraEdit)}`] : []),
    ...world.history.map(({ at, text }) => `${(at / 1000).toFixed(3).padStart(9)} s  ${text}`),
    ...findings.filter((f) => f.property === property).map((f) => `=> ${f.property}: ${f.what}`),
  ].join('\n');
}

function describeSystem(spec: SystemSpec): string {
  const { name: _, ...rest } = spec;
  return JSON.stringify(rest);
}
