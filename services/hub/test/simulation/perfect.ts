import {
  refIn,
  type DecisionEvent,
  type EditEvent,
  type NetworkSpec,
  type Path,
  type PolicySpec,
  type RecordSpec,
  type Scenario,
  type ScenarioEvent,
  type SystemSpec,
} from './scenario.js';

const HOUR = 3_600_000;

/** A system without faults, but for those named. */
export function perfect(name: string, faults: Partial<SystemSpec> = {}): SystemSpec {
  return {
    name,
    versions: 'number',
    answers: 'exact',
    conditional: true,
    idleWritesCount: false,
    attributes: ['name.given', 'name.surname', 'note', 'emails', 'consents'] satisfies Path[],
    derivesFullName: false,
    slots: {},
    rewrites: [],
    refuses: [],
    clockAhead: 0,
    clockError: 0,
    tellsCreation: true,
    webhooks: true,
    pollEvery: 60_000,
    nightlyEvery: 60_000,
    longestRequest: 30_000,
    creates: 'none',
    ...faults,
  };
}

/** A record that stood there for an hour. */
export function stands(system: string, id: string, what: Partial<RecordSpec> = {}): RecordSpec {
  return {
    system,
    id,
    person: id,
    createdBefore: HOUR,
    changedBefore: HOUR,
    scalars: {},
    emails: [],
    phones: [],
    consents: {},
    ...what,
  };
}

export function types(at: number, system: string, id: string, set: EditEvent['set']): EditEvent {
  return { kind: 'edit', at, ref: refIn(system, id), set };
}

export function decides(at: number, kind: 'link' | 'unlink', a: [string, string], b: [string, string]): DecisionEvent {
  return { kind, at, refs: [refIn(...a), refIn(...b)] };
}

/**
 * A history by hand: a change is known after 100 ms, a command takes 60 ms to land, its answer 150 ms more: every event comes before
 * its outcome.
 */
export function history(
  systems: SystemSpec[],
  records: RecordSpec[],
  events: ScenarioEvent[],
  more: { network?: Partial<NetworkSpec>; policy?: Partial<PolicySpec>; extraEdit?: EditEvent; seed?: number } = {},
): Scenario {
  const scenario: Scenario = {
    seed: more.seed ?? 1,
    systems,
    records,
    events,
    network: {
      eventDelay: [100, 100],
      commandDelay: [10, 10],
      answerDelay: [100, 100],
      late: 0,
      lateBy: 0,
      dropWebhook: 0,
      repeat: 0,
      answerLost: 0,
      writeLost: 0,
      landsLate: 0,
      batch: [0, 0],
      ...more.network,
    },
    policy: {
      rules: { '*': 'most-recent' },
      ranks: {},
      create: false,
      addWins: [],
      deletes: 'ignore',
      noClear: [],
      quarantine: { sends: 6, windowMs: HOUR },
      commandDeadlineMs: 300_000,
      ...more.policy,
    },
  };
  if (more.extraEdit) scenario.extraEdit = more.extraEdit;
  return scenario;
}
