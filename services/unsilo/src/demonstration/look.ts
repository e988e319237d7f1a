import { topicName, type Command, type Outcome } from '@unsilo/schemas';
import type { Actor, CustomerLookup, HubService, RecordView } from '@unsilo/hub';
import type { SimulatedRecords } from './records-window.js';

/** What the claims of the demonstration are checked against: the hub, in this process or over HTTP, and the simulated systems. */
export type Asked = Pick<
  HubService,
  'record' | 'customer' | 'timeline' | 'events' | 'explainPair' | 'explainCommand' | 'audit' | 'systems'
>;

type Found = Extract<CustomerLookup, { status: 'found' }>;

/** One look at everything; each of its questions is asked anew. */
export class Look {
  readonly service: Asked;
  readonly actor: Actor;
  readonly #simulated: (system: string) => Promise<SimulatedRecords>;

  constructor(service: Asked, actor: Actor, simulated: (system: string) => Promise<SimulatedRecords>) {
    this.service = service;
    this.actor = actor;
    this.#simulated = simulated;
  }

  /** Undefined while the hub has not seen it. */
  async record(ref: string): Promise<RecordView | undefined> {
    return this.service.record(this.actor, ref).catch((error: unknown) => {
      if ((error as { code?: string }).code === 'UNSILO_NO_RECORD') return undefined;
      throw error;
    });
  }

  /** The customer that a record belongs to. */
  async customerOf(ref: string): Promise<Found | undefined> {
    const id = (await this.record(ref))?.customer;
    if (id === undefined) return undefined;
    const found = await this.service.customer(this.actor, id);
    return found.status === 'found' ? found : undefined;
  }

  async timelineOf(ref: string): Promise<Awaited<ReturnType<HubService['timeline']>>['items']> {
    const id = (await this.record(ref))?.customer;
    return id === undefined ? [] : (await this.service.timeline(this.actor, id, { limit: 50 })).items;
  }

  /** Every write to these records that the hub ever asked a system for, oldest first. */
  async updatesOf(...refs: readonly string[]): Promise<UpdateCommand[]> {
    const systems = new Set(refs.map((ref) => ref.slice(0, ref.indexOf('/'))));
    const updates: UpdateCommand[] = [];
    for (const system of systems)
      for await (const data of this.#events(topicName('commands', system))) {
        const command = data as Command;
        if (command.action === 'update' && refs.includes(command.ref)) updates.push(command);
      }
    return updates.sort((a, b) => (a.issuedAt < b.issuedAt ? -1 : Number(a.issuedAt > b.issuedAt)));
  }

  /** How a write ended; undefined while it hasn't. */
  async outcomeOf(command: string): Promise<Outcome['status'] | undefined> {
    return (await this.service.explainCommand(this.actor, command)).detail.outcome?.status;
  }

  /** A row of a simulated system's own table. */
  async own(system: string, table: string, key: string): Promise<Readonly<Record<string, string>> | undefined> {
    const found = (await this.#simulated(system)).tables.find(({ name }) => name === table);
    return found?.rows.find((row) => row[found.key] === key);
  }

  async ownRows(system: string, table: string): Promise<readonly Readonly<Record<string, string>>[]> {
    return (await this.#simulated(system)).tables.find(({ name }) => name === table)?.rows ?? [];
  }

  async *#events(topic: string): AsyncGenerator<unknown> {
    let cursor: string | undefined;
    do {
      const query = { topic, limit: 50, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.service.events(this.actor, query);
      for (const { data } of page.items) yield data;
      cursor = page.next;
    } while (cursor !== undefined);
  }
}

export type UpdateCommand = Extract<Command, { action: 'update' }>;

/** The last nine digits: one number, however it is written. */
export function samePhone(a: string | undefined, b: string): boolean {
  const digits = (text: string): string => text.replaceAll(/\D/g, '').slice(-9);
  return a !== undefined && digits(a) === digits(b);
}
