import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Campaign } from '../../src/faults/campaign.js';
import { KillSwitch } from '../../src/faults/kill-points.js';
import { judge, reportInWords, type Verdict } from '../../src/faults/report.js';
import { Script } from '../../src/faults/script.js';
import { SimulatedSystem } from '../../src/faults/simulated-system.js';
import { repeatedEffects } from '../../src/faults/verify.js';

interface Ran {
  verdict: Verdict;
  calm: Campaign;
  disturbed: Campaign;
}

const RUN = resolve(__dirname, '../../src/faults/run.ts');

/** A process of its own: what is killed must not be this one, and needs the sources as they stand. */
async function run(...options: string[]): Promise<Ran> {
  const args = ['--import', 'tsx', '--conditions=@unsilo/source', RUN, '--json', ...options];
  const exec = promisify(execFile);
  const { stdout } = await exec(process.execPath, args, { maxBuffer: 2 ** 26 }).catch((error: unknown) => {
    // With faults found it ends with 1 and says which.
    const { code, stdout: said, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (code !== 1 || said === '') throw new Error(`the harness failed: ${stderr}`);
    return { stdout: said };
  });
  return JSON.parse(stdout) as Ran;
}

describe('kill -9', () => {
  it('leaves nothing acknowledged lost, no effect twice, and the customers of an undisturbed run', async () => {
    const { verdict, disturbed } = await run('--kills', '12', '--events', '4000', '--seed', '3');
    expect(verdict.faults).toEqual([]);
    expect(verdict).toMatchObject({
      good: true,
      customersEqual: true,
      membershipsEqual: true,
      interactionsEqual: true,
    });
    expect(disturbed.kills).toHaveLength(12);
    expect(new Set(disturbed.kills.map((k) => k.point)).size).toBeGreaterThan(8);
    const { findings } = disturbed;
    expect(findings.acknowledged).toBeGreaterThan(3900);
    for (const part of [findings.customers, findings.memberships, findings.interactions, findings.effects])
      expect(part).toBeGreaterThan(0);
  }, 180_000);

  it('the checks see a hub that acknowledges before it has appended, and systems without idempotency', async () => {
    const written = 'between a write and its outcome';
    const [early, forgetful] = await Promise.all([
      run('--kills', '2', '--events', '300', '--point', 'before append', '--sabotage', 'acknowledges-before-append'),
      run('--kills', '3', '--events', '600', '--point', written, '--sabotage', 'forgetful-system'),
    ]);
    expect(early.disturbed.findings.lost.length).toBeGreaterThan(0);
    expect(early.verdict.good).toBe(false);
    expect(forgetful.disturbed.findings.twice.length).toBeGreaterThan(0);
    expect(forgetful.verdict.good).toBe(false);
  }, 180_000);
});

describe('the verdict', () => {
  const findings: Campaign['findings'] = {
    customersHash: 'a',
    customers: 1,
    membershipHash: 'b',
    memberships: 1,
    interactionsHash: 'c',
    interactions: 1,
    acknowledged: 1,
    lost: [],
    twice: [],
    unequal: [],
    deadLetters: [],
    audit: {},
    commands: 0,
    effects: 0,
    recognised: 0,
    revisions: 1,
  };
  const calm: Campaign = { findings, kills: [], problems: [], seconds: 1 };

  it.each([
    ['another hash', { customersHash: 'z' }],
    ['other members', { membershipHash: 'z' }],
    ['other interactions', { interactions: 2 }],
    ['a lost event', { lost: ['x'] }],
    ['an effect twice', { twice: ['x'] }],
    ['a record that differs', { unequal: ['x'] }],
    ['a dead letter', { deadLetters: ['x'] }],
  ])('is bad with %s', (_, change) => {
    const disturbed = { ...calm, findings: { ...findings, ...change } };
    const verdict = judge(calm, disturbed);
    expect(verdict.good).toBe(false);
    expect(reportInWords({ kills: 1, events: 1, seed: 1 }, calm, disturbed, verdict)).toContain('1 faults');
  });

  it('is good with nothing of it', () => {
    expect(judge(calm, calm).good).toBe(true);
  });
});

it('a reply that is sent twice and a write that asks for what is there are effects twice', () => {
  const system = new SimulatedSystem('social');
  system.posts.push('Thank you', 'Thank you');
  system.effects.push({ command: 'c1', idle: true });
  expect(repeatedEffects(new Map([['social', system]]))).toHaveLength(2);
});

it('one seed is one script, another seed another', () => {
  const script = (seed: number): string => JSON.stringify([...new Script(seed, 500).inputs()]);
  expect(script(1)).toBe(script(1));
  expect(script(1)).not.toBe(script(2));
});

it('a point counts from when it is armed, and kills at the passing that was chosen', () => {
  const kill = jest.spyOn(process, 'kill').mockImplementation(() => true);
  try {
    const killer = new KillSwitch({ point: 'before commit', nth: 2, afterMs: 0 });
    killer.pass('before commit');
    killer.arm();
    killer.pass('after commit');
    killer.pass('before commit');
    expect(kill).not.toHaveBeenCalled();
    expect(() => killer.pass('before commit')).toThrow('killed');
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGKILL');
  } finally {
    kill.mockRestore();
  }
});
