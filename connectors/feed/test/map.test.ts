import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from '@unsilo/schemas';
import { fixtureCases, testContext } from '@unsilo/connector-sdk/testing';
import { feed } from '../src/index.js';
import { changesOf, problemsOf } from '../src/entries.js';
import { feedSources } from '../src/options.js';
import { parseFeed } from '../src/parse.js';

const folder = join(__dirname, 'fixtures');
const NOW = Date.UTC(2026, 2, 1, 18);

interface Input {
  document: string;
  address: string;
  contentType?: string;
}

/** All that is told of a document: the changes and what can't be used of it. */
async function told({ document, address, contentType }: Input, name: string) {
  const bytes = readFileSync(join(folder, name, document));
  const context = testContext(feed, { feeds: [address] }, { system: 'press' });
  await context.clock.advance(NOW - context.clock.now());
  const parsed = parseFeed({ bytes, address, ...(contentType === undefined ? {} : { contentType }) });
  if ('problem' in parsed) return { problem: parsed.problem };
  const [source] = feedSources(context.options).sources;
  const { items } = await changesOf(context, source!, parsed.feed, false, new Set([source!.key]));
  const problems = problemsOf(source!, parsed.feed, bytes);
  const { hubs, self, ttlMs } = parsed.feed;
  await context.close();
  return JSON.parse(JSON.stringify({ feed: { hubs, self, ttlMs }, items, problems })) as {
    items: { change: unknown }[];
  };
}

describe.each(fixtureCases(folder))('the feed $name', ({ name, input, expected }) => {
  test('is told as expected, within the contract', async () => {
    const actual = await told(input as Input, name);
    expect(actual).toEqual(expected);
    for (const { change } of (actual as { items: { change: unknown }[] }).items ?? [])
      expect(validate('interaction', change)).toMatchObject({ ok: true });
  });
});
