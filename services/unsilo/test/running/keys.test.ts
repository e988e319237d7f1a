import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashKey } from '@unsilo/gateway';
import { KeyFile } from '../../src/running/keys.js';
import { temporaryFolder } from '../support/folders.js';

const NOW = Date.parse('2026-11-01T00:00:00Z');

describe('the file of keys', () => {
  const folder = temporaryFolder();
  let count = 0;
  const path = (): string => join(folder, `keys-${(count += 1)}.json`);

  it('finds a key by its hash, from the moment it was made by whichever process', async () => {
    const file = path();
    const process = new KeyFile(file);
    expect(process.list()).toEqual([]);
    const { key, id } = new KeyFile(file).add({ name: 'dashboard', tenant: 'acme', roles: ['reader'] }, NOW);
    await expect(process.find(hashKey(key))).resolves.toMatchObject({ id, name: 'dashboard', roles: ['reader'] });
    await expect(process.find(hashKey(`${key}x`))).resolves.toBeUndefined();
  });

  it('holds neither the key nor rights for others', () => {
    const file = path();
    const { key } = new KeyFile(file).add({ name: 'admin', tenant: 'acme', roles: ['admin'] }, NOW);
    expect(readFileSync(file, 'utf8')).not.toContain(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('forgets a revoked key at once, by name or id', async () => {
    const file = path();
    const process = new KeyFile(file);
    const one = process.add({ name: 'one', tenant: 'acme', roles: ['reader'] }, NOW);
    const two = process.add({ name: 'two', tenant: 'acme', roles: ['reader'] }, NOW);
    new KeyFile(file).revoke('one');
    new KeyFile(file).revoke(two.id);
    await expect(process.find(hashKey(one.key))).resolves.toBeUndefined();
    await expect(process.find(hashKey(two.key))).resolves.toBeUndefined();
    expect(() => process.revoke('one')).toThrow('There is no key "one".');
  });

  it('refuses a second key of one name', () => {
    const keys = new KeyFile(path());
    keys.add({ name: 'same', tenant: 'acme', roles: ['reader'] }, NOW);
    expect(() => keys.add({ name: 'same', tenant: 'acme', roles: ['reader'] }, NOW)).toThrow(
      expect.objectContaining({ code: 'UNSILO_KEY_NAME_TAKEN' }),
    );
  });

  it('lends keys that are written nowhere', async () => {
    const file = path();
    const process = new KeyFile(file);
    const key = process.lend({ name: 'command line', tenant: 'acme', roles: ['admin'] });
    await expect(process.find(hashKey(key))).resolves.toMatchObject({ name: 'command line' });
    await expect(new KeyFile(file).find(hashKey(key))).resolves.toBeUndefined();
    expect(process.list()).toEqual([]);
  });

  it('says so when the file was damaged, rather than letting a new admin key be made', () => {
    const file = path();
    writeFileSync(file, '{"format":1,"ke');
    expect(() => new KeyFile(file).list()).toThrow(expect.objectContaining({ code: 'UNSILO_KEYS_UNREADABLE' }));
  });
});
