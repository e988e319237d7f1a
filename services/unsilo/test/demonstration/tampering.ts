import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TamperingServer {
  url: string;
  /** From now on every answer has `from` replaced by `to`, wherever it stands; undefined: answers pass as they are. */
  tamper(change: { from: string | RegExp; to: string } | undefined): void;
  /** How many answers differed from what the true server said. */
  changed(): number;
  close(): Promise<void>;
}

/** Stands before a true server and tells lies about what it answers. */
export async function startTampering(target: string): Promise<TamperingServer> {
  let change: { from: string | RegExp; to: string } | undefined;
  let changed = 0;
  const server = createServer((incoming, response) => {
    const { authorization } = incoming.headers;
    const forward = async (): Promise<void> => {
      const answer = await fetch(new URL(incoming.url ?? '/', target), {
        headers: authorization === undefined ? {} : { authorization },
        redirect: 'manual',
      });
      const text = await answer.text();
      const told = change === undefined ? text : text.replaceAll(change.from, change.to);
      if (told !== text) changed += 1;
      response
        .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
        .end(told);
    };
    forward().catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tamper(next) {
      change = next;
      changed = 0;
    },
    changed: () => changed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
