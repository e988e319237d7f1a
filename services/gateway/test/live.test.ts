import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { GatewayOptions } from '../src/index.js';
import { bearer, testBed, type TestBed } from './support/gateway.js';

let bed: TestBed;
let port: number;
const readers: Reader[] = [];

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  bed = await testBed(options);
  ({ port } = await bed.gateway.start({ port: 0 }));
}
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.leave();
  await bed.gateway.close();
});

interface Frame {
  id?: string;
  event?: string;
  data?: string;
}

/** A client of server-sent events. */
class Reader {
  readonly frames: Frame[] = [];
  comments = 0;
  status = 0;
  headers: IncomingMessage['headers'] = {};
  ended = false;
  #message: IncomingMessage | undefined;
  #rest = '';
  #wake: (() => void)[] = [];

  static async open(query = '', headers: Record<string, string> = {}, key = bed.admin): Promise<Reader> {
    const reader = new Reader();
    readers.push(reader);
    const outgoing = httpRequest({ port, path: `/v1/live${query}`, headers: { ...bearer(key), ...headers } });
    outgoing.end();
    const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
    reader.#message = message;
    reader.status = message.statusCode ?? 0;
    reader.headers = message.headers;
    message.setEncoding('utf8');
    message.on('data', (text: string) => reader.#take(text));
    message.on('error', () => {});
    message.on('close', () => {
      reader.ended = true;
      reader.#notify();
    });
    return reader;
  }

  leave(): void {
    this.#message?.destroy();
  }

  /** Waits until a condition holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  get subjects(): string[] {
    return this.frames
      .filter(({ event }) => event === undefined)
      .map(({ data }) => (JSON.parse(data ?? '{}') as { subject: string }).subject);
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const frame: Frame = {};
      for (const line of part.split('\n')) {
        const [, field = '', value = ''] = /^([a-z]*):? ?(.*)$/.exec(line) ?? [];
        if (field === '') this.comments += 1;
        else if (field === 'id' || field === 'event' || field === 'data') frame[field] = value;
      }
      if (frame.data !== undefined) this.frames.push(frame);
    }
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const emit = (subject: string, topic = 'unsilo.parties.v1'): void =>
  bed.hub.emit(topic, 'unsilo.party.changed', subject, { ref: subject });
/** The hub's reader waits: whatever is emitted now is seen. */
const listening = async (count = 1): Promise<void> => {
  while (bed.hub.flow.readers < count) await new Promise((resolve) => setImmediate(resolve));
};

test('events come as they happen, with where to go on', async () => {
  await start();
  const reader = await Reader.open();
  expect(reader.status).toBe(200);
  expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(reader.headers['cache-control']).toBe('no-store');
  expect(reader.headers['x-content-type-options']).toBe('nosniff');
  await listening();
  emit('a/b/1');
  emit('a/b/2');
  await reader.until(() => reader.frames.length === 2);
  expect(reader.subjects).toEqual(['a/b/1', 'a/b/2']);
  const [first] = reader.frames;
  expect((JSON.parse(first?.data ?? '') as { cursor: string }).cursor).toBe(first?.id);
});

test('a reader that comes back goes on without a gap and without repeats, by header or by address', async () => {
  await start();
  const reader = await Reader.open();
  await listening();
  emit('a/b/1');
  await reader.until(() => reader.frames.length === 1);
  const cursor = reader.frames[0]?.id ?? '';
  reader.leave();
  emit('a/b/2');
  emit('a/b/3');
  const byHeader = await Reader.open('', { 'last-event-id': cursor });
  const byAddress = await Reader.open(`?after=${cursor}`);
  await byHeader.until(() => byHeader.frames.length === 2);
  await byAddress.until(() => byAddress.frames.length === 2);
  expect(byHeader.subjects).toEqual(['a/b/2', 'a/b/3']);
  expect(byAddress.subjects).toEqual(['a/b/2', 'a/b/3']);
});

test('only the topics that were asked for', async () => {
  await start();
  const reader = await Reader.open('?topics=unsilo.decisions.v1&topics=unsilo.outcomes.v1');
  await listening();
  emit('a/b/1');
  emit('d', 'unsilo.decisions.v1');
  await reader.until(() => reader.frames.length === 1);
  expect(reader.subjects).toEqual(['d']);
});

test('a cursor that is not ours is said before the stream ends', async () => {
  await start();
  const reader = await Reader.open('?after=nonsense');
  await reader.until(() => reader.ended);
  expect(reader.frames).toHaveLength(1);
  expect(reader.frames[0]?.event).toBe('problem');
  expect(JSON.parse(reader.frames[0]?.data ?? '')).toMatchObject({ code: 'UNSILO_BAD_CURSOR', status: 422 });
});

test('a failure inside is told without its words', async () => {
  await start();
  bed.hub.failure = new Error('the password is hunter2');
  const reader = await Reader.open();
  await reader.until(() => reader.ended);
  expect(JSON.parse(reader.frames[0]?.data ?? '')).toMatchObject({ code: 'UNSILO_INTERNAL' });
  expect(reader.frames[0]?.data).not.toContain('hunter2');
});

test('signs of life while nothing happens', async () => {
  await start({ limits: { heartbeatMs: 10 } });
  const reader = await Reader.open();
  await reader.until(() => reader.comments >= 3);
  expect(reader.frames).toEqual([]);
});

test('a key that is revoked ends its streams', async () => {
  await start({ limits: { heartbeatMs: 10 } });
  const key = bed.keys.make(['reader']);
  const reader = await Reader.open('', {}, key);
  const other = await Reader.open();
  bed.keys.revoke(key);
  await reader.until(() => reader.ended);
  expect(other.ended).toBe(false);
});

test('a cookie opens a stream, nothing opens none', async () => {
  await start();
  const answer = await bed.gateway.app.inject({ method: 'POST', url: '/v1/session', payload: { key: bed.admin } });
  const cookie = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
  const reader = await Reader.open('', { cookie, authorization: '' }, '');
  expect(reader.status).toBe(401);
  const outgoing = httpRequest({ port, path: '/v1/live', headers: { cookie } });
  outgoing.end();
  const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
  expect(message.statusCode).toBe(200);
  message.destroy();
});

test('a session that is over ends its streams', async () => {
  await start({ limits: { heartbeatMs: 10, sessionMs: 3_600_000 } });
  const answer = await bed.gateway.app.inject({ method: 'POST', url: '/v1/session', payload: { key: bed.admin } });
  const cookie = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
  const outgoing = httpRequest({ port, path: '/v1/live', headers: { cookie } });
  outgoing.end();
  const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
  const byKey = await Reader.open();
  const later = Date.now() + 3_600_000;
  const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
  await once(message.resume(), 'close');
  clock.mockRestore();
  expect(byKey.ended).toBe(false);
});

test('a stream of a revoked key makes room though its reader stands still', async () => {
  await start({ limits: { heartbeatMs: 10, liveStreams: 1 } });
  const key = bed.keys.make(['reader']);
  const socket = connect(port);
  socket.pause();
  socket.write(`GET /v1/live HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer(key).authorization}\r\n\r\n`);
  await listening();
  const large = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 30; i += 1) bed.hub.emit('unsilo.parties.v1', 'unsilo.party.changed', `a/b/${i}`, { large });
  bed.keys.revoke(key);
  let status = 429;
  while (status === 429) status = (await Reader.open()).status;
  expect(status).toBe(200);
  socket.destroy();
});

test('so many at once, and room again when one leaves', async () => {
  await start({ limits: { liveStreams: 2 } });
  const first = await Reader.open();
  await Reader.open();
  await listening(2);
  expect((await Reader.open()).status).toBe(429);
  first.leave();
  while (bed.hub.flow.readers > 1) await new Promise((resolve) => setImmediate(resolve));
  let status = 429;
  while (status === 429) status = (await Reader.open()).status;
  expect(status).toBe(200);
});

test('people get no more than they can follow, and are told how much they missed', async () => {
  await start();
  const reader = await Reader.open('?rate=5');
  await listening();
  for (let i = 0; i < 200; i++) emit(`a/b/${i}`);
  const skipped = (): number =>
    reader.frames
      .filter(({ event }) => event === 'skipped')
      .reduce((sum, { data }) => sum + (JSON.parse(data ?? '') as { count: number }).count, 0);
  await reader.until(() => reader.subjects.length + skipped() === 200);
  // The second may turn over in the middle.
  expect(reader.subjects.length).toBeLessThanOrEqual(10);
  const last = reader.frames.at(-1);
  expect(last?.id).toBe(bed.hub.flow.all().at(-1)?.cursor);
});

test('line breaks in a cursor or in data cannot forge events', async () => {
  await start();
  const { live } = bed.hub;
  bed.hub.live = async function* () {
    yield {
      cursor: 'x\nevent: problem',
      topic: 't',
      type: 't',
      id: 'i',
      subject: 's\n\ndata: forged',
      at: '',
      data: '\r\n',
    };
  };
  const reader = await Reader.open();
  await reader.until(() => reader.ended);
  bed.hub.live = live;
  expect(reader.frames).toHaveLength(1);
  expect(reader.frames[0]?.event).toBeUndefined();
  expect(reader.frames[0]?.id).toBeUndefined();
  expect(reader.subjects).toEqual(['s\n\ndata: forged']);
});

test('closing ends the streams', async () => {
  await start();
  const reader = await Reader.open();
  await listening();
  await bed.gateway.close();
  await reader.until(() => reader.ended);
  expect(reader.ended).toBe(true);
});

test('closing does not wait for a reader that stands still', async () => {
  await start();
  const socket = connect(port);
  socket.pause();
  socket.write(`GET /v1/live HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer(bed.admin).authorization}\r\n\r\n`);
  await listening();
  // More than the buffers of both ends hold: the stream waits for room.
  const large = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 30; i += 1) bed.hub.emit('unsilo.parties.v1', 'unsilo.party.changed', `a/b/${i}`, { large });
  while (bed.hub.flow.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  const ended = once(socket, 'close');
  await bed.gateway.close();
  socket.on('error', () => undefined);
  socket.resume();
  await ended;
});
