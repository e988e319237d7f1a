import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** `npm start` in a process group of its own, as a terminal would run it; builds first when something is stale. */
describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-npm-start-'));
  const groups: number[] = [];
  afterAll(() => {
    for (const group of groups)
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        // All of it has ended, as it should.
      }
    rmSync(folder, { recursive: true });
  });

  /** Ends with what it wrote and its exit code, after the signal that is sent once it is ready. */
  function run(
    data: string,
    signal: (group: number, npm: number) => void,
  ): Promise<{ code: number | null; output: string }> {
    writeFileSync(join(folder, 'unsilo.yaml'), 'tenant: acme\n');
    const args = ['start', '--', '--config', join(folder, 'unsilo.yaml'), '--port', '0', '--data', join(folder, data)];
    const npm = spawn('npm', args, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const { pid } = npm;
    if (pid === undefined) throw new Error('npm could not be run');
    groups.push(pid);
    let output = '';
    let told = false;
    const onData = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (told || !output.includes('Ready.')) return;
      told = true;
      signal(-pid, pid);
    };
    npm.stdout.on('data', onData);
    npm.stderr.on('data', onData);
    return new Promise((settle) => npm.on('close', (code) => settle({ code, output })));
  }

  it('runs the main process with the arguments that follow, and ends cleanly on SIGTERM', async () => {
    const { code, output } = await run('term', (_group, npm) => process.kill(npm, 'SIGTERM'));
    expect(output).toMatch(/Console: {3}http:\/\/127\.0\.0\.1:\d+/);
    expect(output).toContain(`Data:      ${join(folder, 'term')}`);
    expect(output).toMatch(/Admin key: unsilo_/);
    expect(output).toContain('Stopped.');
    expect(code).toBe(0);
  }, 120_000);

  it('ends cleanly on Ctrl-C, which reaches it from the terminal and from npm', async () => {
    const { code, output } = await run('interrupt', (group) => process.kill(group, 'SIGINT'));
    expect(output).toContain('Stopped.');
    expect(code).toBe(0);
  }, 120_000);
});
