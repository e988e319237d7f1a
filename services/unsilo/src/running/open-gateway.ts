import { hkdfSync } from 'node:crypto';
import { resolve } from 'node:path';
import { createGateway, type Gateway, type Webhooks } from '@unsilo/gateway';
import type { HubService } from '@unsilo/hub';
import type { Configuration } from '../configuration/configuration.js';
import type { DataFolder } from './data-folder.js';
import { KeyFile } from './keys.js';
import { clock, type StartOptions } from './parts.js';
import { addressProblem } from './start-error.js';

const BUILT_CONSOLE = resolve(import.meta.dirname, '../../../console/dist');

export interface OpenedGateway {
  url: string;
  /** Made at the first start on a data folder, where the configuration names none. */
  adminKey: string | undefined;
  close(): Promise<void>;
}

/** Console and API over a service, with the keys of the data folder. Commands of the same user find it there. */
export async function openGateway(
  configuration: Configuration,
  folder: DataFolder,
  { logger, consoleFolder }: StartOptions,
  { service, webhook }: { service: HubService; webhook: Webhooks['call'] },
): Promise<OpenedGateway> {
  const { tenant, limits, http, systems } = configuration;
  const keys = new KeyFile(folder.keysFile);
  const admin = { name: 'admin', tenant, roles: ['admin'] as const };
  if (http.adminKey !== undefined) keys.accept(http.adminKey, admin);
  const first = http.adminKey === undefined && keys.list().length === 0;
  const adminKey = first ? keys.add(admin, clock.now()).key : undefined;
  const gateway = await createGateway({
    service,
    keys,
    webhooks: {
      systems: systems.filter(({ connector }) => connector.webhook !== undefined).map(({ name }) => name),
      call: webhook,
    },
    consoleFolder: consoleFolder ?? BUILT_CONSOLE,
    log: logger.child({}, { level: logger.level === 'debug' ? 'debug' : 'warn' }),
    sessionSecret: http.adminKey === undefined ? folder.sessionSecret() : secretFrom(http.adminKey),
    trustProxy: http.trustProxy.length === 0 ? false : http.trustProxy,
    limits: {
      ...(limits.requestsPerMinute === undefined ? {} : { requestsPerMinute: limits.requestsPerMinute }),
      ...(limits.bodyBytes === undefined ? {} : { eventBodyBytes: limits.bodyBytes }),
    },
  });
  let url: string;
  try {
    url = await listen(gateway, configuration);
    folder.announce({ pid: process.pid, url, key: keys.lend({ name: 'command line', tenant, roles: ['admin'] }) });
    folder.rememberRun({ tenant, configuration: configuration.file ?? null });
  } catch (error) {
    await gateway.close();
    throw error;
  }
  return {
    url,
    adminKey,
    close: async () => {
      folder.withdraw();
      await gateway.close();
    },
  };
}

/** Sessions of the console hold at every gateway that is given the same key. */
function secretFrom(adminKey: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', adminKey, '', 'unsilo sessions of the console', 32));
}

async function listen(gateway: Gateway, { http }: Configuration): Promise<string> {
  try {
    const { url, port } = await gateway.start(http);
    // Addresses that mean "all of them" lead nowhere in a browser.
    return ['0.0.0.0', '::'].includes(http.host) ? `http://localhost:${port}` : url;
  } catch (error) {
    throw addressProblem(error, http.host, http.port);
  }
}
