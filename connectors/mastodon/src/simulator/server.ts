import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ApiAnswer, ApiRequest } from './api.js';

const STREAM = '/api/v1/streaming';

/** Where a simulated system listens. */
export interface ListenAt {
  host: string;
  port: number;
  /** How others reach it. */
  url: string;
}

/** Serves the API, and the stream of our account; unless told otherwise on a free port of 127.0.0.1. */
export async function serve(
  handle: (request: ApiRequest) => ApiAnswer,
  token: string,
  at?: ListenAt,
): Promise<{ url: string; send(message: string): void; close(): Promise<void> }> {
  const server = createServer((incoming, response) => {
    received(incoming)
      .then(handle)
      .then(({ status, headers, body }) => {
        response
          .writeHead(status ?? 200, { 'content-type': 'application/json; charset=utf-8', ...headers })
          .end(JSON.stringify(body ?? {}));
      })
      .catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else
          response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }));
      });
  });
  const listeners = new Set<WebSocket>();
  const streams = new WebSocketServer({ server, path: STREAM });
  streams.on('connection', (socket, request) => {
    if (request.headers.authorization !== `Bearer ${token}`) return socket.close(4001);
    listeners.add(socket);
    socket.on('close', () => listeners.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at?.port ?? 0, at?.host ?? '127.0.0.1', resolve);
  });
  return {
    url: at?.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    send(message) {
      for (const socket of listeners) socket.send(message);
    },
    async close() {
      for (const socket of streams.clients) socket.terminate();
      await new Promise<void>((resolve) => streams.close(() => resolve()));
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function received(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const { method = 'GET' } = incoming;
  return { method, path: url.pathname, query: url.searchParams, headers, body: Buffer.concat(chunks) };
}
