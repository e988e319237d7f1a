import type { Customer } from '@unsilo/schemas';
import type { Asked, Asking } from '../../src/cli/asking.js';
import { countAll } from '../../src/cli/counting.js';

interface World {
  /** Members by customer. */
  customers: Record<string, string[]>;
  /** Events by topic, newest first. */
  events: Record<string, { id: string; data: object }[]>;
  erased?: string[];
  /** Ids of the events whose state the hub has. */
  kept?: string[];
}

function asking({ customers, events, erased = [], kept = [] }: World): Asking {
  const service = {
    async *customers() {
      for (const [id, members] of Object.entries(customers)) yield { id, members } as unknown as Customer;
    },
    events: (_: unknown, { topic, cursor }: { topic: string; cursor?: string }) => {
      // One event a page.
      const all = events[topic.split('.')[1] ?? ''] ?? [];
      const at = Number(cursor ?? 0);
      const next = at + 1 < all.length ? { next: String(at + 1) } : {};
      return Promise.resolve({ items: all.slice(at, at + 1), ...next });
    },
    decisions: () =>
      Promise.resolve({
        items: [
          { kind: 'link', refs: ['a/b/1', 'a/b/2'] },
          { kind: 'erase', refs: erased },
        ],
      }),
    deadLetters: () =>
      Promise.resolve({
        items: [
          { state: 'open', at: { system: 'crm' } },
          { state: 'open', at: { system: 'crm' } },
          { state: 'discarded', system: 'shop', at: {} },
        ],
      }),
    explainEvent: (_: unknown, id: string) =>
      kept.includes(id)
        ? Promise.resolve({ words: [], detail: { id, hops: [{ hop: 'state', detail: '' }] } })
        : Promise.reject(Object.assign(new Error('No event'), { code: 'UNSILO_NO_EVENT' })),
  };
  return {
    service: service as unknown as Asked,
    actor: { tenant: 'acme', name: 'test', roles: ['admin'] },
    where: 'folder',
    close: () => Promise.resolve(),
  };
}

const count = (world: World) => countAll(asking(world), new AbortController().signal, () => undefined);
const change = (ref: string, more: object = {}) => ({ id: `${ref}@1.0`, data: { ref, ...more } });

describe('counting', () => {
  it('counts every ref once, by what became of its last state', async () => {
    const { records, customers, deadLetters } = await count({
      customers: { c1: ['crm/contact/1', 'shop/contact/1'], c2: ['crm/contact/4'] },
      events: {
        parties: [
          change('crm/contact/3', { deleted: true }),
          change('crm/contact/3', { state: {} }),
          change('crm/contact/1'),
          change('crm/contact/1'),
          change('crm/contact/2'),
          // Gone from its system, and still one that speaks of its customer.
          change('crm/contact/4', { deleted: true }),
          change('shop/contact/1'),
        ],
        objects: [change('crm/case/1', { state: { parties: [{ ref: 'crm/contact/1' }] } })],
        interactions: [
          change('press/entry/1', { state: {} }),
          change('social/status/1', { state: { author: 'crm/contact/4' } }),
          change('social/status/2', { state: { audience: ['crm/contact/9'] } }),
        ],
      },
      erased: ['crm/contact/2'],
      kept: ['crm/case/1@1.0', 'press/entry/1@1.0', 'social/status/1@1.0', 'social/status/2@1.0'],
    });
    expect(customers).toBe(2);
    expect(deadLetters).toEqual([
      { system: 'crm', state: 'open', number: 2 },
      { system: 'shop', state: 'discarded', number: 1 },
    ]);
    const none = { inCustomers: 0, kept: 0, deleted: 0, erased: 0, astray: [] };
    expect(records).toEqual([
      { ...none, system: 'crm', kind: 'case', what: 'object', read: 1, inCustomers: 1 },
      { ...none, system: 'crm', kind: 'contact', what: 'party', read: 4, inCustomers: 2, deleted: 1, erased: 1 },
      { ...none, system: 'press', kind: 'entry', what: 'interaction', read: 1, kept: 1 },
      { ...none, system: 'shop', kind: 'contact', what: 'party', read: 1, inCustomers: 1 },
      { ...none, system: 'social', kind: 'status', what: 'interaction', read: 2, inCustomers: 1, kept: 1 },
    ]);
  });

  it('finds a party in no customer, one in two, and an object that the hub does not have', async () => {
    const { records } = await count({
      customers: { c1: ['crm/contact/2'], c2: ['crm/contact/2'] },
      events: {
        parties: [change('crm/contact/1'), change('crm/contact/2')],
        objects: [change('crm/case/1', { state: { parties: [{ ref: 'crm/contact/2' }] } })],
      },
    });
    expect(records.map(({ kind, astray }) => [kind, astray])).toEqual([
      ['case', ['crm/case/1']],
      ['contact', ['crm/contact/1', 'crm/contact/2']],
    ]);
  });
});
