import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unsilo, UnsiloProcess } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

describe('the demonstration comes to an end', () => {
  const cwd = temporaryFolder();
  const start = (...args: string[]): UnsiloProcess => new UnsiloProcess(['start', ...args], { cwd });

  it('in the middle of its story, when it is told to stop', async () => {
    const main = start('--port', '0', '--data', 'interrupted');
    try {
      await eventually(() => (main.stderr.includes('Chapter 1 of 5') ? true : undefined));
      main.child.kill('SIGTERM');
      await expect(main.ended).resolves.toBe(0);
      expect(main.stderr).not.toContain('broke off');
    } finally {
      await main.kill();
    }
  });

  it('with its simulated systems, when the hub can not be started', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const main = start('--port', String((other.address() as AddressInfo).port), '--data', 'no-port');
    try {
      await expect(main.ended).resolves.toBe(1);
      expect(main.stderr).toContain('UNSILO_PORT_IN_USE');
    } finally {
      await main.kill();
      other.close();
    }
  });

  it('before it begins, on a folder that holds something else', async () => {
    mkdirSync(join(cwd, 'mine'));
    writeFileSync(join(cwd, 'mine', 'precious'), '');
    expect(await unsilo(['start', '--data', 'mine'], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_DEMONSTRATION_FOLDER'),
    });
  });

  it('before it begins, when a configuration is named as well, or a pace that there is not', async () => {
    const both = await unsilo(['start', '--demonstration', 'fast', '--config', 'unsilo.yaml'], { cwd });
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude each other') });
    const slow = await unsilo(['start', '--demonstration', 'slow'], { cwd });
    expect(slow).toMatchObject({ code: 2, stderr: expect.stringContaining('told or fast') });
  });
});
