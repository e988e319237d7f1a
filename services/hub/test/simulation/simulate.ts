import type { RuleSwitches } from '../../src/domain.js';
import { checkBound, checkCopies, checkFabrication, checkOverwriting } from './checks-of-commands.js';
import { checkSets } from './checks-of-facts.js';
import { checkRest } from './checks-of-rest.js';
import { checkElements, checkParted } from './checks-of-values.js';
import { Judge, type Finding, type Property } from './findings.js';
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
  findings: readonly Finding[];
  /** How often each property was put to the test. */
  tested: ReadonlyMap<Property, number>;
}

const PAUSE = 10 * 60 * 1000;

/** Runs one scenario to its end: what happens, quiet, one more edit, everything put right, everything parted. */
export function simulate(scenario: Scenario, options: SimulationOptions = {}): Simulation {
  const world = new World(scenario, options);
  const judge = new Judge();
  const rest = (name: string): boolean => {
    const isQuiet = world.rest();
    judge.hold(5, isQuiet, () => `${name}: still writing after ${world.issued.length} commands`);
    if (!isQuiet) return false;
    world.note(() => `--- quiet: ${name}`);
    checkRest(world, judge);
    checkBound(world, judge);
    return true;
  };
  try {
    phases(world, judge, rest);
  } catch (error) {
    judge.hold(1, false, () => `broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  judge.hold(15, world.replayed.length === 0, () => world.replayed.join('; '));
  return { world, findings: judge.findings, tested: judge.tested };
}

function phases(world: World, judge: Judge, rest: (name: string) => boolean): void {
  const { scenario, clock } = world;
  if (!rest('after all events')) return;
  checkElements(world, judge);
  checkSets(world, judge, 1);
  const { extraEdit } = scenario;
  if (extraEdit) {
    let decide: (() => void) | undefined;
    clock.after(PAUSE, () => (decide = lastEdit(world, judge, extraEdit)));
    if (!rest('after the last edit')) return;
    decide?.();
  }
  if (scenario.events.some((e) => e.kind === 'link' || e.kind === 'unlink')) {
    clock.after(PAUSE, () => putRight(world));
    if (!rest('after relinking')) return;
    checkRelinked(world, judge);
  }
  checkCopies(world, judge);
  clock.after(PAUSE, () => partAll(world));
  if (!rest('after unlinking all')) return;
  checkParted(world, judge);
  checkFabrication(world, judge);
  checkOverwriting(world, judge);
  checkSets(world, judge, 2);
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

function checkRelinked(world: World, judge: Judge): void {
  for (const { members } of world.hub.customers()) {
    const people = new Set(members.map((m) => world.record(m.facts.ref)?.person));
    judge.hold(11, people.size === 1, () => `${members.map((m) => m.facts.ref).join(', ')} are still one customer`);
  }
}

function partAll(world: World): void {
  for (const { members } of world.hub.customers()) {
    const refs = members.filter((m) => m.facts.createdFor === undefined).map((m) => m.facts.ref);
    for (const pair of pairsOf(refs)) world.decide({ kind: 'unlink', refs: pair });
  }
}
