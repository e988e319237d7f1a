import { join } from 'node:path';
import { describeWithSmallDisk, mountSmallDisk, startChild } from '@unsilo/event-log/suite';

interface Result {
  count: number;
  refusal: string;
  full: { entries: number; offset: number; sent: number };
  newTable: string;
  newTenant: string;
  after: string[];
  recovered: { entries: number; offset: number; sent: number };
  tenants: string[];
}

describeWithSmallDisk()('a full disk', () => {
  let result: Result;
  beforeAll(async () => {
    const disk = mountSmallDisk(8 * 1024 * 1024)!;
    try {
      const child = startChild(join(__dirname, 'full-disk-child.ts'), [disk.folder]);
      const outcome = await child.ended;
      if (outcome !== 0) throw new Error(`the scenario ended with ${outcome}: ${child.errors()}`);
      result = JSON.parse(child.lines[0]!) as Result;
    } finally {
      disk.unmount();
    }
  });

  test('refuses a commit whole: state, offset and outbox stand where the last one put them', () => {
    expect(result.count).toBeGreaterThan(5);
    expect(result.refusal).toBe('UNSILO_STATE_FULL');
    expect(result.full).toEqual({ entries: 20 * result.count, offset: result.count, sent: result.count });
  });

  test('refuses tables and tenants that are new, and doesn’t count them', () => {
    expect(result.newTable).toBe('UNSILO_STATE_FULL');
    expect(result.newTenant).toBe('UNSILO_STATE_FULL');
    expect(result.tenants).toEqual(['tenant']);
  });

  test('takes the same commits when there is space again', () => {
    expect(result.after).toEqual(['committed', 'committed']);
    expect(result.recovered).toEqual({
      entries: 20 * (result.count + 1),
      offset: result.count + 2,
      sent: result.count + 2,
    });
  });
});
