import type { RuleSwitches } from '../../src/domain.js';
import {
  checkBound,
  checkCopies,
  checkElements,
  checkFabrication,
  checkOverwriting,
  checkParted,
} from './checks-of-history.js';
import { checkSets } from './checks-of-facts.js';
import { checkRest } from './checks-of-rest.js';
import type { Finding } from './findings.js';
import { lastEdit } from './last-edit.js';
import type { Scenario } from './scenario.js';
import { World } from './world.js';

export interface SimulationOptions {
  switches?: Partial<RuleSwitches>;
  /** Keep what happened, to be read. */
  history?: boolean;
}

export interface Simulation {
  world: World;
  findings: Finding[];
}

const PAUSE = 10 * 60 * 1000;

/** Runs one scenario to its end: what happens, quiet, one more edit, everything put right, everything parted. */
export function simulate(scenario: Scenario, options: SimulationOptions = {}): Simulation {
  const world = new World(scenario, options);
  const findings: Finding[] = [];
  const rest = (name: string): boolean => {
    if (!world.rest()) {
      findings.push({ property: 5, what: `${name}: still writing after ${world.issued.length} commands` });
      return false;
    }
    world.note(() => `--- quiet: ${name}`);
    findings.push(...checkRest(world), ...checkBound(world));
    return true;
  };
  try {
    phases(world, findings, rest);
  } catch (error) {
    findings.push({
      property: 1,
      what: `broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    });
  }
  for (const what of world.replayed) findings.push({ property: 15, what });
  return { world, findings: distinct(findings) };
}

function phases(world: World, findings: Finding[], rest: (name: string) => boolean): void {
  const { scenario, clock } = world;
  if (!rest('after all events')) return;
  findings.push(...checkElements(world), ...checkSets(world, 1));
  if (scenario.extraEdit) {
    const event = scenario.extraEdit;
    let judge: (() => Finding[]) | undefined;
    clock.after(PAUSE, () => (judge = lastEdit(world, event)));
    if (!rest('after the last edit')) return;
    findings.push(...(judge?.() ?? []));
  }
  if (scenario.events.some((e) => e.kind === 'link' || e.kind === 'unlink')) {
    clock.after(PAUSE, () => putRight(world));
    if (!rest('after relinking')) return;
    findings.push(...relinked(world));
  }
  findings.push(...checkCopies(world));
  clock.after(PAUSE, () => partAll(world));
  if (!rest('after unlinking all')) return;
  findings.push(...checkParted(world), ...checkFabrication(world), ...checkOverwriting(world));
  findings.push(...checkSets(world, 2));
}

function pairsOf(refs: readonly string[]): [string, string][] {
  return refs.flatMap((a, i) => refs.slice(i + 1).map((b): [string, string] => [a, b]));
}

/** Those who are one are linked, those who aren't are unlinked. */
function putRight(world: World): void {
  const { events } = world.scenario;
  const pairs = events.flatMap((e) => (e.kind === 'link' || e.kind === 'unlink' ? [e.refs] : []));
  for (const refs of pairs) {
    const [a, b] = refs.map((ref) => world.record(ref)?.person);
    world.decide({ kind: a === b ? 'link' : 'unlink', refs });
  }
}

function relinked(world: World): Finding[] {
  const people = world.hub
    .customers()
    .map(({ members }) => new Set(members.map((m) => world.record(m.facts.ref)?.person)));
  const split = people.filter((p) => p.size > 1).length;
  return split > 0 ? [{ property: 11, what: 'two persons are still one customer' }] : [];
}

function partAll(world: World): void {
  for (const { members } of world.hub.customers()) {
    const refs = members.filter((m) => m.facts.createdFor === undefined).map((m) => m.facts.ref);
    for (const pair of pairsOf(refs)) world.decide({ kind: 'unlink', refs: pair });
  }
}

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ property, what }) => !seen.has(`${property} ${what}`) && seen.add(`${property} ${what}`));
}
