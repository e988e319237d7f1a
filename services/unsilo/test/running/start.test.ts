import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment, openLmdbEventLog } from '@unsilo/event-log/lmdb';
import { declareTopics } from '@unsilo/schemas';
import { emptyConfiguration, type Configuration } from '../../src/configuration/configuration.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../../src/running/start.js';
import { temporaryFolder } from '../support/folders.js';
import { Rolodex } from '../support/rolodex.js';
import { eventually } from '../support/waiting.js';

const logger = createLogger({ level: 'silent', format: 'json', secrets: [] });

describe('startUnsilo', () => {
  const folder = temporaryFolder();
  const running: RunningUnsilo[] = [];
  let count = 0;
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });

  function configuration(...systems: Rolodex[]): Configuration {
    const empty = emptyConfiguration(folder);
    return {
      ...empty,
      dataFolder: join(folder, `data-${(count += 1)}`),
      http: { ...empty.http, port: 0 },
      systems: systems.map(({ configured }) => configured),
    };
  }

  async function started(given: Configuration): Promise<RunningUnsilo> {
    const one = await startUnsilo(given, { logger });
    running.push(one);
    await one.ready;
    return one;
  }

  async function get(
    one: RunningUnsilo,
    path: string,
    key: string | undefined,
  ): Promise<{ status: number; body: unknown }> {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(`${one.url}${path}`, { headers });
    return { status: response.status, body: await response.json() };
  }

  it('turns what two systems say of one person into one customer', async () => {
    const crm = new Rolodex('crm');
    const shop = new Rolodex('shop');
    crm.write({ id: '1', version: 1, name: 'Ada Lovelace', email: 'ada@example.org' });
    shop.write({ id: '9', version: 1, name: 'A. Lovelace', email: 'Ada@example.org' });
    shop.write({ id: '10', version: 1, name: 'Grace Hopper' });
    const one = await started(configuration(crm, shop));
    const found = await eventually(async () => {
      const { body } = await get(one, '/v1/customers?text=lovelace', one.adminKey);
      const { items } = body as { items: { systems: string[] }[] };
      return items[0]?.systems.length === 2 ? items : undefined;
    });
    expect(found).toHaveLength(1);
    await one.hub.settled();
    expect(one.systems.list()).toMatchObject([
      { system: 'crm', state: 'running', counts: { appended: 1 } },
      { system: 'shop', state: 'running', counts: { appended: 2 } },
    ]);
  });

  it('makes an admin key at the first start on a folder and at no later one; it goes on being valid', async () => {
    const given = configuration();
    const first = await started(given);
    const { adminKey } = first;
    expect(adminKey).toMatch(/^unsilo_/);
    await first.stop();
    const second = await started(given);
    expect(second.adminKey).toBeUndefined();
    expect((await get(second, '/v1/systems', adminKey)).status).toBe(200);
    expect((await get(second, '/v1/systems', undefined)).status).toBe(401);
  });

  it('is ready once the hub has caught up', async () => {
    const one = await started(configuration());
    expect(await get(one, '/readyz', undefined)).toMatchObject({ status: 200, body: { live: true, ready: true } });
  });

  it('has the same customers after a restart', async () => {
    const crm = new Rolodex('crm');
    crm.write({ id: '1', version: 1, name: 'Ada Lovelace', email: 'ada@example.org' });
    const given = configuration(crm);
    const actor = { tenant: given.tenant, name: 'test', roles: ['admin'] as const };
    const first = await started(given);
    await eventually(async () => ((await first.hub.service.customersHash(actor)).customers === 1 ? true : undefined));
    await first.hub.settled();
    const before = await first.hub.service.customersHash(actor);
    await first.stop();
    const second = await started(given);
    expect(await second.hub.service.customersHash(actor)).toEqual(before);
  });

  it('goes on with a folder whose topics have several partitions, as they once had', async () => {
    const crm = new Rolodex('crm');
    for (let id = 1; id <= 20; id += 1) crm.write({ id: String(id), version: 1, name: `Card ${id}` });
    const given = configuration(crm);
    const environment = await openEnvironment({ folder: join(given.dataFolder, 'store') });
    const log = openLmdbEventLog(environment);
    await log.declare(declareTopics(['crm']));
    await log.close();
    await environment.close();
    const actor = { tenant: given.tenant, name: 'test', roles: ['admin'] as const };
    const everybody = async (): Promise<void> => {
      const { hub, stop } = await started(given);
      await eventually(async () => ((await hub.service.customersHash(actor)).customers === 20 ? true : undefined));
      await stop();
    };
    await everybody();
    await everybody();
  });

  it('keeps a paused system paused over a restart, until it is resumed', async () => {
    const crm = new Rolodex('crm');
    const given = configuration(crm);
    const first = await started(given);
    await eventually(() => (crm.readings > 0 ? true : undefined));
    await first.systems.pause('crm', 'maintenance');
    await first.stop();
    const read = crm.readings;
    const second = await started(given);
    expect(second.systems.list()).toMatchObject([{ state: 'paused', reason: 'maintenance' }]);
    expect(crm.readings).toBe(read);
    await second.systems.resume('crm');
    await eventually(() => (second.systems.list()[0]?.state === 'running' ? true : undefined));
    expect(crm.readings).toBeGreaterThan(read);
  });

  it('hands webhooks to the connector, which decides whether they are authentic', async () => {
    const crm = new Rolodex('crm');
    const one = await started(configuration(crm));
    const post = async (system: string, signature: string): Promise<number> =>
      (
        await fetch(`${one.url}/v1/webhooks/${system}`, {
          method: 'POST',
          headers: { 'x-signature': signature },
          body: '{}',
        })
      ).status;
    expect(await post('crm', 'right')).toBe(202);
    expect(await post('crm', 'wrong')).toBe(401);
    expect(await post('nobody', 'right')).toBe(404);
  });

  it('refuses a folder and a port that another one uses, and lets go of what it had opened', async () => {
    const given = configuration();
    const one = await started(given);
    await expect(startUnsilo(given, { logger })).rejects.toMatchObject({ code: 'UNSILO_DATA_LOCKED' });
    const port = Number(new URL(one.url).port);
    const other = { ...configuration(), http: { ...given.http, port } };
    await expect(startUnsilo(other, { logger })).rejects.toMatchObject({ code: 'UNSILO_PORT_IN_USE' });
    await started({ ...other, http: given.http });
  });

  it('tells how long the hub takes, without anybody in it', async () => {
    const crm = new Rolodex('crm');
    crm.write({ id: '1', version: 1, name: 'Ada Lovelace', email: 'ada@example.org' });
    const one = await started(configuration(crm));
    const headers = { authorization: `Bearer ${one.adminKey ?? ''}` };
    const text = await eventually(async () => {
      const figures = await (await fetch(`${one.url}/metrics`, { headers })).text();
      return figures.includes('unsilo_hub_event_delay_seconds_count{topic="unsilo.parties.v1"} 1')
        ? figures
        : undefined;
    });
    expect(text).toContain('# TYPE unsilo_hub_batch_seconds histogram');
    expect(text).toMatch(/^unsilo_hub_batch_seconds_bucket\{result="done",le="\+Inf"\} \d+$/m);
    expect(text).toMatch(/^unsilo_hub_batch_seconds_sum\{result="done"\} [\d.]+$/m);
    expect(text).not.toMatch(/ada|lovelace|card/i);
  });

  it('stops while somebody follows what flows, and ends their stream', async () => {
    const given = configuration();
    const one = await started(given);
    const headers = { authorization: `Bearer ${one.adminKey ?? ''}` };
    const followers = await Promise.all([1, 2].map(() => fetch(`${one.url}/v1/live`, { headers })));
    const ends = followers.map((response) => response.text().catch(() => 'cut off'));
    await one.stop();
    await Promise.all(ends);
    // Everything was let go of: the folder can be used at once.
    await started(given);
  });

  it('starts on no folder whose keys are damaged', async () => {
    const given = configuration();
    const first = await started(given);
    await first.stop();
    writeFileSync(join(given.dataFolder, 'keys.json'), '{');
    await expect(startUnsilo(given, { logger })).rejects.toMatchObject({ code: 'UNSILO_KEYS_UNREADABLE' });
  });

  it('leaves a key for commands of the same user while it runs', async () => {
    const given = configuration();
    const one = await started(given);
    const path = join(given.dataFolder, 'running.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await one.stop();
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });
});
