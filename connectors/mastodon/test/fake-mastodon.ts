import { startFakeServer, type FakeAnswer, type FakeRequest, type FakeServer } from '@unsilo/connector-sdk/testing';
import { WebSocketServer, type WebSocket } from 'ws';
import { assertContract } from './contract/contract.js';

export interface FakeAccount {
  id: string;
  acct: string;
  displayName: string;
  note: string;
  bot: boolean;
  group: boolean;
  suspended?: boolean;
  fields: { name: string; value: string; verified_at: string | null }[];
  gone?: boolean;
}
export interface FakeStatus {
  id: string;
  account: string;
  text: string;
  content: string;
  createdAt: number;
  editedAt?: number;
  visibility: string;
  spoiler: string;
  inReplyTo?: string;
  mentions: string[];
  language: string | null;
  deleted?: boolean;
}
interface FakeNotification {
  id: string;
  type: string;
  createdAt: number;
  account: string;
  status?: string;
}

export interface FakeMastodon {
  server: FakeServer;
  token: string;
  accounts: Map<string, FakeAccount>;
  statuses: Map<string, FakeStatus>;
  notifications: FakeNotification[];
  limits: { maxCharacters: number; charactersPerUrl: number };
  /** Answers that replace the right one, by method and path. */
  answers: Map<string, (request: FakeRequest) => FakeAnswer>;
  account(name: string, more?: Partial<FakeAccount>): FakeAccount;
  /** Somebody writes; those mentioned are notified. */
  write(author: string, text: string, more?: Partial<FakeStatus>): FakeStatus;
  edit(id: string, text: string): void;
  remove(id: string): void;
  follow(name: string): void;
  /** Sends an event to whoever listens; `write`, `edit` and `remove` do so by themselves. */
  tell(event: string, payload: string): void;
  /** Connections to the stream so far, and those open. */
  stream: { opened: number; sockets: Set<WebSocket>; headers: Record<string, unknown>[]; silent: boolean };
  close(): Promise<void>;
}

export const SELF = '100';
/** Just before the virtual clocks of tests begin. */
const START = Date.UTC(2026, 2, 1, 9, 0);
const DOMAIN = 'social.example';

/**
 * A Mastodon that knows one account's world, and whose answers are held against the contract before they are sent.
 * With `idempotencyKeys: false` it takes no notice of them, as GoToSocial.
 */
export async function startFakeMastodon(options: { idempotencyKeys?: boolean } = {}): Promise<FakeMastodon> {
  const accounts = new Map<string, FakeAccount>();
  const statuses = new Map<string, FakeStatus>();
  const notifications: FakeNotification[] = [];
  const keys = new Map<string, string>();
  const answers: FakeMastodon['answers'] = new Map();
  const limits = { maxCharacters: 500, charactersPerUrl: 23 };
  const token = 'fake-token-0123456789';
  let clock = START;
  let serial = 0;
  const next = () => {
    clock += 1000;
    serial += 1;
    return { id: String(110_000_000_000_000_000n + BigInt(serial)), at: clock };
  };

  const sockets = new Set<WebSocket>();
  const stream: FakeMastodon['stream'] = { opened: 0, sockets, headers: [], silent: false };
  const sender = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/api/v1/streaming' });
  await new Promise((resolve) => sender.once('listening', resolve));
  sender.on('connection', (socket, request) => {
    stream.opened += 1;
    stream.headers.push({ ...request.headers, url: request.url });
    if (request.headers.authorization !== `Bearer ${token}`) return socket.close(4001);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const tell = (event: string, payload: string) => {
    if (stream.silent) return;
    for (const socket of sockets) socket.send(JSON.stringify({ stream: ['user'], event, payload }));
  };
  const streamUrl = `ws://127.0.0.1:${(sender.address() as { port: number }).port}`;

  function accountEntity(account: FakeAccount, credential = false): object {
    const { id, acct, displayName, note, bot, group, fields, suspended } = account;
    const picture = `https://${DOMAIN}/picture.png`;
    return {
      id,
      username: acct.split('@')[0],
      acct,
      display_name: displayName,
      locked: false,
      bot,
      group,
      discoverable: true,
      indexable: false,
      created_at: '2020-01-01T00:00:00.000Z',
      note,
      url: `https://${acct.split('@')[1] ?? DOMAIN}/@${acct.split('@')[0]}`,
      uri: `https://${acct.split('@')[1] ?? DOMAIN}/users/${acct.split('@')[0]}`,
      avatar: picture,
      avatar_static: picture,
      header: picture,
      header_static: picture,
      followers_count: 1,
      following_count: 1,
      statuses_count: 1,
      last_status_at: '2026-03-01',
      emojis: [],
      fields,
      ...(suspended === true ? { suspended: true } : {}),
      ...(credential
        ? {
            role: { id: '-99', name: '', permissions: '65536', color: '', highlighted: false },
            source: {
              attribution_domains: [],
              note: '',
              fields: [],
              privacy: 'public',
              quote_policy: 'public',
              sensitive: false,
              language: 'en',
              indexable: false,
              discoverable: true,
              hide_collections: null,
              follow_requests_count: 0,
            },
          }
        : {}),
    };
  }

  function statusEntity(status: FakeStatus): object {
    const replies = [...statuses.values()].filter(
      ({ inReplyTo, deleted }) => inReplyTo === status.id && deleted !== true,
    );
    const parent = status.inReplyTo === undefined ? undefined : statuses.get(status.inReplyTo);
    const address = `https://${DOMAIN}/@x/${status.id}`;
    return {
      id: status.id,
      created_at: new Date(status.createdAt).toISOString(),
      edited_at: status.editedAt === undefined ? null : new Date(status.editedAt).toISOString(),
      in_reply_to_id: parent === undefined || parent.deleted === true ? null : parent.id,
      in_reply_to_account_id: parent?.account ?? null,
      sensitive: status.spoiler !== '',
      spoiler_text: status.spoiler,
      visibility: status.visibility,
      language: status.language,
      uri: address,
      url: address,
      replies_count: replies.length,
      reblogs_count: 0,
      favourites_count: 0,
      content: status.content,
      reblog: null,
      account: accountEntity(accounts.get(status.account)!),
      media_attachments: [],
      mentions: status.mentions.map((id) => {
        const { acct } = accounts.get(id)!;
        const username = acct.split('@')[0];
        return { id, username, acct, url: `https://${DOMAIN}/@${username}` };
      }),
      tags: [],
      emojis: [],
      card: null,
      poll: null,
    };
  }

  const isSeen = (status: FakeStatus | undefined): status is FakeStatus =>
    status !== undefined && status.deleted !== true;

  function page<T extends { id: string }>(
    request: FakeRequest,
    all: readonly T[],
    entity: (item: T) => object,
  ): FakeAnswer {
    const limit = Math.min(Number(request.query.get('limit') ?? 20), 80);
    const above = request.query.get('min_id');
    const below = request.query.get('max_id');
    const sorted = [...all].sort((a, b) => compareIds(a.id, b.id));
    const matching = sorted.filter(
      ({ id }) => (above === null || compareIds(id, above) > 0) && (below === null || compareIds(id, below) < 0),
    );
    const chosen = (above === null ? matching.slice(-limit) : matching.slice(0, limit)).reverse();
    const first = chosen[0];
    const last = chosen.at(-1);
    const link = (rel: string, name: string, id: string) =>
      `<https://${DOMAIN}${request.path}?limit=${limit}&${name}=${id}>; rel="${rel}"`;
    const headers: Record<string, string> =
      first === undefined || last === undefined
        ? {}
        : { link: [link('next', 'max_id', last.id), link('prev', 'min_id', first.id)].join(', ') };
    return { headers, body: chosen.map(entity) };
  }

  function post(request: FakeRequest): FakeAnswer {
    const key = options.idempotencyKeys === false ? undefined : request.headers['idempotency-key'];
    const known = key === undefined ? undefined : keys.get(key);
    if (known !== undefined) return { body: statusEntity(statuses.get(known)!) };
    const body = JSON.parse(request.body.toString()) as Record<string, string>;
    const parent = statuses.get(body['in_reply_to_id'] ?? '');
    if (!isSeen(parent))
      return { status: 404, body: { error: 'The post you are trying to reply to does not appear to exist.' } };
    const text = body['status'] ?? '';
    if (text.length > limits.maxCharacters * 4)
      return {
        status: 422,
        body: { error: `Validation failed: Text character limit of ${limits.maxCharacters} exceeded` },
      };
    const mentions = [...accounts.values()].filter(({ acct }) => text.includes(`@${acct}`)).map(({ id }) => id);
    const status = write(SELF, text, {
      inReplyTo: parent.id,
      mentions,
      visibility: body['visibility'] ?? 'public',
      spoiler: body['spoiler_text'] ?? '',
      language: body['language'] ?? null,
    });
    if (key !== undefined) keys.set(key, status.id);
    return { body: statusEntity(status) };
  }

  function conversation(id: string): FakeAnswer {
    const ancestors: FakeStatus[] = [];
    for (let at = statuses.get(id); at?.inReplyTo !== undefined; at = statuses.get(at.inReplyTo)) {
      const parent = statuses.get(at.inReplyTo);
      if (!isSeen(parent)) break;
      ancestors.unshift(parent);
    }
    const descendants: FakeStatus[] = [];
    const collect = (parent: string) => {
      for (const status of statuses.values())
        if (status.inReplyTo === parent && status.deleted !== true) {
          descendants.push(status);
          collect(status.id);
        }
    };
    collect(id);
    return { body: { ancestors: ancestors.map(statusEntity), descendants: descendants.map(statusEntity) } };
  }

  const missing: FakeAnswer = { status: 404, body: { error: 'Record not found' } };

  function route(request: FakeRequest): [call: string, answer: FakeAnswer] | undefined {
    const { method, path, query } = request;
    const [, id, rest] = /^\/api\/v1\/(?:statuses|accounts)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (method === 'POST' && path === '/api/v1/statuses') return ['POST /api/v1/statuses', post(request)];
    if (method !== 'GET') return undefined;
    if (path === '/api/v2/instance') return ['GET /api/v2/instance', { body: instanceEntity(limits, streamUrl) }];
    if (path === '/api/v1/accounts/verify_credentials')
      return ['GET /api/v1/accounts/verify_credentials', { body: accountEntity(accounts.get(SELF)!, true) }];
    if (path === '/api/v1/notifications') {
      const types = query.getAll('types[]');
      const wanted = notifications.filter(
        ({ type, status }) =>
          (types.length === 0 || types.includes(type)) && (status === undefined || isSeen(statuses.get(status))),
      );
      const entity = ({ id: own, type, createdAt, account, status }: FakeNotification) => ({
        id: own,
        type,
        created_at: new Date(createdAt).toISOString(),
        group_key: `ungrouped-${own}`,
        account: accountEntity(accounts.get(account)!),
        ...(status === undefined ? {} : { status: statusEntity(statuses.get(status)!) }),
      });
      return ['GET /api/v1/notifications', page(request, wanted, entity)];
    }
    if (path.startsWith('/api/v1/accounts/') && id !== undefined) {
      const account = accounts.get(id);
      if (account === undefined || account.gone === true) return ['GET /api/v1/accounts/{id}', missing];
      if (rest === undefined) return ['GET /api/v1/accounts/{id}', { body: accountEntity(account) }];
      const own = [...statuses.values()].filter((status) => status.account === id && status.deleted !== true);
      return ['GET /api/v1/accounts/{id}/statuses', page(request, own, statusEntity)];
    }
    if (path.startsWith('/api/v1/statuses/') && id !== undefined) {
      const status = statuses.get(id);
      if (!isSeen(status)) return ['GET /api/v1/statuses/{id}', missing];
      if (rest === 'context') return ['GET /api/v1/statuses/{id}/context', conversation(id)];
      if (rest === 'source')
        return ['GET /api/v1/statuses/{id}/source', { body: { id, text: status.text, spoiler_text: status.spoiler } }];
      return ['GET /api/v1/statuses/{id}', { body: statusEntity(status) }];
    }
    return undefined;
  }

  const server = await startFakeServer((request) => {
    const special = answers.get(`${request.method} ${request.path}`);
    if (special !== undefined) return special(request);
    const date = new Date(clock).toUTCString();
    const limit = {
      date,
      'x-ratelimit-limit': '300',
      'x-ratelimit-remaining': '299',
      'x-ratelimit-reset': '2026-03-01T10:00:00.000Z',
    };
    if (request.headers['authorization'] !== `Bearer ${token}`)
      return { status: 401, headers: limit, body: { error: 'The access token is invalid' } };
    const [call, answer] = route(request) ?? ['', { ...missing }];
    assertContract(call, answer);
    return { ...answer, headers: { ...limit, ...answer.headers } };
  });

  function account(acct: string, more: Partial<FakeAccount> = {}): FakeAccount {
    const known = [...accounts.values()].find((other) => other.acct === acct);
    if (known !== undefined) return known;
    const made: FakeAccount = {
      id: accounts.size === 0 ? SELF : String(200 + accounts.size),
      acct,
      displayName: acct.split('@')[0]!,
      note: '',
      bot: false,
      group: false,
      fields: [],
      ...more,
    };
    accounts.set(made.id, made);
    return made;
  }

  function write(author: string, text: string, more: Partial<FakeStatus> = {}): FakeStatus {
    const { id, at } = next();
    const status: FakeStatus = {
      id,
      account: author,
      text,
      content: markup(text),
      createdAt: at,
      visibility: 'public',
      spoiler: '',
      mentions: author === SELF ? [] : [SELF],
      language: 'en',
      ...more,
    };
    statuses.set(id, status);
    if (author !== SELF && status.mentions.includes(SELF)) {
      const notification = {
        id: String(notifications.length + 1),
        type: 'mention',
        createdAt: at,
        account: author,
        status: id,
      };
      notifications.push(notification);
      tell('notification', JSON.stringify({ ...notification, status: { id } }));
    } else tell('update', JSON.stringify(statusEntity(status)));
    return status;
  }

  account('support');
  return {
    server,
    token,
    accounts,
    statuses,
    notifications,
    limits,
    answers,
    account,
    write,
    edit(id, text) {
      const status = statuses.get(id)!;
      Object.assign(status, { text, content: markup(text), editedAt: next().at });
      tell('status.update', JSON.stringify(statusEntity(status)));
    },
    remove(id) {
      statuses.get(id)!.deleted = true;
      tell('delete', id);
    },
    follow(name) {
      const { id } = account(name);
      notifications.push({ id: String(notifications.length + 1), type: 'follow', createdAt: next().at, account: id });
    },
    tell,
    stream,
    async close() {
      for (const socket of sender.clients) socket.terminate();
      await new Promise((resolve) => sender.close(resolve));
      await server.close();
    },
  };
}

/** Markup as Mastodon makes it of plain text: paragraphs, line breaks, everything else escaped. */
export function markup(text: string): string {
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return escaped
    .split(/\n{2,}/)
    .map((part) => `<p>${part.replaceAll('\n', '<br />')}</p>`)
    .join('');
}

function compareIds(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function instanceEntity(limits: FakeMastodon['limits'], streaming: string): object {
  const about = `https://${DOMAIN}/about`;
  return {
    domain: DOMAIN,
    title: 'Fake',
    version: '4.5.0',
    source_url: 'https://github.com/mastodon/mastodon',
    description: '',
    api_versions: { mastodon: 7 },
    usage: { users: { active_month: 1 } },
    thumbnail: { url: `https://${DOMAIN}/thumb.png`, blurhash: null },
    icon: [],
    languages: ['en'],
    configuration: {
      urls: { streaming, status: null, about, privacy_policy: null, terms_of_service: null },
      vapid: { public_key: 'x' },
      accounts: {
        max_featured_tags: 10,
        max_pinned_statuses: 5,
        max_profile_fields: 4,
        profile_field_name_limit: 255,
        profile_field_value_limit: 255,
      },
      statuses: {
        max_characters: limits.maxCharacters,
        max_media_attachments: 4,
        characters_reserved_per_url: limits.charactersPerUrl,
      },
      media_attachments: {
        description_limit: 1500,
        supported_mime_types: [],
        image_size_limit: 1,
        image_matrix_limit: 1,
        video_size_limit: 1,
        video_frame_rate_limit: 1,
        video_matrix_limit: 1,
      },
      polls: { max_options: 4, max_characters_per_option: 50, min_expiration: 300, max_expiration: 2629746 },
      translation: { enabled: false },
      limited_federation: false,
      timelines_access: {
        live_feeds: { local: 'public', remote: 'public' },
        hashtag_feeds: { local: 'public', remote: 'public' },
        trending_link_feeds: { local: 'public', remote: 'public' },
      },
    },
    registrations: {
      enabled: false,
      approval_required: false,
      reason_required: false,
      message: null,
      min_age: null,
      url: null,
    },
    contact: { email: 'admin@social.example', account: null },
    rules: [],
  };
}
