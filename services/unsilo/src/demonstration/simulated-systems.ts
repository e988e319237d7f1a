import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivately } from '../running/data-folder.js';
import { NEWS_PATH, shopRows, SYSTEMS } from './company.js';
import { demonstrationYaml, IMPORT_FILE, SECRET_FILES } from './configuration.js';
import { startCrm, type SimulatedCrm } from './crm.js';
import { newsFeed, newsTables } from './news.js';
import { openRecordsWindow, type RecordsSource } from './records-window.js';
import { shopTables, startShop, type SimulatedShop } from './shop.js';
import type { Place } from './place.js';
import { startSocial, type SimulatedSocial } from './social.js';

/** All systems of the company, running. */
export interface SimulatedSystems {
  crm: SimulatedCrm;
  shop: SimulatedShop;
  social: SimulatedSocial;
  /** What each shows of itself. */
  sources: readonly RecordsSource[];
  /** Address of the window on their own records. */
  window: string;
  close(): Promise<void>;
}

/** Where the systems are found by others than this process. */
export interface Places {
  crm: Place;
  social: Place;
  window: Omit<Place, 'secret'>;
}

const SHOP_LOOKS_EVERY_MS = 200;

/** @param folder Of the files that the shop exchanges. */
export async function startSimulatedSystems(
  folder: string,
  clock: { now(): number },
  options: {
    /** Default: free ports of 127.0.0.1. */
    places?: Places;
    /** What the window answers besides, by path. */
    files?: Readonly<Record<string, () => { type: string; body: string }>>;
  } = {},
): Promise<SimulatedSystems> {
  const { places } = options;
  const began = clock.now();
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  async function open<System extends { close(): Promise<void> }>(starting: Promise<System>): Promise<System> {
    const system = await starting;
    opened.push(() => system.close());
    return system;
  }
  try {
    const crm = await open(startCrm(clock, places?.crm));
    const social = await open(startSocial(clock, places?.social));
    const shop = await open(
      startShop({
        folder,
        rows: shopRows(began),
        importFile: IMPORT_FILE,
        lookEveryMs: SHOP_LOOKS_EVERY_MS,
        clock,
      }),
    );
    const sources: RecordsSource[] = [
      {
        system: SYSTEMS.crm,
        title: 'Simulated CRM',
        about: 'Stands in for a SuiteCRM. The hub talks to it by SuiteCRM’s V8 API.',
        tables: () => crm.tables(),
      },
      {
        system: SYSTEMS.shop,
        title: 'Simulated shop',
        about: `Stands in for a shop that exports its customers to ${shop.exports} and imports what it finds in ${shop.imports}.`,
        tables: () => shopTables(shop),
      },
      {
        system: SYSTEMS.social,
        title: 'Simulated Mastodon',
        about: 'Stands in for a Mastodon instance. The hub talks to it by Mastodon’s API.',
        tables: () => social.tables(),
      },
      {
        system: SYSTEMS.news,
        title: 'Simulated news',
        about: 'Stands in for a magazine. The hub reads its RSS feed.',
        tables: () => newsTables(began),
      },
    ];
    const files = { ...options.files, [NEWS_PATH]: () => newsFeed(began) };
    const window = await open(openRecordsWindow(sources, files, clock, places?.window));
    return { crm, shop, social, sources, window: window.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Writes the `unsilo.yaml` that connects them into a folder, its secrets beside it; answers its path. */
export function writeConfiguration(folder: string, { crm, shop, social, window }: SimulatedSystems): string {
  const configuration = join(folder, 'unsilo.yaml');
  writePrivately(join(folder, SECRET_FILES.crm), crm.secret);
  writePrivately(join(folder, SECRET_FILES.social), social.secret);
  writeFileSync(
    configuration,
    demonstrationYaml({
      crm: { url: crm.url, clientId: crm.clientId },
      shop,
      social: { url: social.url },
      news: { feed: `${window}${NEWS_PATH}` },
    }),
  );
  return configuration;
}
