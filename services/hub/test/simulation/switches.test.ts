import { rules } from '../../src/domain.js';
import { DIRECTED, isBroken } from './directed.js';
import { simulate } from './simulate.js';

/** SYNC section 9.18: each rule has a switch, and turning it off makes a named test fail. */
describe('a history that breaks without its rule', () => {
  test.each(DIRECTED.map((d) => [d.name, d] as const))('%s', (_, directed) => {
    const whole = simulate(directed.scenario);
    expect(isBroken(directed, whole)).toBe(false);
    expect(whole.findings.filter((f) => f.property !== 5)).toEqual([]);
    expect(isBroken(directed, simulate(directed.scenario, { switches: { [directed.rule]: false } }))).toBe(true);
  });

  test('every rule has one', () => {
    expect(Object.keys(rules).sort()).toEqual([...new Set(DIRECTED.map((d) => d.rule))].sort());
  });
});
