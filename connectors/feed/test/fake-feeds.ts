import { createHash } from 'node:crypto';
import { startFakeServer, type FakeAnswer, type FakeRequest, type FakeServer } from '@unsilo/connector-sdk/testing';

export interface FakeEntry {
  guid: string;
  title: string;
  text?: string;
  link?: string;
  updated?: string;
}

/** A web server with feeds that people write, and that answers conditional requests as RFC 9110 has it. */
export interface FakeFeeds {
  server: FakeServer;
  /** Entries by path, newest first. */
  feeds: Map<string, FakeEntry[]>;
  /** Answers instead of a feed, by path. */
  answers: Map<string, (request: FakeRequest) => FakeAnswer>;
  /** Headers that go with every feed. */
  headers: Record<string, string>;
  url(path: string): string;
  close(): Promise<void>;
}

export async function startFakeFeeds(): Promise<FakeFeeds> {
  const feeds = new Map<string, FakeEntry[]>();
  const answers: FakeFeeds['answers'] = new Map();
  const headers: Record<string, string> = {};
  const server = await startFakeServer((request) => {
    const special = answers.get(request.path);
    if (special !== undefined) return special(request);
    const entries = feeds.get(request.path);
    if (entries === undefined) return { status: 404 };
    const body = atom(entries);
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag, ...headers } };
    return { headers: { etag, 'content-type': 'application/atom+xml', ...headers }, body };
  });
  return { server, feeds, answers, headers, url: (path) => `${server.url}${path}`, close: () => server.close() };
}

export function atom(entries: readonly FakeEntry[]): string {
  const parts = entries.map(
    ({ guid, title, text, link, updated }) =>
      `<entry><id>${escaped(guid)}</id><title>${escaped(title)}</title>` +
      (text === undefined ? '' : `<content>${escaped(text)}</content>`) +
      (link === undefined ? '' : `<link href="${escaped(link)}"/>`) +
      (updated === undefined ? '' : `<updated>${updated}</updated>`) +
      '</entry>',
  );
  return `<feed xmlns="http://www.w3.org/2005/Atom"><title>Fake</title>${parts.join('')}</feed>`;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
