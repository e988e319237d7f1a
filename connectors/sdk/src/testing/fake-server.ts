import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
}
export interface FakeAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** Objects are sent as JSON. */
  body?: string | Buffer | object;
  /** Writes the answer itself, piece by piece (server-sent events); faults of truncation don't apply. */
  stream?: (response: ServerResponse) => void;
}

/** What goes wrong with the next matching requests. */
export type Fault = {
  /** How many requests it hits (default 1; Infinity: until cleared). */
  times?: number;
  /** Lets so many matching requests pass first (default 0). */
  after?: number;
  method?: string | RegExp;
  path?: string | RegExp;
} & (
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Answers correctly after so many real milliseconds. */
  | { kind: 'delay'; ms: number }
  /** Never answers and never does the work. */
  | { kind: 'hang' }
  /** Does the work, announces the whole body and breaks off after half of it. */
  | { kind: 'truncate' }
  /** Breaks the connection before the work. */
  | { kind: 'reset' }
  /** Does the work, then breaks the connection without an answer. */
  | { kind: 'lost-answer' }
  /** Does the work and answers with what this makes of the right body. */
  | { kind: 'odd'; twist: (body: string) => string }
);

export interface FakeServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** Everything that arrived, in order. */
  readonly requests: readonly FakeRequest[];
  fault(fault: Fault): void;
  clearFaults(): void;
  /** Bytes that came out, for tests on what is sent to whom. */
  close(): Promise<void>;
}

export type FakeHandler = (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

/**
 * A small HTTP server on 127.0.0.1 whose answers come from `handler`, unless a fault hits.
 * @param settings.port Default: a free one. A known one lets a configuration lead to it, and a hub that runs on its own.
 * @throws Error EADDRINUSE where the port is taken
 */
export async function startFakeServer(handler: FakeHandler, settings: { port?: number } = {}): Promise<FakeServer> {
  const requests: FakeRequest[] = [];
  const faults: { fault: Fault; left: number; passes: number }[] = [];

  const faultFor = (request: FakeRequest): Fault | undefined => {
    for (const entry of faults) {
      const { fault } = entry;
      if (entry.left <= 0) continue;
      if (!isAbout(fault.method, request.method) || !isAbout(fault.path, request.path)) continue;
      if (entry.passes > 0) {
        entry.passes -= 1;
        continue;
      }
      entry.left -= 1;
      return fault;
    }
    return undefined;
  };

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await received(incoming);
    requests.push(request);
    const fault = faultFor(request);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') return void incoming.socket.destroy();
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      return;
    }
    const given = await handler(request);
    if (fault?.kind === 'lost-answer') return void incoming.socket.destroy();
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    send(response, given, request.method === 'HEAD', fault);
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(`the fake server's handler failed: ${String(error)}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fault: (fault) => void faults.push({ fault, left: fault.times ?? 1, passes: fault.after ?? 0 }),
    clearFaults: () => void faults.splice(0),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function isAbout(wanted: string | RegExp | undefined, given: string): boolean {
  return wanted instanceof RegExp ? wanted.test(given) : wanted === undefined || wanted === given;
}

async function received(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const method = incoming.method ?? 'GET';
  return { method, path: url.pathname, query: url.searchParams, headers, body: Buffer.concat(chunks) };
}

function send(response: ServerResponse, given: FakeAnswer, head: boolean, fault: Fault | undefined): void {
  const headers: Record<string, string> = { ...given.headers };
  if (given.stream !== undefined) {
    response.writeHead(given.status ?? 200, headers);
    response.flushHeaders();
    given.stream(response);
    return;
  }
  let body: string | Buffer;
  if (given.body === undefined || typeof given.body === 'string' || Buffer.isBuffer(given.body))
    body = given.body ?? '';
  else {
    body = JSON.stringify(given.body);
    if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
      headers['content-type'] = 'application/json';
  }
  const bytes = Buffer.from(fault?.kind === 'odd' ? fault.twist(body.toString()) : body);
  const status = given.status ?? 200;
  if (status !== 204 && status !== 304) headers['content-length'] = String(bytes.length);
  response.writeHead(status, headers);
  if (head) response.end();
  else if (fault?.kind === 'truncate') response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  else response.end(bytes);
}
