import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  sameSecret,
  TerminalError,
  type ConnectorContext,
  type WebhookCall,
  type WebhookHandler,
} from '@unsilo/connector-sdk';
import { requestSubscription } from './client.js';
import { feedSources, type FeedOptions } from './options.js';

/**
 * WebSub (W3C Recommendation of 2018): a hub that a feed names announces its changes. What it sends is only a hint that makes the
 * feed be read at once; the feed itself stays the truth. Each feed has its own secret and callback, both derived from the configured secret.
 */

/** What is remembered of one feed's subscription. Times in epoch milliseconds. */
interface Subscription {
  hub: string;
  topic: string;
  requestedAt: number;
  leaseUntil?: number;
  deniedAt?: number;
}

/** Renewed when this part of the lease is left. */
const RENEW_AT = 0.2;
/** How long an answer of the hub is waited for, and a hub that refused is left alone. */
const ASK_AGAIN_MS = 24 * 3600_000;
const LONGEST_CHALLENGE = 4096;
const METHODS: ReadonlySet<string> = new Set(['sha1', 'sha256', 'sha384', 'sha512']);

/** Address that a hub offers for a topic, in the document or in `Link` headers (which win). */
export function discoverHub(
  linkHeader: string | undefined,
  found: { hubs: readonly string[]; self?: string },
  address: string,
): { hub: string; topic: string } | undefined {
  const links = parseLinkHeader(linkHeader, address);
  const hub = links.find(({ rel }) => rel === 'hub')?.href ?? found.hubs[0];
  if (hub === undefined) return undefined;
  const topic = links.find(({ rel }) => rel === 'self')?.href ?? found.self ?? address;
  return { hub, topic };
}

/** Links of RFC 8288 with one entry for each relation. */
export function parseLinkHeader(header: string | undefined, base: string): { rel: string; href: string }[] {
  const links: { rel: string; href: string }[] = [];
  for (const [, target, parameters] of (header ?? '').matchAll(/<([^<>]{1,4096})>((?:\s*;\s*[^;,"]+(?:"[^"]*")?)*)/g)) {
    const rels = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters!);
    let href: string;
    try {
      href = new URL(target!, base).href;
    } catch {
      continue;
    }
    if (!/^https?:/.test(href)) continue;
    for (const rel of (rels?.[1] ?? rels?.[2] ?? '').toLowerCase().split(/\s+/))
      if (rel !== '') links.push({ rel, href });
  }
  return links;
}

/** Subscribes where there is no subscription or it will soon end. A hub that fails is asked again later; reading goes on without it. */
export async function subscribe(
  context: ConnectorContext<FeedOptions>,
  key: string,
  { hub, topic }: { hub: string; topic: string },
): Promise<void> {
  const { websub } = context.options;
  if (websub === undefined) return;
  const now = context.clock.now();
  const known = (await context.memory.get(memoryKey(key))) as Subscription | undefined;
  if (
    known !== undefined &&
    known.hub === hub &&
    known.topic === topic &&
    !isDue(known, now, websub.leaseSeconds * 1000)
  )
    return;
  const wanted: Subscription = {
    hub,
    topic,
    requestedAt: now,
    ...(known?.leaseUntil === undefined || known.topic !== topic ? {} : { leaseUntil: known.leaseUntil }),
  };
  // Before the request: the hub may call back before it answers.
  await context.memory.set({ [memoryKey(key)]: wanted });
  try {
    await requestSubscription(context, hub, {
      'hub.mode': 'subscribe',
      'hub.topic': topic,
      'hub.callback': callbackOf(websub, key),
      'hub.secret': derived(websub.secret, 'content', key),
      'hub.lease_seconds': String(websub.leaseSeconds),
    });
    context.log.debug({ system: context.system, feed: key }, 'Asked the hub of a feed for a subscription');
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { code } = error as { code?: unknown };
    context.log.warn(
      { system: context.system, feed: key, code: String(code ?? 'UNSILO_FEED_HUB') },
      'The hub of a feed did not take the subscription; the feed is read at its interval',
    );
  }
}

function isDue(known: Subscription, now: number, leaseMs: number): boolean {
  if (known.deniedAt !== undefined && now - known.deniedAt < ASK_AGAIN_MS) return false;
  const renewing = known.leaseUntil === undefined || known.leaseUntil - now < leaseMs * RENEW_AT;
  // A hub that takes the request but never calls back isn't asked at every reading.
  const waited = now - known.requestedAt >= Math.min(ASK_AGAIN_MS, leaseMs * RENEW_AT);
  return renewing && waited;
}

export const websubHandler: WebhookHandler<FeedOptions> = {
  verify(call, options) {
    const { websub } = options;
    const key = call.query['feed'];
    if (websub === undefined || key === undefined)
      throw new TerminalError('UNSILO_WEBHOOK_UNEXPECTED', 'No hub was told to call here', {
        hint: 'Configure websub for this system.',
      });
    if (!sameSecret(call.query['token'], derived(websub.secret, 'callback', key)))
      throw new TerminalError('UNSILO_WEBHOOK_FORGED', 'The token in the address is not that of this feed');
    if (call.method.toUpperCase() === 'POST') verifyContent(call, derived(websub.secret, 'content', key));
  },

  async handle(context, call) {
    const key = call.query['feed'] ?? '';
    const configured = await isConfigured(context, key);
    if (call.method.toUpperCase() === 'GET') return verifyIntent(context, call, key, configured);
    if (!configured) return { status: 410 };
    await context.memory.set({ [pokeKey(key)]: context.clock.now() });
    return { status: 204, poke: true };
  },
};

/** Key under which the memory holds that a feed is to be read at once. */
export function pokeKey(key: string): string {
  return `poke/${key}`;
}

/** The hub asks whether the subscription is wanted (section 5.3), or says that it is denied (section 5.2). */
async function verifyIntent(
  context: ConnectorContext<FeedOptions>,
  call: WebhookCall,
  key: string,
  configured: boolean,
): Promise<{ status: number; body?: string; contentType?: string }> {
  const known = (await context.memory.get(memoryKey(key))) as Subscription | undefined;
  const { 'hub.mode': mode, 'hub.topic': topic, 'hub.challenge': challenge, 'hub.lease_seconds': lease } = call.query;
  const now = context.clock.now();
  const ours = known !== undefined && topic === known.topic;
  if (mode === 'denied') {
    if (ours) await context.memory.set({ [memoryKey(key)]: { ...known, deniedAt: now } });
    context.log.warn(
      { system: context.system, feed: key, code: 'UNSILO_FEED_HUB_DENIED' },
      'The hub denies the subscription',
    );
    return { status: 204 };
  }
  if (challenge === undefined || challenge.length > LONGEST_CHALLENGE) return { status: 404 };
  const echo = { status: 200, body: challenge, contentType: 'text/plain; charset=utf-8' };
  if (mode === 'unsubscribe') return configured && ours ? { status: 404 } : echo;
  if (mode !== 'subscribe' || !configured || !ours) return { status: 404 };
  const asked = context.options.websub?.leaseSeconds ?? 0;
  const given = Number(lease);
  const seconds = Number.isFinite(given) && given > 0 ? Math.min(given, 10 * asked) : asked;
  const { deniedAt: _, ...rest } = known;
  await context.memory.set({ [memoryKey(key)]: { ...rest, leaseUntil: now + seconds * 1000 } satisfies Subscription });
  return echo;
}

async function isConfigured(context: ConnectorContext<FeedOptions>, key: string): Promise<boolean> {
  return feedSources(context.options).sources.some((source) => source.key === key);
}

/** `X-Hub-Signature: <method>=<hex>` over the raw bytes (section 7.1). */
function verifyContent(call: WebhookCall, secret: string): void {
  const header = Object.entries(call.headers).find(([name]) => name.toLowerCase() === 'x-hub-signature')?.[1];
  const match = /^\s*([a-z0-9]+)=([0-9a-f]+)\s*$/i.exec(header ?? '');
  if (match === null)
    throw new TerminalError('UNSILO_WEBHOOK_UNSIGNED', 'The call has no usable header X-Hub-Signature', {
      hint: 'The hub does not sign what it sends; its announcements are refused, the feed is read at its interval.',
    });
  const method = match[1]!.toLowerCase();
  if (!METHODS.has(method))
    throw new TerminalError('UNSILO_WEBHOOK_FORGED', `The signature's method ${method.slice(0, 20)} is not known`);
  const expected = createHmac(method, secret).update(call.raw).digest();
  const given = Buffer.from(match[2]!, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new TerminalError('UNSILO_WEBHOOK_FORGED', 'The signature does not fit the body');
}

function callbackOf({ callback, secret }: NonNullable<FeedOptions['websub']>, key: string): string {
  const url = new URL(callback);
  url.searchParams.set('feed', key);
  url.searchParams.set('token', derived(secret, 'callback', key));
  return url.href;
}

function derived(secret: string, purpose: string, key: string): string {
  return createHmac('sha256', secret).update(`unsilo-websub:${purpose}:${key}`).digest('hex');
}

function memoryKey(key: string): string {
  return `websub/${key}`;
}
