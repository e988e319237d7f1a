import { setTimeout as sleep } from 'node:timers/promises';
import { defineConnector, RetryableError, type WriteResult } from '@unsilo/connector-sdk';
import { partyEvent, placeOf, type Command, type PartyState, type UnsiloEvent } from '@unsilo/schemas';
import type { AppendMessage } from '@unsilo/event-log';
import type { ConfiguredSystem } from '../configuration/configuration.js';
import { faultSystems, TENANT } from '../faults/company.js';
import { SimulatedSystem } from '../faults/simulated-system.js';

/** People edit here. */
const SOURCE = 'crm';
/** The system that may be hurt, and those that must not notice. All are written with what the source says. */
export const HURT = 'till';
export const OTHERS = ['ledger', 'desk'] as const;
export const SYSTEMS = [...OTHERS, HURT] as const;

/** How the hurt system does. `failing`: always 503; `silent`: takes every request, and answers none before it is given up. */
export const CONDITIONS = ['well', 'slow', 'failing', 'silent'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** A slow system takes so long for an answer, milliseconds. */
const SLOW_MS = 5000;
/** So long a request to a silent one waits, milliseconds. */
const TIMEOUT_MS = 15_000;
const CREATED = '2026-01-05T08:00:00.000Z';

function stateOf(person: number, edit: number): PartyState {
  return {
    kind: 'person',
    name: { given: `Given${person}`, surname: `Surname${person}` },
    emails: [{ address: `p${person}@example.org` }],
    titles: [{ name: `Title ${edit}` }],
  };
}

function messageOf(event: UnsiloEvent): AppendMessage {
  return { ...placeOf(event), value: JSON.stringify(event) };
}

/** The record of a person in each system, all alike. */
export function firstRecords(persons: number): AppendMessage[] {
  return Array.from({ length: persons }, (_, person) =>
    [SOURCE, ...SYSTEMS].map((system) =>
      messageOf(
        partyEvent(TENANT, {
          ref: `${system}/contact/${person}`,
          version: { major: 1, minor: 0 },
          createdAt: CREATED,
          changedAt: CREATED,
          observedAt: CREATED,
          state: stateOf(person, 0),
        }),
      ),
    ),
  ).flat();
}

/** People give a person another title in the source; all other systems are to have it. */
export function edited(person: number, edit: number, now: number): AppendMessage {
  const at = new Date(now).toISOString();
  return messageOf(
    partyEvent(TENANT, {
      ref: `${SOURCE}/contact/${person}`,
      version: { major: 1 + edit, minor: 0 },
      createdAt: CREATED,
      changedAt: at,
      observedAt: at,
      state: stateOf(person, edit),
    }),
  );
}

/** The edit whose title stands in a state. */
export function editOf(state: PartyState | undefined): number | undefined {
  const title = state?.titles?.[0]?.name;
  const number = /^Title (\d+)$/.exec(title ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

/** A system that is written, and that can fall ill and recover. */
export class WrittenSystem {
  readonly configured: ConfiguredSystem;
  /** Requests that have not been answered yet. */
  waiting = 0;
  readonly #system: SimulatedSystem;
  #condition: Condition = 'well';
  #changed = new AbortController();

  constructor(name: string, persons: number) {
    this.#system = new SimulatedSystem(name);
    for (let person = 0; person < persons; person += 1)
      this.#system.edit(`${name}/contact/${person}`, CREATED, CREATED, stateOf(person, 0));
    const profile = faultSystems().find(({ system }) => system === name);
    if (profile === undefined) throw new Error(`there is no system ${name}`);
    const connector = defineConnector<object>({
      id: 'simulated',
      title: name,
      options: {},
      emits: ['party'],
      profile: () => profile,
      check: () => Promise.resolve([]),
      write: ({ signal }, command) => this.#write(command, signal),
    });
    this.configured = {
      name,
      connector,
      options: {},
      profile,
      intervalMs: 60_000,
      allowPrivateAddresses: false,
    };
  }

  /** What waits for an answer gets it at once, as the new condition has it. */
  become(condition: Condition): void {
    this.#condition = condition;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  async #write(command: Command, signal: AbortSignal): Promise<WriteResult> {
    this.waiting += 1;
    try {
      if (this.#condition === 'slow') await this.#rest(SLOW_MS, signal);
      if (this.#condition === 'silent') await this.#rest(TIMEOUT_MS, signal);
    } finally {
      this.waiting -= 1;
    }
    if (this.#condition === 'failing')
      throw new RetryableError('UNSILO_HTTP_503', 'The system answers 503.', { status: 503, mayHaveApplied: false });
    if (this.#condition === 'silent') throw new RetryableError('UNSILO_HTTP_TIMEOUT', 'The system does not answer.');
    return this.#system.write(command);
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, this.#changed.signal]) }).catch(() => undefined);
  }
}
