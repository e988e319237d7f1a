import { join } from 'node:path';
import type { Actor } from '@unsilo/hub';
import type { Configuration } from '../configuration/configuration.js';
import { loadConfiguration } from '../configuration/load.js';
import type { RunningUnsilo } from '../running/start.js';
import { OUR_ACCOUNT } from './company.js';
import { watchFirsts } from './firsts.js';
import { emptyFolder } from './folder.js';
import { Look } from './look.js';
import { startSimulatedSystems, writeConfiguration, type SimulatedSystems } from './simulated-systems.js';
import { tell } from './story.js';
import { Telling, type Pace } from './telling.js';

export interface DemonstrationOptions {
  pace: Pace;
  /** Data folder; it is thrown away and made anew. */
  folder: string;
  /** How long somebody at the console has to answer the complaint before the script does, milliseconds; 0 where nobody sits there. */
  humanMs: number;
  say(line: string): void;
}

export interface Demonstration {
  /** Connects the simulated systems, which run already. */
  configuration: Configuration;
  /** Shows the simulated systems' own records. */
  window: string;
  /** Tells the story to its end; answers the claims that did not come true. Rejects when the signal aborts. */
  tell(running: RunningUnsilo, signal: AbortSignal): Promise<{ broken: readonly string[] }>;
  /** Ends the simulated systems; after the hub, which still writes to them. */
  close(): Promise<void>;
}

const clock = { now: () => Date.now() };

/** Starts the simulated systems, and makes a configuration that connects them. */
export async function prepareDemonstration(options: DemonstrationOptions): Promise<Demonstration> {
  const folder = emptyFolder(options.folder);
  const systems = await startSimulatedSystems(join(folder, 'shop'), clock);
  try {
    const configuration = labelled(await loadConfiguration(writeConfiguration(folder, systems)), systems);
    return {
      configuration,
      window: systems.window,
      tell: (running, signal) => tellStory(options, systems, configuration.tenant, running, signal),
      close: systems.close,
    };
  } catch (error) {
    await systems.close();
    throw error;
  }
}

async function tellStory(
  { pace, humanMs, say }: DemonstrationOptions,
  systems: SimulatedSystems,
  tenant: string,
  running: RunningUnsilo,
  signal: AbortSignal,
): Promise<{ broken: readonly string[] }> {
  const { service } = running.hub;
  const reader: Actor = { tenant, name: 'demonstration', roles: ['admin'] };
  introduce(systems, running, say);
  const firsts = watchFirsts(service, reader, signal);
  await running.ready;

  const raise = (name: string, message: string, detail: Record<string, number>): Promise<void> =>
    running.raise({ name, at: new Date(clock.now()).toISOString(), message, detail });
  const look = new Look(service, reader, (system) => {
    const { title, tables } = systems.sources.find((source) => source.system === system)!;
    return Promise.resolve({ system, title, simulated: true, tables: tables() });
  });
  const telling = new Telling({
    pace,
    look,
    signal,
    say,
    mark: ({ number, of, title }) =>
      raise('demonstration.chapter', `Chapter ${number} of ${of}: ${title}`, { chapter: number, of }),
  });
  const began = performance.now();
  await tell(telling, {
    crm: systems.crm,
    shop: systems.shop,
    social: systems.social,
    service,
    actor: { tenant, name: 'demonstration', roles: ['reader', 'agent', 'steward'] },
    console: running.url,
    humanMs,
    clock,
  });
  const storyMs = performance.now() - began;
  await raise('demonstration.ended', 'The story is over', { brokenClaims: telling.broken.length });
  say('');
  say(`The story took ${seconds(storyMs)}. It is over, and everything goes on running until Ctrl-C.`);
  say(
    `After the start of the process, the first event was there after ${seconds(firsts.eventMs)}, ` +
      `the first customer of several records after ${seconds(firsts.mergedMs)}.`,
  );
  return { broken: telling.broken };
}

function introduce(
  { sources, window }: SimulatedSystems,
  { url, adminKey }: RunningUnsilo,
  say: (line: string) => void,
): void {
  say('');
  say(`${OUR_ACCOUNT.name} and its customers are invented, and its systems are simulated. Each of them shows its own`);
  say('records, to lay beside what the hub makes of them:');
  for (const { system, title } of sources) say(`  ${title.padEnd(18)}  ${window}/${system}`);
  const key = adminKey === undefined ? '' : `#key=${encodeURIComponent(adminKey)}`;
  say(`  ${'Console of the hub'.padEnd(18)}  ${url}/${key}`);
  say('');
}

/** Every system's title says that it is simulated. */
function labelled(configuration: Configuration, { sources }: SimulatedSystems): Configuration {
  const systems = configuration.systems.map((system) => {
    const source = sources.find((candidate) => candidate.system === system.name);
    return { ...system, profile: { ...system.profile, title: source?.title ?? system.profile.title } };
  });
  return { ...configuration, systems };
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? 'an unknown time' : `${(ms / 1000).toFixed(1)} s`;
}
