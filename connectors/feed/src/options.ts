import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { addressOrPath, secret } from '@unsilo/connector-sdk';
import { Type, type Static } from 'typebox';

const Kind = Type.Union([
  Type.Literal('post'),
  Type.Literal('review'),
  Type.Literal('comment'),
  Type.Literal('mention'),
]);
const Direction = Type.Union([Type.Literal('inbound'), Type.Literal('outbound'), Type.Literal('unknown')]);

const FeedSchema = Type.Object(
  {
    url: Type.String({
      ...addressOrPath,
      minLength: 1,
      description: 'Address of the feed (http or https), or a file or folder: `./feeds`, `/srv/feeds`',
    }),
    name: Type.Optional(Type.String({ description: "Name shown with its entries (default the feed's own title)" })),
    interval: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Seconds between two readings (default that of the system)' }),
    ),
    kind: Type.Optional(Kind),
    direction: Type.Optional(Direction),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        ...secret,
        description: 'Headers to send, such as `Authorization` of a private feed',
      }),
    ),
  },
  { additionalProperties: false },
);

export const FeedOptionsSchema = Type.Object(
  {
    feeds: Type.Array(Type.Union([Type.String({ minLength: 1 }), FeedSchema], { ...addressOrPath }), {
      minItems: 1,
      description:
        'Addresses of feeds: RSS, Atom, JSON Feed, Google Alerts; or objects with `url` and settings of their own',
    }),
    interval: Type.Integer({
      minimum: 0,
      default: 900,
      description:
        'Least time in seconds between two readings of a feed; longer where the feed or its server asks for it. 0: whenever the system is read',
    }),
    maxInterval: Type.Integer({
      minimum: 1,
      default: 86_400,
      description: 'Longest time in seconds that a feed may ask for, and the longest wait after failures',
    }),
    maxBodyBytes: Type.Integer({
      minimum: 1024,
      default: 16_777_216,
      description: 'Largest feed that is read, in bytes after decompression',
    }),
    kind: Type.Unsafe<Static<typeof Kind>>({
      ...Kind,
      default: 'post',
      description: 'What the entries are: `post`, `review`, `comment` or `mention`',
    }),
    direction: Type.Unsafe<Static<typeof Direction>>({
      ...Direction,
      default: 'unknown',
      description: 'Whether they are addressed to you (`inbound`), yours (`outbound`), or neither (`unknown`)',
    }),
    allowFiles: Type.Boolean({
      default: false,
      description: 'Feeds may be local files and folders: `./feeds`, from the folder of the configuration',
    }),
    websub: Type.Optional(
      Type.Object(
        {
          callback: Type.String({
            pattern: '^https?://',
            description: "Public address of this system's webhook, where hubs announce changes",
          }),
          secret: Type.String({
            ...secret,
            minLength: 16,
            description: 'Secret from which the signatures of hubs are derived; any long random text',
          }),
          leaseSeconds: Type.Integer({
            minimum: 300,
            default: 864_000,
            description: 'How long a subscription is to last; it is renewed before it ends',
          }),
        },
        {
          additionalProperties: false,
          description: 'Subscribes at the hubs that feeds offer, so that changes come at once',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

export type FeedOptions = Static<typeof FeedOptionsSchema>;
export type EntryKind = Static<typeof Kind>;
export type EntryDirection = Static<typeof Direction>;

/** One configured feed with all its settings. */
export interface FeedSource {
  /** Short name of the feed in checkpoints and memory: a hash of its address, which may hold a token. */
  key: string;
  url: URL;
  name?: string;
  intervalMs: number;
  kind: EntryKind;
  direction: EntryDirection;
  headers: Record<string, string>;
}

/** The configured feeds in order, each address once; `problems` are addresses that are none. */
export function feedSources(options: FeedOptions): { sources: FeedSource[]; problems: string[] } {
  const sources = new Map<string, FeedSource>();
  const problems: string[] = [];
  options.feeds.forEach((given, index) => {
    const feed = typeof given === 'string' ? { url: given } : given;
    const url = addressOf(feed.url);
    if (url === undefined) {
      problems.push(`feeds[${index}] is neither an http(s) address nor a file`);
      return;
    }
    const key = feedKey(url);
    if (sources.has(key)) return;
    sources.set(key, {
      key,
      url,
      ...(feed.name === undefined ? {} : { name: feed.name }),
      intervalMs: (feed.interval ?? options.interval) * 1000,
      kind: feed.kind ?? options.kind,
      direction: feed.direction ?? options.direction,
      headers: feed.headers ?? {},
    });
  });
  return { sources: [...sources.values()], problems };
}

export function feedKey(url: URL): string {
  return createHash('sha256').update(url.href).digest('base64url').slice(0, 16);
}

function addressOf(text: string): URL | undefined {
  try {
    if (text.startsWith('/')) return pathToFileURL(text);
    const url = new URL(text.replace(/^feed:(?:\/\/)?(?=https?:)/i, '').replace(/^feed:/i, 'https:'));
    url.hash = '';
    return ['http:', 'https:', 'file:'].includes(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}
