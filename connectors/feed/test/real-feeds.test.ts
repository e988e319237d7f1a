import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from '@unsilo/schemas';
import { readItems, testContext } from '@unsilo/connector-sdk/testing';
import { decodeFeed } from '../src/encoding.js';
import { cleanHtml, htmlToText, looksLikeHtml } from '../src/html.js';
import { feed } from '../src/index.js';
import { entryState } from '../src/map.js';
import { parseFeed } from '../src/parse.js';
import type { Content, ParsedFeed } from '../src/parsed.js';

/**
 * Runs over a folder of feeds as they are written in the world, such as the tests of feedparser, whose comments say what a reader must make of each:
 * FEEDS_DIR=/path/to/feeds npx jest connectors/feed/test/real-feeds
 */
const folder = process.env['FEEDS_DIR'];
const there = folder !== undefined && existsSync(folder);
if (!there) process.stderr.write('SKIPPED: real feeds, because FEEDS_DIR names no folder of feeds\n');
const suite = there ? describe : describe.skip;

/** The address that the tests of feedparser are served from. */
const ADDRESS = 'http://127.0.0.1:8097/feed';

/** What of an expectation can be asked of this reader: paths of feedparser and what stands for them here. */
const ASKS: readonly [RegExp, (feed: ParsedFeed) => unknown][] = [
  [/^feed(?:\['title'\]|\.title)$/, ({ title }) => html(title)],
  [/^feed\['title_detail'\]\['value'\]$/, ({ title }) => html(title)],
  [/^entries\[0\]\['title'\]$/, ({ entries }) => html(entries[0]?.title)],
  [/^entries\[0\](?:\['link'\]|\.link)$/, ({ entries }) => entries[0]?.url],
  [/^entries\[0\]\['id'\]$/, ({ entries }) => entries[0]?.id],
  [/^entries\[0\]\['(?:description|summary)'\]$/, ({ entries }) => html(entries[0]?.content ?? entries[0]?.summary)],
  [/^entries\[0\]\['content'\]\[0\]\['value'\]$/, ({ entries }) => html(entries[0]?.content)],
  [/^entries\[0\]\['author_detail'\]\['email'\]$/, ({ entries }) => entries[0]?.authors[0]?.email],
  [/^entries\[0\]\['author_detail'\]\['url'\]$/, ({ entries }) => entries[0]?.authors[0]?.uri],
  [/^entries\[0\]\['created'\]$/, ({ entries }) => entries[0]?.published],
  [/^entries\[0\]\['source'\]\['title_detail'\]\['value'\]$/, ({ entries }) => entries[0]?.source],
  [/^entries\[0\]\['source'\]\['author_detail'\]\['name'\]$/, ({ entries }) => entries[0]?.authors[0]?.name],
  [/^entries\[0\]\['enclosures'\]\[0\]\['href'\]$/, ({ entries }) => entries[0]?.media[0]?.url],
  [/^feed\['ttl'\]$/, ({ ttlMs }) => String((ttlMs ?? 0) / 60_000)],
  [/^len\(entries\)$/, ({ entries }) => entries.length],
];

/** Markup cleaned, text as markup, as feedparser answers both. */
function html(content: Content | undefined): string | undefined {
  if (content === undefined) return undefined;
  const isMarkup = content.form === 'html' || (content.form === 'either' && looksLikeHtml(content.value));
  if (!isMarkup) return content.value.trim();
  const clean = cleanHtml(content.value.trim(), content.base) ?? '';
  return clean.replace(/^<div>([^]*)<\/div>$/, '$1');
}

/** Entries in these tests often have nothing but what is tested, and would be put aside as empty. */
function identified(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  if (/<(?:id|guid)\b/.test(text.slice(text.search(/<(?:item|entry)\b/)))) return bytes;
  return Buffer.from(text.replace(/<item>/, '<item><guid>1</guid>').replace(/<entry>/, '<entry><id>1</id>'), 'latin1');
}

interface Expectation {
  file: string;
  expression: string;
  actual: unknown;
  expected: unknown;
}

/** Where this reader differs on purpose, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'wellformed-sanitize-acceptable_attribute_clear.xml': 'attributes that only set the look are not kept',
  'wellformed-sanitize-acceptable_attribute_abbr.xml': 'kept on cells, where it means something',
  'wellformed-sanitize-acceptable_attribute_href.xml': 'kept on links only',
  'wellformed-sanitize-acceptable_attribute_pattern.xml': 'forms are not kept',
  'wellformed-sanitize-acceptable_attribute_template.xml': 'forms are not kept',
  'wellformed-sanitize-acceptable_element_source.xml': 'players are not kept',
  'wellformed-sanitize-style_color_red.xml': 'styles are not kept',
  'wellformed-sanitize-style_margin_top_10px.xml': 'styles are not kept',
  'wellformed-rss-item_image_link_conflict.xml': 'hosts are written in lower case',
  'wellformed-rss-item_description_not_a_doctype.xml': 'the unclosed link in it is closed',
};

function* expectationsOf(file: string, bytes: Buffer): Generator<Expectation> {
  const expression = /Expect:\s*(.*?)\s*(?:-->|\n)/s.exec(decodeFeed(bytes).text)?.[1];
  const parsed = parseFeed({ bytes: identified(bytes), address: ADDRESS });
  if (expression === undefined || 'problem' in parsed) return;
  for (const part of expression.split(/\s+and\s+/)) {
    const encoding = /^encoding == '([^']*)'$/.exec(part.trim())?.[1];
    if (encoding !== undefined) {
      const name = (label: string) => new TextDecoder(label).encoding;
      yield { file, expression: part, actual: name(decodeFeed(bytes).encoding), expected: name(encoding) };
    }
    const equation = /^(.*?)\s*==\s*(?:'([^]*)'|"""([^]*)"""|(\d+))$/.exec(part.trim());
    const ask = ASKS.find(([path]) => path.test(equation?.[1] ?? ''));
    if (equation === null || ask === undefined) continue;
    const [, , single, triple, number] = equation;
    const expected = number === undefined ? (single ?? triple ?? '').replace(/' \+ '/g, '') : Number(number);
    yield { file, expression: part, actual: ask[1](parsed.feed), expected };
  }
}

const FEEDS = /\.(?:xml|rss|rdf|atom|json|feed)$/i;
const files = there ? readdirSync(folder).filter((name) => FEEDS.test(name)) : [];

suite('real feeds', () => {
  test('are all there', () => expect(files.length).toBeGreaterThan(0));

  test('every entry of a folder reaches the log or the dead letters, and the counts agree', async () => {
    const context = testContext(feed, { feeds: [folder!], allowFiles: true }, { system: 'press' });
    const items = await readItems(feed, context);
    await context.close();
    const told = items.filter((item) => item.type === 'interaction');
    const parked = items.filter((item) => item.type === 'bad-input');
    for (const { change } of told) expect(validate('interaction', change)).toMatchObject({ ok: true });
    let entries = 0;
    let problems = 0;
    const ids = new Set<string>();
    for (const name of files) {
      const parsed = parseFeed({ bytes: readFileSync(join(folder!, name)) });
      if ('problem' in parsed) problems += 1;
      else {
        entries += parsed.feed.entries.length;
        problems += parsed.feed.problems.length;
      }
    }
    for (const { change } of told) ids.add(change.ref);
    process.stderr.write(
      `${files.length} feeds: ${entries} entries, ${told.length} told (${ids.size} refs), ${parked.length} dead letters\n`,
    );
    expect(parked).toHaveLength(problems);
    expect(told.length).toBe(ids.size);
    expect(told.length).toBeLessThanOrEqual(entries);
  });

  test('no script survives in any text of any feed', () => {
    for (const name of files) {
      const parsed = parseFeed({ bytes: readFileSync(join(folder!, name)), address: ADDRESS });
      if ('problem' in parsed) continue;
      const facts = { key: 'k', alerts: false, weakIds: false, kind: 'post', direction: 'unknown' } as const;
      const states = parsed.feed.entries.map((entry) => entryState(entry, facts, { firstKnown: 0, now: 0 }));
      const title = htmlToText(parsed.feed.title?.value ?? '');
      for (const text of [title, ...states.map((state) => state.html ?? '')]) {
        expect(text).not.toMatch(/<(?:script|style|iframe|object|embed|applet|link|meta)\b/i);
        expect(text).not.toMatch(/<[^>]+\son[a-z]+\s*=/i);
      }
      for (const { text, subject } of states) expect(`${text} ${subject}`).not.toMatch(/location\.href|alert\(/);
    }
  });

  test('expectations about what this reader reads are met, but where it differs on purpose', () => {
    const all = files.flatMap((name) => [...expectationsOf(name, readFileSync(join(folder!, name)))]);
    const asked = all.filter(({ file }) => DIFFERENT[file] === undefined);
    process.stderr.write(`${asked.length} expectations asked, ${all.length - asked.length} different on purpose\n`);
    const unmet = asked.filter(({ actual, expected }) => actual !== expected);
    expect(unmet).toEqual([]);
    expect(asked.length).toBeGreaterThan(0);
  });

  test('what is different on purpose is different', () => {
    const all = files.flatMap((name) => [...expectationsOf(name, readFileSync(join(folder!, name)))]);
    const met = all.filter(({ file, actual, expected }) => DIFFERENT[file] !== undefined && actual === expected);
    expect(met.map(({ file }) => file)).toEqual([]);
  });
});
