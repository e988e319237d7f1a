import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { RanServers } from '../../src/faults/servers/run-servers.js';
import { describeUnless } from '../support/requirement.js';
import { missing } from '../support/servers.js';

const RUN = resolve(__dirname, '../../src/faults/run.ts');

/** A process of its own: its workers are killed, and need the sources as they stand. */
async function run(...options: string[]): Promise<RanServers> {
  const args = ['--import', 'tsx', '--conditions=@unsilo/source', RUN, '--storage', 'kafka', '--json', ...options];
  const exec = promisify(execFile);
  const { stdout } = await exec(process.execPath, args, { maxBuffer: 2 ** 26 }).catch((error: unknown) => {
    // With faults found it ends with 1 and says which.
    const { code, stdout: said, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (code !== 1 || said === '') throw new Error(`the harness failed: ${stderr}`);
    return { stdout: said };
  });
  return JSON.parse(stdout) as RanServers;
}

describeUnless(missing(), 'workers on Kafka and Redis', () => {
  it('a Redis that forgets everything, and workers that are killed: the customers of the embedded, undisturbed run', async () => {
    const small = ['--events', '1500', '--rate', '150', '--times', '2', '--between', '1', '--seed', '5'];
    const { ran } = await run(...small, '--fault', 'redis-lost', '--fault', 'workers-killed');
    expect(ran.map(({ campaign, verdict }) => [campaign.fault, verdict.faults])).toEqual([
      ['redis-lost', []],
      ['workers-killed', []],
    ]);
    for (const { campaign } of ran) {
      expect(campaign.findings.acknowledged).toBeGreaterThan(1400);
      expect(campaign.findings.customers).toBeGreaterThan(0);
      expect(campaign.findings.effects).toBeGreaterThan(0);
    }
  }, 400_000);
});
