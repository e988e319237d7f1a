import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivately } from '../running/data-folder.js';
import { NEWS_PATH, shopRows, SYSTEMS } from './company.js';
import { demonstrationYaml, IMPORT_FILE, SECRET_FILES } from './configuration.js';
import { startCrm, type SimulatedCrm } from './crm.js';
import { newsFeed, newsTables } from './news.js';
import { openRecordsWindow, type RecordsSource } from './records-window.js';
import { shopTables, startShop, type SimulatedShop } from './shop.js';
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
  /** The `unsilo.yaml` that connects them. */
  configuration: string;
  close(): Promise<void>;
}

const SHOP_LOOKS_EVERY_MS = 200;

/** @param folder Holds what lies in files: the shop's folders, the configuration, its secrets. */
export async function startSimulatedSystems(folder: string, clock: { now(): number }): Promise<SimulatedSystems> {
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
    const crm = await open(startCrm(clock));
    const social = await open(startSocial(clock));
    const shop = await open(
      startShop({
        folder: join(folder, 'shop'),
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
    const files = { [NEWS_PATH]: () => newsFeed(began) };
    const window = await open(openRecordsWindow(sources, files, clock));

    const configuration = join(folder, 'unsilo.yaml');
    writePrivately(join(folder, SECRET_FILES.crm), crm.secret);
    writePrivately(join(folder, SECRET_FILES.social), social.secret);
    writeFileSync(
      configuration,
      demonstrationYaml({
        crm: { url: crm.url, clientId: crm.clientId },
        shop,
        social: { url: social.url },
        news: { feed: `${window.url}${NEWS_PATH}` },
      }),
    );
    return { crm, shop, social, sources, window: window.url, configuration, close };
  } catch (error) {
    await close();
    throw error;
  }
}
