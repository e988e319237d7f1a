import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { config, scripts } = JSON.parse(read('package.json')) as {
  config: { node: string };
  scripts: Record<string, string>;
};

describe('what Node is given', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-image-command-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is given in the image with the arguments, and what the container says comes after it', () => {
    const made = spawnSync(process.execPath, [join(ROOT, 'scripts/image-command.mjs')], { encoding: 'utf8' });
    writeFileSync(join(folder, 'unsilo'), made.stdout, { mode: 0o755 });
    writeFileSync(join(folder, 'node'), '#!/bin/sh\nprintf "%s\\n" "$NODE_OPTIONS" "$@"\n', { mode: 0o755 });
    const { stdout } = spawnSync(join(folder, 'unsilo'), ['start', '--config', 'a b.yaml'], {
      encoding: 'utf8',
      env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, NODE_OPTIONS: '--max-old-space-size=256' },
    });
    expect(stdout.split('\n')).toEqual([
      `${config.node} --max-old-space-size=256`,
      '/app/services/unsilo/bin/unsilo.js',
      'start',
      '--config',
      'a b.yaml',
      '',
    ]);
  });

  it('stands in one place', () => {
    expect(config.node).toMatch(/^--max-semi-space-size=\d+$/);
    expect(scripts['start']).toBe('exec node $npm_package_config_node scripts/start.mjs');
    expect(read('infra/deploy/Dockerfile')).not.toContain('semi-space');
  });
});
