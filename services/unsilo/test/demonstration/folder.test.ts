import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder } from '../../src/demonstration/folder.js';
import { DataFolder } from '../../src/running/data-folder.js';
import { temporaryFolder } from '../support/folders.js';

describe('the folder of the demonstration', () => {
  const root = temporaryFolder();
  let count = 0;
  const fresh = (): string => join(root, String((count += 1)));

  it('is made where there is none, and emptied where a demonstration left something', () => {
    const path = fresh();
    const own = emptyFolder(path);
    writeFileSync(join(path, 'keys.json'), '{}');
    writeFileSync(join(path, 'store', 'data.mdb'), 'kept by an earlier demonstration');
    writeFileSync(join(own, 'unsilo.yaml'), '');
    emptyFolder(path);
    expect(readdirSync(path).toSorted()).toEqual(['demonstration', 'store']);
    expect(readdirSync(join(path, 'store'))).toEqual([]);
    expect(existsSync(join(own, 'unsilo.yaml'))).toBe(false);
  });

  it('is refused where anything else lies, and nothing of that is touched', () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, 'precious'), 'data');
    expect(() => emptyFolder(path)).toThrow(expect.objectContaining({ code: 'UNSILO_DEMONSTRATION_FOLDER' }));
    expect(readdirSync(path)).toEqual(['precious']);
  });

  it('is refused while a demonstration runs on it', () => {
    const path = fresh();
    emptyFolder(path);
    new DataFolder(path).announce({ pid: process.pid, url: 'http://127.0.0.1:1', key: 'unsilo_x' });
    expect(() => emptyFolder(path)).toThrow(expect.objectContaining({ code: 'UNSILO_DEMONSTRATION_RUNNING' }));
    expect(existsSync(join(path, 'running.json'))).toBe(true);
  });
});
