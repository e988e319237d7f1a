import { mastodonApi, type ApiAnswer, type ApiRequest } from './simulator/api.js';
import { entitiesOf, type Limits } from './simulator/entities.js';
import { serve, type ListenAt } from './simulator/server.js';
import { createWorld, type World } from './simulator/world.js';

export { SELF, type SimulatedAccount, type SimulatedNotification, type SimulatedStatus } from './simulator/world.js';

/**
 * A small Mastodon in memory that speaks the client API as Mastodon 4.5 does, as far as one account's mentions, posts and replies are
 * concerned; the stream of that account included. For tests and demonstrations.
 */
export interface SimulatedMastodon extends World {
  /** The connector's option `token`. */
  readonly token: string;
  readonly limits: Limits;
  /** Answers a request of the API. */
  handle(request: ApiRequest): ApiAnswer;
}
export interface RunningMastodon extends SimulatedMastodon {
  /** `http://127.0.0.1:<port>`: the connector's option `url`. */
  readonly url: string;
  close(): Promise<void>;
}
export interface SimulationOptions {
  /** Epoch milliseconds (default the system's clock). */
  now?: () => number;
  /** The part after `@` of local handles (default `social.example`). */
  domain?: string;
  token?: string;
  /** The account that the token belongs to (default `support`). */
  self?: { acct: string; displayName?: string };
  /** Told what the stream of the account says: name and payload of each event. */
  onEvent?: (event: string, payload: string) => void;
  /** Address of the stream that the instance names. */
  streaming?: () => string;
  /** Told each answer, under the name of its call in the contract: `GET /api/v1/statuses/{id}`. */
  check?: (call: string, answer: ApiAnswer) => void;
  /** Default: a free port of 127.0.0.1. */
  listen?: ListenAt;
}

/** Starts one, with a server. */
export async function startSimulatedMastodon(options: SimulationOptions = {}): Promise<RunningMastodon> {
  let send = (_message: string): void => undefined;
  let streaming = '';
  const mastodon = simulateMastodon({
    ...options,
    streaming: () => streaming,
    onEvent(event, payload) {
      options.onEvent?.(event, payload);
      send(JSON.stringify({ stream: ['user'], event, payload }));
    },
  });
  const server = await serve(mastodon.handle, mastodon.token, options.listen);
  send = (message) => server.send(message);
  streaming = server.url.replace('http:', 'ws:');
  return { ...mastodon, url: server.url, close: () => server.close() };
}

/** One without a server. */
export function simulateMastodon(options: SimulationOptions = {}): SimulatedMastodon {
  const { now = Date.now, domain = 'social.example', token = 'simulated-token-0123456789' } = options;
  const limits: Limits = { maxCharacters: 500, charactersPerUrl: 23 };
  const world = createWorld(now, options.self ?? { acct: 'support' }, (event, about) => {
    if (options.onEvent === undefined) return;
    if (typeof about === 'string') options.onEvent(event, about);
    else if ('type' in about) options.onEvent(event, JSON.stringify(entities.notification(about)));
    else options.onEvent(event, JSON.stringify(entities.status(about)));
  });
  const entities = entitiesOf(world, domain, limits, options.streaming ?? (() => `wss://${domain}`));
  const check = options.check ?? (() => undefined);
  const handle = mastodonApi({ world, entities, limits, token, domain, now, check });
  return { ...world, token, limits, handle };
}
