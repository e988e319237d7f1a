import type { Command } from '@unsilo/schemas';
import { startFakeServer, type ConformanceWorld } from '../../src/testing.js';
import { addressBookServer } from './fake-server.js';

const token = 'b00k-t0ken';
const times = { issuedAt: '2026-03-01T09:30:00.000Z', deadline: '2026-03-01T10:30:00.000Z', attempt: 1 };

const commands: Command[] = [
  {
    id: 'x',
    system: 'address-book',
    cause: { kind: 'plan' },
    ...times,
    action: 'update',
    ref: 'address-book/contact/1',
    base: { major: 1, minor: 0 },
    set: { 'name.given': { value: 'Augusta', asOf: 0 }, phones: { value: [{ number: '+44 20 7946 0958' }], asOf: 0 } },
  },
  {
    id: 'y',
    system: 'address-book',
    cause: { kind: 'plan' },
    ...times,
    action: 'create',
    kind: 'contact',
    externalKey: 'key-1',
    createdFor: 'crm/contact/7',
    set: { 'name.given': { value: 'Grace', asOf: 0 }, birthDate: { value: '1906-12-09', asOf: 0 } },
  },
];

/** What people, and commands out of the ordinary, do to the contact that is there. */
export const deeds = ['remove', 'editAtSameTime', 'shortened', 'refused'] as const;

/** A fresh address book with one contact. */
export async function addressBookWorld(): Promise<ConformanceWorld> {
  const book = addressBookServer(token);
  const server = await startFakeServer(book.handle);
  let people = 0;
  const add = (fields: Record<string, string>) => `address-book/contact/${book.save(fields).id}`;
  add({ first: 'Ada', last: 'Lovelace' });
  return {
    options: { url: server.url, token },
    server,
    change: (n) =>
      Promise.resolve(
        Array.from({ length: n }, () => add({ first: `Person ${(people += 1)}`, email: `p${people}@example.com` })),
      ),
    plant: (text) => Promise.resolve({ ref: add({ last: text }) }),
    commands: () => Promise.resolve(commands),
    effects: (command) =>
      Promise.resolve(
        command.action === 'create'
          ? book.contacts.filter((contact) => contact.fields['first'] === 'Grace').length
          : book.contacts.filter((contact) => contact.fields['first'] === 'Augusta' && contact.rev === 2).length,
      ),
    remove() {
      book.remove(book.contacts[0]!);
      return Promise.resolve('address-book/contact/1');
    },
    editAtSameTime(text) {
      const [ada] = book.contacts;
      const { updated } = ada!;
      book.save({ last: text }, ada).updated = updated;
      return Promise.resolve({ ref: 'address-book/contact/1' });
    },
    shortened: () =>
      Promise.resolve({ ...commands[0]!, set: { 'name.given': { value: 'a'.repeat(600), asOf: 0 } } } as Command),
    refused: () =>
      Promise.resolve(
        commands.map(
          (command) => ({ ...command, set: { emails: { value: [{ address: 'nowhere' }], asOf: 0 } } }) as Command,
        ),
      ),
    close: () => server.close(),
  };
}
