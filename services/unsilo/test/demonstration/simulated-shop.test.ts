import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shopRows } from '../../src/demonstration/company.js';
import { startShop, type SimulatedShop } from '../../src/demonstration/shop.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

describe('the simulated shop', () => {
  const folder = temporaryFolder();
  let shop: SimulatedShop;
  let now: number;
  let count = 0;
  beforeEach(async () => {
    now = Date.parse('2026-05-01T10:00:00Z');
    shop = await startShop({
      folder: join(folder, String((count += 1))),
      rows: shopRows(now),
      importFile: 'customers.csv',
      lookEveryMs: 10,
      clock: { now: () => now },
    });
  });
  afterEach(() => shop.close());

  const exported = (): string => readFileSync(join(shop.exports, 'customers.csv'), 'utf8');
  /** As the hub leaves a file there: whole at once. */
  function leave(text: string): void {
    writeFileSync(join(shop.imports, '.customers.csv.part'), text);
    renameSync(join(shop.imports, '.customers.csv.part'), join(shop.imports, 'customers.csv'));
  }

  it('exports its table at once, and again when somebody edits it', async () => {
    expect(exported().split('\n')).toHaveLength(shopRows(now).length + 2);
    await shop.edit('1003', { city: 'York, North' });
    expect(exported()).toContain('"York, North"');
    expect(shop.counts().exported).toBe(2);
  });

  it('takes in what changes its rows, stamps them, and exports them: to who reads that, they look edited', async () => {
    now += 60_000;
    leave(exported().replace('07700 900418', '07700 900419'));
    await eventually(() => (shop.counts().exported === 2 ? true : undefined));
    expect(shop.row('1003')).toMatchObject({ phone: '07700 900419', updated: '2026-05-01T10:01:00.000Z' });
    expect(shop.row('1002')?.updated).not.toBe('2026-05-01T10:01:00.000Z');
    expect(exported()).toContain('07700 900419');
  });

  it('leaves rows alone that the file says nothing new about, and people whom it does not have', async () => {
    leave(`${exported()}9999,Nobody${','.repeat(12)}\n`);
    await eventually(() => (shop.counts().imported === 1 ? true : undefined));
    expect(shop.rows()).toEqual(shopRows(now));
    expect(shop.counts().exported).toBe(1);
  });

  it('can drop the last export once more in which a row still said something else', async () => {
    expect(await shop.dropStale('1003', { first_name: 'Priya' })).toBe(false);
    const before = exported();
    leave(before.replace('Priya', 'Prija'));
    await eventually(() => (shop.counts().exported === 2 ? true : undefined));
    // Later exports have other changes, and the new name as well.
    await shop.edit('1002', { city: 'York' });
    expect(await shop.dropStale('1003', { first_name: 'Prija' })).toBe(false);
    expect(await shop.dropStale('1003', { first_name: 'Pria' })).toBe(false);
    expect(await shop.dropStale('9999', { first_name: 'Priya' })).toBe(false);
    expect(await shop.dropStale('1003', { first_name: 'Priya' })).toBe(true);
    expect(exported()).toBe(before);
    expect(shop.row('1003')?.first_name).toBe('Prija');
  });
});
