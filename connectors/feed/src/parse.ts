import { decodeFeed } from './encoding.js';
import { parseJsonFeed } from './json-feed.js';
import type { ParsedFeed, ParseProblem } from './parsed.js';
import { parseXmlFeed, webAddress } from './xml-feed.js';

export interface RawFeed {
  bytes: Buffer;
  /** Value of the header. */
  contentType?: string;
  /** Where it came from; relative addresses are resolved against it. */
  address?: string;
}

/** Reads a feed of any format; what can't be read at all is one problem. Pure, never throws. */
export function parseFeed(raw: RawFeed): { feed: ParsedFeed } | { problem: ParseProblem } {
  const { text } = decodeFeed(raw.bytes, raw.contentType);
  const start = text.search(/[^\s\u0000\ufeff]/);
  if (start < 0) return { problem: { code: 'UNSILO_FEED_EMPTY', message: 'The feed is empty' } };
  if (text[start] === '{' || text[start] === '[') return parsedJson(text.slice(start), raw);
  const parsed = parseXmlFeed(text, raw.address);
  if (parsed.feed !== undefined) return { feed: parsed.feed };
  if (parsed.first !== 'html' && !/^<!doctype\s+html/i.test(text.slice(start, start + 100)))
    return {
      problem: {
        code: 'UNSILO_FEED_NOT_A_FEED',
        message:
          parsed.first === undefined
            ? 'The document is neither XML nor JSON'
            : `The document begins with <${parsed.first.slice(0, 60)}>, which is no RSS, Atom or JSON Feed`,
        hint: 'Give the address of the feed itself.',
      },
    };
  const named = feedNamedBy(text, raw.address);
  return {
    problem: {
      code: 'UNSILO_FEED_IS_A_PAGE',
      message: 'The address leads to a web page, not to a feed',
      hint: named === undefined ? 'Give the address of the feed itself.' : `The page names this feed: ${named}`,
    },
  };
}

function parsedJson(text: string, raw: RawFeed): { feed: ParsedFeed } | { problem: ParseProblem } {
  try {
    const feed = parseJsonFeed(text, raw.address);
    if (feed !== undefined) return { feed };
    return {
      problem: {
        code: 'UNSILO_FEED_NOT_A_FEED',
        message: 'The document is JSON, but no JSON Feed',
        hint: 'A JSON Feed has `version` and `items` (https://www.jsonfeed.org/version/1.1/).',
      },
    };
  } catch (error) {
    const where = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line = where === undefined ? undefined : text.slice(0, Number(where)).split('\n').length;
    return {
      problem: {
        code: 'UNSILO_FEED_NOT_JSON',
        message: 'The document begins as JSON does but is not valid JSON',
        ...(line === undefined ? {} : { line }),
      },
    };
  }
}

/** The feed that a page points to: `<link rel="alternate" type="application/rss+xml" href="…">`. */
function feedNamedBy(page: string, address: string | undefined): string | undefined {
  for (const [tag] of page.slice(0, 65_536).matchAll(/<link\s[^<>]{0,2000}>/gi)) {
    if (!/type\s*=\s*["']?application\/(?:rss\+xml|atom\+xml|feed\+json)/i.test(tag)) continue;
    const href = /href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(tag);
    const found = webAddress((href?.[1] ?? href?.[2] ?? href?.[3])?.replaceAll('&amp;', '&'), address);
    if (found !== undefined) return found;
  }
  return undefined;
}
