import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { networkInterfaces } from 'node:os';
import { type AddressInfo } from 'node:net';
import type { WebhookAnswer, WebhookCall } from '@unsilo/connector-sdk';
import { ProcessMetrics } from '@unsilo/gateway';
import type { Metric } from '@unsilo/hub';
import { addressProblem } from './start-error.js';
import { readCall, WEBHOOK_PATH } from './webhook-call.js';

export interface RoleServerOptions {
  host: string;
  port: number;
  health: () => Promise<{ live: boolean; ready: boolean; reasons: string[] }>;
  metrics: () => Promise<readonly Metric[]>;
  /** Calls that the gateway hands on. Absent: this process runs no systems. */
  webhook?: (system: string, call: WebhookCall) => Promise<WebhookAnswer | undefined>;
}

export interface RoleServer {
  /** Where other processes reach it. */
  url: string;
  close(): Promise<void>;
}

/** Bodies come in base64, a third longer than the largest that the gateway takes. */
const LARGEST_BODY = 64 * 1024 * 1024;

/**
 * The HTTP side of a process without a gateway: `/health/live` and `/health/ready` (also `/healthz` and `/readyz`, as at the gateway),
 * `/metrics`, and webhooks that the gateway hands on. No keys: nothing here says anything of customers, and a connector verifies each
 * webhook itself.
 */
export async function serveRole(options: RoleServerOptions): Promise<RoleServer> {
  const metrics = new ProcessMetrics();
  const server = createServer({ requestTimeout: 60_000 }, (request, response) => {
    answer(options, metrics, request)
      .catch((error: unknown) => ({ status: error instanceof SyntaxError ? 400 : 500, type: 'text/plain', body: '' }))
      .then(({ status, type, body }) => send(response, status, type, body))
      .catch(() => response.destroy());
  });
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${reachable(options.host)}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

async function answer(
  { health, metrics, webhook }: RoleServerOptions,
  process: ProcessMetrics,
  request: IncomingMessage,
): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (request.method === 'POST' && webhook !== undefined && path.startsWith(WEBHOOK_PATH)) {
    const system = decodeURIComponent(path.slice(WEBHOOK_PATH.length));
    const answered = await webhook(system, readCall(await bodyOf(request)));
    return answered === undefined ? notFound : json(200, answered);
  }
  if (request.method !== 'GET') return notFound;
  switch (path) {
    case '/health/live':
    case '/healthz': {
      const state = await health();
      return json(state.live ? 200 : 503, state);
    }
    case '/health/ready':
    case '/readyz': {
      const state = await health();
      return json(state.live && state.ready ? 200 : 503, state);
    }
    case '/metrics':
      return { status: 200, type: process.contentType, body: await process.text(await metrics()) };
    default:
      return notFound;
  }
}

const notFound: Answer = { status: 404, type: 'text/plain', body: 'There is nothing here.\n' };

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) throw new SyntaxError('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function listening(server: Server, { host, port }: RoleServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(addressProblem(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

/** An address under which others on the network reach what listens on this one. */
function reachable(host: string): string {
  const any = host === '0.0.0.0' || host === '::';
  const own = any
    ? Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
    : host;
  const found = own ?? '127.0.0.1';
  return found.includes(':') ? `[${found}]` : found;
}
