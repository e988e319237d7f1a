import { defineConnector, type ReadingContext, type ReadItem } from '@unsilo/connector-sdk';
import { Type } from 'typebox';
import type { ConfiguredSystem } from '../../src/configuration/configuration.js';

export interface Card {
  id: string;
  version: number;
  name: string;
  email?: string;
}

/** A system of cards that a test can write on, read whenever it says so. */
export class Rolodex {
  readonly cards = new Map<string, Card>();
  readonly configured: ConfiguredSystem;
  /** Readings that began. */
  readings = 0;

  constructor(system: string) {
    const connector = defineConnector<Record<string, never>>({
      id: 'rolodex',
      title: 'Cards',
      options: Type.Object({}),
      emits: ['party'],
      profile: (name) => ({
        system: name,
        connector: 'rolodex',
        title: 'Cards',
        objects: [],
        kinds: [
          {
            kind: 'card',
            party: 'person',
            attributes: { 'name.full': { writable: true }, emails: { writable: true } },
            create: 'none',
            delete: false,
            conditional: true,
          },
        ],
      }),
      check: () => Promise.resolve([]),
      read: (context) => this.#read(context),
      webhook: {
        verify: ({ headers }) => {
          if (headers['x-signature'] !== 'right') throw new Error('The signature is wrong.');
        },
        handle: () => Promise.resolve({ status: 202, poke: true }),
      },
    });
    this.configured = {
      name: system,
      connector,
      options: {},
      profile: connector.profile(system, {}),
      intervalMs: 20,
      allowPrivateAddresses: false,
    };
  }

  write(card: Card): void {
    this.cards.set(card.id, card);
  }

  async *#read({ system, clock, checkpoint }: ReadingContext<unknown>): AsyncGenerator<ReadItem> {
    this.readings += 1;
    const observedAt = new Date(clock.now()).toISOString();
    for (const { id, version, name, email } of this.cards.values())
      yield {
        type: 'party',
        change: {
          ref: `${system}/card/${id}`,
          version: { major: version, minor: 0 },
          changedAt: '2026-05-01T00:00:00Z',
          observedAt,
          state: {
            kind: 'person',
            name: { full: name },
            ...(email === undefined ? {} : { emails: [{ address: email }] }),
          },
        },
      };
    if (checkpoint !== undefined) return;
    yield { type: 'snapshot-completed' };
    yield { type: 'checkpoint', value: true };
  }
}
