import type { Command, Party } from '@unsilo/schemas';
import { RetryableError, type ConnectorError, type ReadItem, type WriteResult } from '../../src/index.js';
import { addressBook } from './connector.js';
import { failureOf, type Book } from './failure.js';
import { addressBookWorld } from './world.js';

const DELETED = 'what people delete is told as deleted, once';
const DELETED_MEANWHILE = 'what people delete while nothing runs is told as deleted, once';
const SAME_TIME = 'edits under one time stamp are all read, also after a restart';
const SHORTENED = 'a value that the system shortens is told as it stands, and is no news';
const REFUSED = 'what the system refuses is rejected, and takes no effect';
const BROKEN = 'whatever breaks around a write, it takes effect once at most, and the outcome is true';

/** The address book with the parties of its reading changed, or (undefined) left out. */
function withParties(change: (party: Party) => Party | undefined): Book {
  return {
    ...addressBook,
    async *read(context): AsyncGenerator<ReadItem> {
      for await (const item of addressBook.read!(context)) {
        const changed = item.type === 'party' ? change(item.change) : undefined;
        if (item.type !== 'party') yield item;
        else if (changed !== undefined) yield { type: 'party', change: changed };
      }
    },
  };
}

/** The address book with the end of its writes changed. */
function withWrites(end: (write: Promise<WriteResult>, command: Command) => Promise<WriteResult>): Book {
  return {
    ...addressBook,
    write: (context, command, attempt) => end(addressBook.write!(context, command, attempt), command),
  };
}

test('something that is emitted and not declared', async () => {
  const connector: Book = { ...addressBook, emits: ['object'] };
  expect(await failureOf('the first complete reading is announced', connector)).toMatch(/not declared in `emits`/);
});

test('something that is declared and not emitted', async () => {
  const connector: Book = { ...addressBook, emits: ['party', 'interaction'] };
  expect(await failureOf('everything that the connector says it emits is emitted', connector)).toMatch(
    /there was none/,
  );
});

test.each([DELETED, DELETED_MEANWHILE])('a deletion that is passed over: %s', async (name) => {
  const connector = withParties((party) => (party.deleted === true ? undefined : party));
  expect(await failureOf(name, connector)).toMatch(/not told as deleted/);
});

test('a deletion that is told under a new version at each reading', async () => {
  let count = 0;
  const counted = withParties((party) =>
    party.deleted === true ? { ...party, version: { major: 100 + (count += 1), minor: 0 } } : party,
  );
  const connector: Book = { ...counted, read: (context) => counted.read!({ ...context, checkpoint: undefined }) };
  expect(await failureOf(DELETED, connector)).toMatch(/told again/);
});

test('a change that is taken for known by its time', async () => {
  const known = new Set<string>();
  const connector = withParties((party) => {
    // Both are corrected by the same offset of the server's clock, which is measured anew each time.
    const state = `${party.ref} ${Date.parse(party.changedAt) - Date.parse(party.createdAt!)}`;
    if (known.has(state)) return undefined;
    known.add(state);
    return party;
  });
  const start = async () => (known.clear(), addressBookWorld());
  expect(await failureOf(SAME_TIME, connector, { start })).toMatch(/in vain until .* says "the first edit"/);
});

test('what was sent, told as what was left', async () => {
  const connector = withWrites(async (write, command) => {
    const result = await write;
    const given = 'set' in command ? String(command.set['name.given']?.value) : '';
    return result.left === undefined ? result : { ...result, left: { ...result.left, name: { given } } as never };
  });
  expect(await failureOf(SHORTENED, connector)).toMatch(/what was left is what was sent/);
});

test('a shortened value that is taken for a failure', async () => {
  const connector = withWrites(async (write) => ({ ...(await write), status: 'conflict' }));
  expect(await failureOf(SHORTENED, connector)).toMatch(/conflict/);
});

test('a refusal that is tried again', async () => {
  const connector = withWrites((write) =>
    write.catch((error: ConnectorError) => {
      throw new RetryableError(error.code, error.message);
    }),
  );
  expect(await failureOf(REFUSED, connector)).toMatch(/uncertain/);
});

test('an answer that came too late, told as a refusal', async () => {
  const connector = withWrites((write) =>
    write.catch((error: ConnectorError) => {
      if (error.code !== 'UNSILO_HTTP_TIMEOUT') throw error;
      return { status: 'rejected', error: { code: error.code, message: 'too late' } };
    }),
  );
  expect(await failureOf(BROKEN, connector)).toMatch(/"kind":"delay".*rejected/);
});

test('a deed that the subject does not name is shown as skipped, not passed over', async () => {
  const start = async () => {
    const { remove: _, ...world } = await addressBookWorld();
    return world;
  };
  const deeds = ['editAtSameTime', 'shortened', 'refused'] as const;
  expect(await failureOf(DELETED, addressBook, { start, deeds })).toBe('skipped');
  expect(await failureOf(SAME_TIME, addressBook, { start, deeds })).toBe('passed');
  expect(await failureOf(SAME_TIME, addressBook, { deeds })).toMatch(/would not be tried/);
});
