import { ConnectorError, defineConnector, type Finding } from '@unsilo/connector-sdk';
import { counted } from '@unsilo/schemas';
import { expandFolder, fetchFeed } from './client.js';
import { placeOf } from './entries.js';
import { feedSources, FeedOptionsSchema, type FeedOptions } from './options.js';
import { parseFeed } from './parse.js';
import { readFeeds } from './read.js';
import { websubHandler } from './websub.js';

/** Reads feeds: RSS, Atom, JSON Feed and Google Alerts become interactions. */
export const feed = defineConnector<FeedOptions>({
  id: 'feed',
  title: 'News feeds: RSS, Atom, JSON Feed, Google Alerts',
  options: FeedOptionsSchema,
  emits: ['interaction'],
  http: (options) => ({ maxBodyBytes: options.maxBodyBytes, pauseStatuses: [] }),
  profile: (system) => ({ system, connector: 'feed', title: system, kinds: [], objects: [] }),

  async check(context) {
    const { sources, problems } = feedSources(context.options);
    const findings: Finding[] = problems.map((message) => ({
      ok: false,
      code: 'UNSILO_FEED_BAD_ADDRESS',
      message,
      hint: 'Write it as https://example.org/feed.xml',
    }));
    for (const source of sources) {
      const place = placeOf(source);
      const where = place.url ?? place.file ?? '';
      try {
        for (const found of await expandFolder(context.options, source)) {
          const fetched = await fetchFeed(context, found, {});
          if (fetched.kind === 'unchanged') continue;
          const contentType = fetched.headers['content-type'];
          const parsed = parseFeed({
            bytes: fetched.bytes,
            address: fetched.address,
            ...(contentType === undefined ? {} : { contentType }),
          });
          const at = placeOf(found);
          const name = at.url ?? at.file ?? '';
          if ('problem' in parsed) {
            const { code, message, hint } = parsed.problem;
            findings.push({ ok: false, code, message: `${name}: ${message}`, ...(hint === undefined ? {} : { hint }) });
          } else
            findings.push({
              ok: true,
              code: 'UNSILO_FEED_OK',
              message: `${name}: ${counted(parsed.feed.entries.length, 'entry', 'entries')} (${parsed.feed.format})`,
              ...(fetched.movedTo === undefined ? {} : { hint: 'The feed has moved for good: set its new address.' }),
            });
        }
      } catch (error) {
        if (!(error instanceof ConnectorError)) throw error;
        const { code, message, hint } = error;
        findings.push({ ok: false, code, message: `${where}: ${message}`, ...(hint === undefined ? {} : { hint }) });
      }
    }
    return findings;
  },

  read: readFeeds,
  webhook: websubHandler,
});
