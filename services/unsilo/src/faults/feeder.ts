import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import type { Place, Reply } from './protocol.js';
import { messageOf, type FedMessage, type Script, type Input } from './script.js';
import type { SimulatedSystem } from './simulated-system.js';

export interface Batch {
  number: number;
  messages: FedMessage[];
  replies: Reply[];
  /** Inputs up to here are in this batch or an earlier one. */
  upTo: number;
}

/** An event that was acknowledged: where it stands, and what it is. */
export interface Acknowledged {
  place: Place;
  key: string;
  digest: string;
}

/**
 * Hands the script over in batches. What isn't acknowledged is handed over again after a restart; what is, is noted in a ledger outside of
 * the data folder.
 */
export class Feeder {
  readonly ledger: string;
  acknowledged = 0;
  upTo = 0;
  private readonly inputs: Iterator<Input>;
  private readonly systems: ReadonlyMap<string, SimulatedSystem>;
  private readonly batchSize: number;
  private readonly outstanding: Batch[] = [];
  private sent = 0;
  private made = 0;
  private batches = 0;
  private exhausted = false;

  constructor(script: Script, systems: ReadonlyMap<string, SimulatedSystem>, ledger: string, batchSize: number) {
    this.inputs = script.inputs();
    this.systems = systems;
    this.ledger = ledger;
    this.batchSize = batchSize;
  }

  /** The next batch to hand over, at most `window` of them unacknowledged, none beyond input `limit`. */
  next(window: number, limit: number): Batch | undefined {
    if (this.sent >= window) return undefined;
    const repeated = this.outstanding[this.sent];
    if (repeated) {
      this.sent += 1;
      return repeated;
    }
    if (this.exhausted || this.made >= limit) return undefined;
    const batch: Batch = { number: (this.batches += 1), messages: [], replies: [], upTo: 0 };
    while (batch.messages.length + batch.replies.length < this.batchSize) {
      const { value, done } = this.inputs.next() as IteratorResult<Input, undefined>;
      if (done || value === undefined) {
        this.exhausted = true;
        break;
      }
      this.made += 1;
      this.add(batch, value);
    }
    batch.upTo = this.made;
    if (batch.messages.length + batch.replies.length === 0) return undefined;
    this.outstanding.push(batch);
    this.sent += 1;
    return batch;
  }

  private add(batch: Batch, input: Input): void {
    if (input.kind === 'event') batch.messages.push(input.message);
    else if (input.kind === 'reply') batch.replies.push(input);
    else {
      const system = this.systems.get(input.ref.slice(0, input.ref.indexOf('/')));
      if (!system) throw new Error(`there is no system for ${input.ref}`);
      batch.messages.push(messageOf(system.edit(input.ref, input.createdAt, input.at, input.patch)));
    }
  }

  acknowledge(number: number, places: readonly Place[]): void {
    const [batch] = this.outstanding;
    if (batch?.number !== number) throw new Error(`batch ${number} was acknowledged out of turn`);
    this.outstanding.shift();
    this.sent -= 1;
    this.upTo = batch.upTo;
    this.acknowledged += batch.messages.length;
    const lines = batch.messages.map((message, i) => {
      const place = places[i];
      if (!place) throw new Error(`batch ${number} was acknowledged without a place for each event`);
      return JSON.stringify({ place, key: message.key, digest: digestOf(message.value) } satisfies Acknowledged);
    });
    if (lines.length > 0) appendFileSync(this.ledger, `${lines.join('\n')}\n`);
  }

  /** The process is gone: what it had not acknowledged must be handed over again. */
  restart(): void {
    this.sent = 0;
  }

  get done(): boolean {
    return this.exhausted && this.outstanding.length === 0;
  }
}

export function readLedger(file: string): Acknowledged[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Acknowledged);
}

export function digestOf(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 22);
}
