import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '@unsilo/hub';
import { httpService } from '../cli/http-service.js';
import { SYSTEMS } from './company.js';
import { Look } from './look.js';
import { startSimulatedSystems, type Places } from './simulated-systems.js';
import { tell } from './story.js';
import { Telling, type Pace } from './telling.js';

export interface ApartOptions {
  places: Places;
  /** Folder that the simulated shop and the connector of its files share. */
  exchange: string;
  /** Where the gateway answers. */
  gateway: string;
  /** File with an API key that may do everything. */
  keyFile: string;
  pace: Pace;
  say(line: string): void;
}

/** How far the story has come; the window answers it at `/story.json`. */
export interface Story {
  state: 'waiting' | 'telling' | 'ended' | 'broken-off';
  /** Claims that did not come true, by id. */
  broken: readonly string[];
  /** Everything told so far. */
  lines: readonly string[];
}

export interface Apart {
  story(): Story;
  /** Tells the story to its end, once the hub runs and all systems are connected. Rejects when the signal aborts. */
  tell(signal: AbortSignal): Promise<Story>;
  close(): Promise<void>;
}

const LOOK_AGAIN_MS = 500;

/** The simulated systems by themselves, apart from the hub: what happens there is told to it over HTTP and by files alone. */
export async function demonstrateApart(options: ApartOptions): Promise<Apart> {
  const lines: string[] = [];
  let story: Omit<Story, 'lines'> = { state: 'waiting', broken: [] };
  const clock = { now: () => Date.now() };
  const shown = (): Story => ({ ...story, lines });
  const systems = await startSimulatedSystems(options.exchange, clock, {
    places: options.places,
    files: { '/story.json': () => ({ type: 'application/json; charset=utf-8', body: JSON.stringify(shown()) }) },
  });
  // The key of the gateway decides who acts.
  const actor: Actor = { tenant: '', name: '', roles: [] };
  const say = (line: string): void => {
    lines.push(line);
    options.say(line);
  };

  async function connected(signal: AbortSignal): Promise<ReturnType<typeof httpService>> {
    let waitingFor = '';
    for (;;) {
      try {
        const key = (await readFile(options.keyFile, 'utf8')).trim();
        const service = httpService(options.gateway, key);
        const running = (await service.systems(actor)).filter(({ state }) => state === 'running');
        const missing = Object.values(SYSTEMS).filter((name) => running.every(({ system }) => system !== name));
        if (missing.length === 0) return service;
        waitingFor = told(waitingFor, `Waiting for the connectors of ${missing.join(', ')}.`);
      } catch (error) {
        waitingFor = told(waitingFor, `Waiting for ${options.gateway}: ${(error as Error).message}`);
      }
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  /** Each thing is said once. */
  function told(before: string, now: string): string {
    if (now !== before) options.say(now);
    return now;
  }

  async function tellStory(signal: AbortSignal): Promise<Story> {
    const service = await connected(signal);
    story = { state: 'telling', broken: [] };
    const look = new Look(service, actor, (system) => {
      const { title, tables } = systems.sources.find((source) => source.system === system)!;
      return Promise.resolve({ system, title, simulated: true, tables: tables() });
    });
    const telling = new Telling({ pace: options.pace, look, signal, say, mark: () => Promise.resolve() });
    const { crm, shop, social } = systems;
    await tell(telling, { crm, shop, social, service, actor, console: options.gateway, humanMs: 0, clock });
    story = { state: 'ended', broken: telling.broken };
    return shown();
  }

  return {
    story: shown,
    tell: (signal) =>
      tellStory(signal).catch((error: unknown) => {
        story = { ...story, state: 'broken-off' };
        throw error;
      }),
    close: () => systems.close(),
  };
}
