import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request and an answer of the simulated API, apart from any server. */
export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}
export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  /** Objects are sent as JSON. */
  body: string | object;
}

/** Where a simulated system listens. */
export interface ListenAt {
  host: string;
  port: number;
  /** How others reach it. */
  url: string;
}

/** Serves the API; unless told otherwise on a free port of 127.0.0.1. */
export async function serve(
  handle: (request: ApiRequest) => ApiAnswer,
  at?: ListenAt,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, response) => {
    received(incoming)
      .then(handle)
      .then(({ status, headers, body }) => {
        response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
      })
      .catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else response.writeHead(500, { 'content-type': 'text/html' }).end(`<h1>${String(error)}</h1>`);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at?.port ?? 0, at?.host ?? '127.0.0.1', resolve);
  });
  return {
    url: at?.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

async function received(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}
