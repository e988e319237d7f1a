import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFolder } from '../../src/running/data-folder.js';
import { temporaryFolder } from '../support/folders.js';

describe('the data folder', () => {
  const parent = temporaryFolder();

  it('and everything beside the database is for its owner alone', () => {
    const folder = new DataFolder(join(parent, 'deep/inside'));
    folder.make();
    folder.sessionSecret();
    folder.announce({ pid: process.pid, url: 'http://127.0.0.1:1', key: 'k' });
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    for (const name of ['session-secret', 'running.json'])
      expect(statSync(join(folder.path, name)).mode & 0o777).toBe(0o600);
  });

  it('keeps others from the database in a folder that was there before', () => {
    const folder = new DataFolder(join(parent, 'mounted'));
    mkdirSync(folder.path);
    chmodSync(folder.path, 0o755);
    folder.make();
    expect(statSync(folder.database).mode & 0o777).toBe(0o700);
    chmodSync(folder.database, 0o775);
    folder.make();
    expect(statSync(folder.database).mode & 0o777).toBe(0o770);
    // Who may enter the folder itself is whoever made it to say.
    expect(statSync(folder.path).mode & 0o777).toBe(0o755);
  });

  it('keeps its session secret', () => {
    const folder = new DataFolder(join(parent, 'secret'));
    folder.make();
    const made = folder.sessionSecret();
    expect(made).toHaveLength(32);
    expect(Buffer.from(new DataFolder(folder.path).sessionSecret())).toEqual(Buffer.from(made));
  });

  it('names the process that runs on it, while that lives', () => {
    const folder = new DataFolder(join(parent, 'running'));
    folder.make();
    expect(folder.running()).toBeUndefined();
    folder.announce({ pid: process.pid, url: 'http://127.0.0.1:1', key: 'k' });
    expect(folder.running()).toMatchObject({ url: 'http://127.0.0.1:1' });
    // No process has a number beyond the kernel's largest.
    folder.announce({ pid: 2 ** 22 + 1, url: 'http://127.0.0.1:1', key: 'k' });
    expect(folder.running()).toBeUndefined();
    folder.withdraw();
    expect(folder.running()).toBeUndefined();
  });

  it('takes a file that is no JSON for none', () => {
    const folder = new DataFolder(join(parent, 'torn'));
    folder.make();
    writeFileSync(join(folder.path, 'running.json'), '{"pid":');
    expect(folder.running()).toBeUndefined();
  });
});
