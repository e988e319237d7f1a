import { join } from 'node:path';
import { connectorConformance } from '@unsilo/connector-sdk/testing';
import { feed } from '../src/index.js';
import { entryId, type FeedFacts } from '../src/map.js';
import { feedSources, type FeedOptions } from '../src/options.js';
import { startFakeFeeds } from './fake-feeds.js';

connectorConformance({
  connector: feed,
  // What is no longer in a feed is old, not deleted.
  deeds: ['editAtSameTime'],
  readme: join(__dirname, '..', 'README.md'),
  async start() {
    const fake = await startFakeFeeds();
    const paths = ['/a.atom', '/b.atom'];
    for (const path of paths) fake.feeds.set(path, [{ guid: `tag:press.example,2026:${path}`, title: path }]);
    const secret = 'feed-token-1234567890';
    const options = {
      feeds: [fake.url('/a.atom'), { url: fake.url('/b.atom'), headers: { 'x-token': secret } }],
      interval: 0,
    };
    const { sources } = feedSources(options as unknown as FeedOptions);
    const refOf = (index: number, guid: string) => {
      const facts: FeedFacts = {
        key: sources[index]!.key,
        alerts: false,
        weakIds: false,
        kind: 'post',
        direction: 'unknown',
      };
      const entry = { id: guid, authors: [], categories: [], media: [] };
      return `feed/entry/${entryId(entry, facts)}`;
    };
    let written = 0;
    const write = (title: string) => {
      const index = written % paths.length;
      const path = paths[index]!;
      written += 1;
      // Every third one edits what is there, the others are new.
      const entries = fake.feeds.get(path)!;
      const edited = written % 3 === 0 ? entries[0] : undefined;
      const guid = edited?.guid ?? `tag:press.example,2026:${written}`;
      fake.feeds.set(path, [
        { guid, title, text: `${title} (text ${written})` },
        ...entries.filter((entry) => entry.guid !== guid),
      ]);
      return refOf(index, guid);
    };
    return {
      options,
      server: fake.server,
      async change(n) {
        return Array.from({ length: n }, () => write(`News ${written}`));
      },
      async plant(text) {
        // A title is one line, a control character nothing that XML can hold.
        written += written % 3 === 2 ? 1 : 0;
        return { ref: write(text), expected: text.replaceAll(/\s+/g, ' ').trim() };
      },
      async editAtSameTime(text) {
        const guid = 'tag:press.example,2026:dated';
        const others = fake.feeds.get('/a.atom')!.filter((entry) => entry.guid !== guid);
        fake.feeds.set('/a.atom', [{ guid, title: 'Dated', text, updated: '2026-02-01T12:00:00Z' }, ...others]);
        return { ref: refOf(0, guid) };
      },
      close: () => fake.close(),
    };
  },
});
