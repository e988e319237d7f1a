import { startFakeServer, type FakeAnswer, type FakeRequest, type FakeServer } from '@unsilo/connector-sdk/testing';
import { simulateMastodon, type SimulatedMastodon } from '@unsilo/connector-mastodon/simulator';
import { WebSocketServer, type WebSocket } from 'ws';
import { assertContract } from './contract/contract.js';

export { SELF, type SimulatedStatus } from '@unsilo/connector-mastodon/simulator';

/** The simulated Mastodon on a server into which faults can be put, with its answers held against the contract. */
export interface FakeMastodon extends SimulatedMastodon {
  server: FakeServer;
  /** Answers that replace the right one, by method and path. */
  answers: Map<string, (request: FakeRequest) => FakeAnswer>;
  /** Lets time pass on the server. */
  later(ms: number): void;
  /** Sends an event to whoever listens; what members do is told by itself. */
  tell(event: string, payload: string): void;
  /** Connections to the stream so far with their headers, and those open. */
  stream: { opened: number; sockets: Set<WebSocket>; headers: Record<string, unknown>[]; silent: boolean };
  close(): Promise<void>;
}

/** Just before the virtual clocks of tests begin. */
const START = Date.UTC(2026, 2, 1, 9, 0);

/** With `idempotencyKeys: false` it takes no notice of them, as GoToSocial. */
export async function startFakeMastodon(options: { idempotencyKeys?: boolean } = {}): Promise<FakeMastodon> {
  let clock = START;
  const answers: FakeMastodon['answers'] = new Map();
  const stream: FakeMastodon['stream'] = { opened: 0, sockets: new Set(), headers: [], silent: false };
  const listeners = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/api/v1/streaming' });
  await new Promise((resolve) => listeners.once('listening', resolve));
  const tell = (event: string, payload: string) => {
    if (stream.silent) return;
    for (const socket of stream.sockets) socket.send(JSON.stringify({ stream: ['user'], event, payload }));
  };
  const mastodon = simulateMastodon({
    now: () => clock,
    onEvent: tell,
    streaming: () => `ws://127.0.0.1:${(listeners.address() as { port: number }).port}`,
    check: assertContract,
  });
  listeners.on('connection', (socket, request) => {
    stream.opened += 1;
    stream.headers.push({ ...request.headers, url: request.url });
    if (request.headers.authorization !== `Bearer ${mastodon.token}`) return socket.close(4001);
    stream.sockets.add(socket);
    socket.on('close', () => stream.sockets.delete(socket));
  });
  const server = await startFakeServer((request) => {
    const special = answers.get(`${request.method} ${request.path}`);
    if (special !== undefined) return special(request);
    const { 'idempotency-key': key, ...headers } = request.headers;
    const known =
      key !== undefined && options.idempotencyKeys !== false ? { ...headers, 'idempotency-key': key } : headers;
    const answer = mastodon.handle({ ...request, headers: known });
    return { ...answer, headers: { ...answer.headers, date: new Date(clock).toUTCString() } };
  });
  return {
    ...mastodon,
    server,
    answers,
    stream,
    tell,
    later: (ms) => void (clock += ms),
    async close() {
      for (const socket of listeners.clients) socket.terminate();
      await new Promise((resolve) => listeners.close(resolve));
      await server.close();
    },
  };
}
