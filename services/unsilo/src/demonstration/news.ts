import { NEWS } from './company.js';
import type { SimulatedTable } from './records-window.js';

const HOUR_MS = 3_600_000;

/** The simulated press: an RSS 2.0 feed, as any magazine has one. */
export function newsFeed(now: number): { type: string; body: string } {
  const items = NEWS.map(
    ({ title, text, author, hoursAgo }, index) => `<item>
<title>${escaped(title)}</title><description>${escaped(text)}</description><dc:creator>${escaped(author)}</dc:creator>
<guid isPermaLink="false">urn:simulated-gazette:${index + 1}</guid><pubDate>${new Date(now - hoursAgo * HOUR_MS).toUTCString()}</pubDate>
</item>`,
  );
  return {
    type: 'application/rss+xml; charset=utf-8',
    body: `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>The Simulated Gazette</title><link>https://gazette.example/</link><description>News that nobody wrote</description>
${items.join('\n')}
</channel></rss>
`,
  };
}

export function newsTables(now: number): SimulatedTable[] {
  const rows = NEWS.map(({ title, text, author, hoursAgo }) => ({
    title,
    text,
    author,
    published: new Date(now - hoursAgo * HOUR_MS).toISOString(),
  }));
  return [{ name: 'Articles', key: 'title', columns: ['published', 'author', 'title', 'text'], rows }];
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
