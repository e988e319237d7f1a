import type { EventLog } from '@unsilo/event-log';
import { lagMetrics, LagWatch } from '../../src/application/service/lag.js';
import type { GroupLag, SystemView } from '../../src/index.js';

/** A log of which only groups are asked. */
class Groups {
  now = 1_000_000_000;
  /** By group: committed, and messages that wait with the age of the oldest. */
  readonly groups = new Map<string, { committed: number; lag: number; ageMs: number; members?: number }>();
  readonly watch: LagWatch;

  constructor(countsMembers: boolean) {
    const log = {
      lag: async (group: string) => {
        const { committed, lag, ageMs } = this.groups.get(group) ?? { committed: 0, lag: 0, ageMs: 0 };
        const place = { topic: 't', committed, next: committed + lag };
        return [
          { ...place, partition: 0, lag, lagMs: ageMs },
          { ...place, partition: 1, lag: 0, lagMs: 0 },
        ];
      },
      ...(countsMembers ? { members: async (group: string) => this.groups.get(group)?.members ?? 0 } : {}),
    };
    this.watch = new LagWatch(log as unknown as EventLog, () => this.now);
  }

  async of(group: string, state: SystemView['state'] = 'running'): Promise<GroupLag> {
    const found = (await this.watch.look('hub', [{ system: 'crm', state }])).find((one) => one.group === group);
    if (found === undefined) throw new Error(`There is no group ${group}.`);
    return found;
  }
}

describe('lag', () => {
  it('is looked up for the hub, and for the commands and the erasures of each system', async () => {
    const found = await new Groups(false).watch.look('hub', [{ system: 'crm', state: 'running' }]);
    expect(found.map(({ group, system }) => [group, system])).toEqual([
      ['hub', undefined],
      ['unsilo-connector-crm', 'crm'],
      ['unsilo-connector-crm-erasures', 'crm'],
    ]);
  });

  it('is ok while nothing waits for longer than ten seconds, and behind once it does and moves on', async () => {
    const groups = new Groups(false);
    groups.groups.set('hub', { committed: 7, lag: 3, ageMs: 10_000 });
    expect(await groups.of('hub')).toEqual({ group: 'hub', records: 3, seconds: 10, verdict: 'ok' });
    groups.groups.set('hub', { committed: 8, lag: 3, ageMs: 10_001 });
    expect((await groups.of('hub')).verdict).toBe('behind');
    // Slow, but moving: for however long that lasts.
    for (let committed = 9; committed < 20; committed += 1) {
      groups.now += 59_000;
      groups.groups.set('hub', { committed, lag: 3, ageMs: 3_600_000 });
      expect((await groups.of('hub')).verdict).toBe('behind');
    }
  });

  it('is stalled when something waits and nothing has moved for a minute, and no longer once it moves', async () => {
    const groups = new Groups(false);
    groups.groups.set('hub', { committed: 7, lag: 1, ageMs: 0 });
    expect((await groups.of('hub')).verdict).toBe('ok');
    groups.now += 59_999;
    groups.groups.set('hub', { committed: 7, lag: 2, ageMs: 59_999 });
    expect((await groups.of('hub')).verdict).toBe('behind');
    groups.now += 1;
    expect((await groups.of('hub')).verdict).toBe('stalled');
    groups.groups.set('hub', { committed: 9, lag: 0, ageMs: 0 });
    expect((await groups.of('hub')).verdict).toBe('ok');
  });

  it('does not hold it against a group that there was nothing to do', async () => {
    const groups = new Groups(false);
    groups.groups.set('hub', { committed: 7, lag: 0, ageMs: 0 });
    expect((await groups.of('hub')).verdict).toBe('ok');
    groups.now += 3_600_000;
    groups.groups.set('hub', { committed: 7, lag: 1, ageMs: 5 });
    expect((await groups.of('hub')).verdict).toBe('ok');
  });

  it('is stopped where a system is paused or not run, whatever waits; erasures reach a paused one as well', async () => {
    const groups = new Groups(false);
    expect((await groups.of('unsilo-connector-crm', 'paused')).verdict).toBe('stopped');
    expect((await groups.of('unsilo-connector-crm-erasures', 'paused')).verdict).toBe('ok');
    expect((await groups.of('unsilo-connector-crm-erasures', 'stopped')).verdict).toBe('stopped');
    expect((await groups.of('unsilo-connector-crm', 'behind')).verdict).toBe('ok');
  });

  it('is stopped where the log counts members and there are none', async () => {
    const groups = new Groups(true);
    groups.groups.set('hub', { committed: 7, lag: 0, ageMs: 0, members: 0 });
    expect((await groups.of('hub')).verdict).toBe('stopped');
    groups.groups.set('hub', { committed: 7, lag: 0, ageMs: 0, members: 2 });
    expect((await groups.of('hub')).verdict).toBe('ok');
  });

  it('gives one verdict of four as a metric', async () => {
    const metrics = lagMetrics([{ group: 'hub', records: 3, seconds: 1.5, verdict: 'stalled' }]);
    const [records, seconds, verdict] = metrics;
    expect([records, seconds].map((metric) => metric?.samples)).toEqual([
      [{ labels: { group: 'hub', system: '' }, value: 3 }],
      [{ labels: { group: 'hub', system: '' }, value: 1.5 }],
    ]);
    expect(verdict?.samples.map(({ labels, value }) => [labels['verdict'], value])).toEqual([
      ['ok', 0],
      ['behind', 0],
      ['stalled', 1],
      ['stopped', 0],
    ]);
  });
});
