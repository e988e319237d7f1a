import { Type } from 'typebox';
import type { Party } from '@unsilo/schemas';
import { RetryableError, type HttpClient, type HttpResponse, type ReadItem } from '../../src/index.js';
import { addressBook } from './connector.js';
import { failureOf, type Book } from './failure.js';
import { addressBookWorld } from './world.js';

/** The address book with its reading changed. */
function reading(change: (items: AsyncIterable<ReadItem>) => AsyncIterable<ReadItem>): Book {
  return { ...addressBook, read: (context) => change(addressBook.read!(context)) };
}
async function* each(items: AsyncIterable<ReadItem>, change: (item: ReadItem) => ReadItem[]): AsyncGenerator<ReadItem> {
  for await (const item of items) yield* change(item);
}
const withState = (change: (party: Party) => Party) =>
  reading((items) =>
    each(items, (item) => (item.type === 'party' ? [{ ...item, change: change(item.change) }] : [item])),
  );

test('an event that breaks the contract', async () => {
  const connector = withState((party) => ({ ...party, state: { kind: 'person', shoeSize: 37 } }) as never);
  expect(await failureOf('everything there is reaches the log as valid events, and nothing twice', connector)).toMatch(
    /shoeSize/,
  );
});

test('a checkpoint that comes before what it covers', async () => {
  const connector = reading(async function* (items) {
    let held: ReadItem[] = [];
    for await (const item of items) {
      if (item.type === 'checkpoint') {
        yield item;
        yield* held;
        held = [];
      } else held.push(item);
    }
    yield* held;
  });
  expect(await failureOf('a crash at any step loses nothing, and no version names two states', connector)).toMatch(
    /in vain/,
  );
});

test('a checkpoint before a page whose last contact is read again after it', async () => {
  const connector = reading(async function* (items) {
    let held: ReadItem[] = [];
    for await (const item of items) {
      if (item.type === 'checkpoint') {
        yield { type: 'checkpoint', value: (item.value as number) - 1 };
        yield* held;
        held = [];
      } else held.push(item);
    }
    yield* held;
  });
  expect(await failureOf('a crash at any step loses nothing, and no version names two states', connector)).toMatch(
    /in vain/,
  );
});

test('a new version for the same state at each reading', async () => {
  let count = 0;
  const connector: Book = {
    ...addressBook,
    read: (context) =>
      each(addressBook.read!({ ...context, checkpoint: undefined }), (item) =>
        item.type === 'party'
          ? [{ ...item, change: { ...item.change, version: { major: 1000 + (count += 1), minor: 0 } } }]
          : [item],
      ),
  };
  expect(await failureOf('everything there is reaches the log as valid events, and nothing twice', connector)).toMatch(
    /appended events/,
  );
});

test('a refusal that is taken for an empty answer', async () => {
  const connector = reading(async function* (items) {
    try {
      yield* items;
    } catch {
      yield { type: 'snapshot-completed' };
    }
  });
  expect(
    await failureOf('a server that answers 401 pauses the system with a reason, until it is resumed', connector),
  ).toMatch(/paused/);
});

/** The address book whose requests fail in another way. */
function failing(method: RegExp, change: (error: RetryableError) => Promise<HttpResponse>): Book {
  const around = (http: HttpClient): HttpClient => ({
    ...http,
    request: (request) =>
      http.request(request).catch((error: unknown) => {
        if (error instanceof RetryableError && method.test(request.method ?? 'GET')) return change(error);
        throw error;
      }),
  });
  return {
    ...addressBook,
    read: (context) => addressBook.read!({ ...context, http: around(context.http) }),
    write: (context, ...rest) => addressBook.write!({ ...context, http: around(context.http) }, ...rest),
  };
}
const answer = (status: number, body: object): HttpResponse => ({
  status,
  headers: {},
  body: Buffer.from(JSON.stringify(body)),
  url: 'http://book.example',
  redirects: [],
});

test('a failing page that is taken for the last one', async () => {
  const connector = failing(/GET/, () => Promise.resolve(answer(200, { contacts: [], next: 0 })));
  expect(await failureOf('a failing server is outlasted, whichever request it hits', connector)).toMatch(
    /complete without/,
  );
});

test('a secret that the server handed out, in an error', async () => {
  const connector = failing(/GET/, () =>
    Promise.reject(new RetryableError('UNSILO_BOOK_DOWN', 'failed with s3ssion-from-server')),
  );
  const start = async () => ({ ...(await addressBookWorld()), secrets: ['s3ssion-from-server'] });
  expect(await failureOf('a failing server is outlasted, whichever request it hits', connector, { start })).toMatch(
    /secret is told or kept/,
  );
});

test('a create whose answer was lost, told as rejected', async () => {
  const connector: Book = {
    ...addressBook,
    write: (context, command, attempt) =>
      addressBook.write!(context, command, attempt).catch((error: unknown) => {
        if (command.action !== 'create') throw error;
        return { status: 'rejected', error: { code: 'UNSILO_BOOK_REFUSED', message: 'refused' } };
      }),
  };
  expect(
    await failureOf('whatever breaks around a write, it takes effect once at most, and the outcome is true', connector),
  ).toMatch(/rejected/);
});

test('texts that are tidied up', async () => {
  const connector = withState((party) => JSON.parse(JSON.stringify(party).replaceAll(/[<>]/g, '')) as Party);
  expect(await failureOf('hostile texts survive', connector)).not.toBe('passed');
});

test('a memory that keeps what was erased', async () => {
  const connector: Book = {
    ...addressBook,
    async *read(context) {
      for await (const item of addressBook.read!(context)) {
        if (item.type === 'party') await context.memory.set({ [item.change.ref]: item.change.state });
        yield item;
      }
    },
  };
  const name = 'what is erased is kept nowhere, and its state is not told again';
  expect(await failureOf(name, connector)).toMatch(/what was erased is kept/);
  const forgetful: Book = {
    ...connector,
    forget: (context, refs) => context.memory.set(Object.fromEntries(refs.map((ref) => [ref, undefined]))),
  };
  expect(await failureOf(name, forgetful)).toBe('passed');
});

test('a secret that the server handed out, in the log', async () => {
  const connector: Book = {
    ...addressBook,
    read: (context) => {
      context.log.info({ session: 's3ssion-from-server' }, 'logged in');
      return addressBook.read!(context);
    },
  };
  const start = async () => ({ ...(await addressBookWorld()), secrets: ['s3ssion-from-server'] });
  expect(await failureOf('the first complete reading is announced', connector, { start })).toMatch(
    /secret is told or kept/,
  );
});

test.each(['memory', 'checkpoint'])('a secret that is kept in the %s', async (place) => {
  const connector: Book = {
    ...addressBook,
    async *read(context) {
      const { token } = context.options as { token: string };
      if (place === 'memory') await context.memory.set({ session: { token } });
      for await (const item of addressBook.read!({ ...context, checkpoint: undefined }))
        if (item.type === 'checkpoint') yield { type: 'checkpoint', value: place === 'memory' ? 1 : { token } };
        else yield item;
    },
  };
  expect(await failureOf('the first complete reading is announced', connector)).toMatch(/secret is told or kept/);
});

test('an option without a description', async () => {
  const connector: Book = { ...addressBook, options: Type.Object({ url: Type.String(), token: Type.String() }) };
  expect(await failureOf('the profile and the options fit the contract', connector)).toMatch(/without a description/);
});

test('a write without a key', async () => {
  const connector: Book = {
    ...addressBook,
    write: (context, command, attempt) =>
      addressBook.write!(
        context,
        command.action === 'create' ? { ...command, externalKey: String(Math.random()) } : command,
        attempt,
      ),
  };
  expect(
    await failureOf('a command whose outcome was lost in a crash is repeated without a second effect', connector),
  ).toMatch(/effects after the repeat/);
});

const OLD_BASE =
  'an update that was planned on a state which is no more is a conflict, where the profile promises conditions';

test('a write without its condition', async () => {
  const connector: Book = {
    ...addressBook,
    async write(context, command, attempt) {
      const first = await addressBook.write!(context, command, attempt);
      if (command.action !== 'update' || first.status !== 'conflict') return first;
      return addressBook.write!(context, { ...command, base: { major: 2, minor: 0 } }, attempt);
    },
  };
  expect(await failureOf(OLD_BASE, connector)).toMatch(/had moved on/);
});

test('a conflict that is taken for our own write', async () => {
  const connector: Book = {
    ...addressBook,
    write: (context, command) => addressBook.write!(context, command, { number: 2, unclear: true }),
  };
  expect(await failureOf(OLD_BASE, connector)).toMatch(/had moved on/);
});

test('a conflict with our own earlier try, told as somebody else’s', async () => {
  const connector: Book = {
    ...addressBook,
    write: (context, command) => addressBook.write!(context, command, { number: 1, unclear: false }),
  };
  expect(
    await failureOf('whatever breaks around a write, it takes effect once at most, and the outcome is true', connector),
  ).toMatch(/conflict/);
});

test('an outcome that lies about what was left', async () => {
  const connector: Book = {
    ...addressBook,
    async write(context, command, attempt) {
      const result = await addressBook.write!(context, command, attempt);
      return { ...result, left: { kind: 'person', name: { given: 'Somebody' } } };
    },
  };
  expect(await failureOf('our own write that comes back by reading is no news', connector)).toMatch(/was read at/);
});

test('a record made under a name that no reading knows', async () => {
  const connector: Book = {
    ...addressBook,
    async write(context, command, attempt) {
      const result = await addressBook.write!(context, command, attempt);
      return { ...result, ...(command.action === 'create' ? { ref: 'address-book/contact/999' } : {}) };
    },
  };
  expect(await failureOf('our own write that comes back by reading is no news', connector)).toMatch(/is about/);
});

test('an outcome about another record', async () => {
  const connector: Book = {
    ...addressBook,
    async write(context, command, attempt) {
      const result = await addressBook.write!(context, command, attempt);
      return { ...result, ref: `${result.ref}9` };
    },
  };
  expect(await failureOf('each command is carried out once, with a whole outcome', connector)).toMatch(
    /another record/,
  );
});

test('an outcome without the state that it left', async () => {
  const connector: Book = {
    ...addressBook,
    async write(context, command, attempt) {
      const { left: _, ...rest } = await addressBook.write!(context, command, attempt);
      return rest;
    },
  };
  expect(await failureOf('each command is carried out once, with a whole outcome', connector)).toMatch(/no state left/);
});

test('a late command that is carried out all the same', async () => {
  const connector: Book = { ...addressBook };
  const start = async () => {
    const world = await addressBookWorld();
    return { ...world, effects: () => Promise.resolve(1) };
  };
  expect(await failureOf('a command past its deadline is not applied', connector, { start })).not.toBe('passed');
});

test('an answer that is believed unseen', async () => {
  const connector = reading((items) =>
    each(items, (item) => (item.type === 'bad-input' ? (undefined as never) : [item])),
  );
  expect(
    await failureOf('an odd answer to a reading is no bug, and holds up nothing that comes after it', connector),
  ).toMatch(/did not foresee/);
});

test('a record that stops all others', async () => {
  const connector = reading(async function* (items) {
    for await (const item of items) {
      if (item.type === 'bad-input') throw new RetryableError('UNSILO_BOOK_STRANGE', 'no contact');
      yield item;
    }
  });
  expect(
    await failureOf('of a record that is odd for good, all others are read, and it is read or parked', connector),
  ).toMatch(/in vain/);
});

test('a record that is left out in silence', async () => {
  const connector = reading((items) => each(items, (item) => (item.type === 'bad-input' ? [] : [item])));
  expect(
    await failureOf('of a record that is odd for good, all others are read, and it is read or parked', connector),
  ).toMatch(/nor parked/);
});

test('a write whose odd answer is taken for a refusal', async () => {
  const connector: Book = {
    ...addressBook,
    write: (context, command, attempt) =>
      addressBook.write!(context, command, attempt).catch((error: { code: string }) => {
        if (error.code !== 'UNSILO_HTTP_UNEXPECTED_ANSWER') throw error;
        return { status: 'rejected', error: { code: error.code, message: 'refused' } };
      }),
  };
  expect(
    await failureOf('after an odd answer to a write, it takes effect once at most, and the outcome is true', connector),
  ).toMatch(/rejected/);
});
