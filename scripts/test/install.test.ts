import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed } from '../rails/install.mjs';

type Packages = Record<string, Record<string, unknown>>;
const WANTED: Packages = {
  '': { name: 'root' },
  'services/one': { name: 'one' },
  'node_modules/one': { resolved: 'services/one', link: true },
  'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/windows-only': { version: '1.0.0', integrity: 'sha512-b', optional: true },
};

describe('installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-install-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function present(packages: Packages | undefined): boolean {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: WANTED }));
    const hidden = join(folder, 'node_modules/.package-lock.json');
    rmSync(hidden, { force: true });
    if (packages) writeFileSync(hidden, JSON.stringify({ packages }));
    return installed(folder);
  }
  const { 'node_modules/left': left, 'node_modules/one': one } = WANTED as Record<string, Record<string, unknown>>;

  it('is true when everything that the lock file names is there, optional packages or not', () => {
    expect(present({ 'node_modules/one': one!, 'node_modules/left': left! })).toBe(true);
    expect(present(WANTED)).toBe(true);
  });

  it('is false without node_modules, with a package missing, of another version, or of other content', () => {
    expect(present(undefined)).toBe(false);
    expect(present({ 'node_modules/left': left! })).toBe(false);
    expect(present({ 'node_modules/one': one!, 'node_modules/left': { ...left, version: '1.0.1' } })).toBe(false);
    expect(present({ 'node_modules/one': one!, 'node_modules/left': { ...left, integrity: 'sha512-x' } })).toBe(false);
  });
});
