import { Type } from 'typebox';
import {
  defineConnector,
  secret,
  timestamp,
  type Connector,
  type ReadItem,
  type WriteResult,
} from '../../src/index.js';

export interface Card {
  id: string;
  name: string;
  /** Whole seconds, as coarse systems count. */
  changed: number;
}

export interface RolodexOptions {
  token: string;
}

/** A system made of a list of cards, whose next reading or writing can be scripted. */
export interface Rolodex {
  connector: Connector<RolodexOptions>;
  cards: Card[];
  /** Thrown by the next readings, in order, before anything is yielded. */
  readErrors: unknown[];
  /** Yielded after the cards. */
  extraItems: ReadItem[];
  /** Answers or errors of the next writes, in order; then writes are applied. */
  writes: (WriteResult | Error | (() => Promise<WriteResult>))[];
  settle?: () => Promise<WriteResult>;
  written: { id: string; number: number; unclear: boolean }[];
  readings: number;
}

export function rolodex(system = 'rolodex'): Rolodex {
  const world: Rolodex = {
    cards: [],
    readErrors: [],
    extraItems: [],
    writes: [],
    written: [],
    readings: 0,
    connector: undefined as never,
  };
  world.connector = defineConnector<RolodexOptions>({
    id: 'rolodex',
    title: 'Rolodex',
    options: Type.Object({ token: Type.String({ ...secret, default: 'hunter2-token' }) }),
    emits: ['party'],
    profile: () => ({ system, connector: 'rolodex', title: 'Rolodex', kinds: [], objects: [] }),
    check: () => Promise.resolve([{ ok: true, code: 'UNSILO_OK', message: 'fine' }]),
    async *read(context) {
      world.readings += 1;
      await Promise.resolve();
      const from = (context.checkpoint as number | undefined) ?? 0;
      for (const card of world.cards.filter((one) => one.changed >= from).sort((a, b) => a.changed - b.changed)) {
        if (world.readErrors.length > 0 && world.readErrors[0] !== undefined) throw world.readErrors.shift();
        yield cardItem(system, card, context.clock.now());
        yield { type: 'checkpoint', value: card.changed };
      }
      if (world.readErrors.length > 0) throw world.readErrors.shift();
      yield* world.extraItems;
      if (context.checkpoint === undefined) yield { type: 'snapshot-completed' };
    },
    webhook: {
      verify(call, options) {
        if (call.headers['x-token'] !== options.token) throw new Error(`wrong token, expected ${options.token}`);
      },
      handle: (context, call) => {
        const card = JSON.parse(call.raw.toString()) as Card;
        return Promise.resolve({ status: 202, items: [cardItem(system, card, context.clock.now())], poke: true });
      },
    },
    async write(context, command, attempt) {
      world.written.push({ id: command.id, ...attempt });
      const next = world.writes.shift();
      if (next instanceof Error) throw next;
      if (typeof next === 'function') return next();
      if (next !== undefined) return next;
      if (command.action !== 'update') return { status: 'rejected', error: { code: 'X', message: 'only updates' } };
      const card = world.cards.find((one) => command.ref.endsWith(`/${one.id}`))!;
      const before = state(card);
      const pre = { major: card.changed, minor: 0 };
      card.name = String(command.set['name.full']!.value);
      card.changed = Math.floor(context.clock.now() / 1000);
      return {
        status: 'applied',
        ref: command.ref,
        version: { major: card.changed, minor: 0 },
        changedAt: timestamp(card.changed * 1000),
        pre,
        before,
        left: state(card),
        exact: true,
      };
    },
    settle: () => {
      if (world.settle === undefined) throw new Error('nothing is known');
      return world.settle();
    },
  });
  return world;
}

function state(card: Card) {
  return { kind: 'person' as const, name: { full: card.name } };
}

export function cardItem(system: string, card: Card, now: number): ReadItem & { type: 'party' } {
  return {
    type: 'party',
    change: {
      ref: `${system}/card/${card.id}`,
      version: { major: card.changed, minor: 0 },
      changedAt: timestamp(card.changed * 1000),
      observedAt: timestamp(now),
      state: state(card),
    },
  };
}
