import { join } from 'node:path';
import { describeWithSmallDisk, mountSmallDisk, startChild } from '@unsilo/event-log/suite';

const SIZE = 4 * 1024 * 1024;
const BATCH = 50;

interface Filled {
  acknowledged: number;
  code: string;
  hint: string;
}

describeWithSmallDisk()('a full disk', () => {
  async function play<T>(scenario: string): Promise<T> {
    const disk = mountSmallDisk(SIZE)!;
    try {
      const child = startChild(join(__dirname, 'full-disk-child.ts'), [disk.folder, scenario]);
      const outcome = await child.ended;
      if (outcome !== 0) throw new Error(`the scenario ended with ${outcome}: ${child.errors()}`);
      return JSON.parse(child.lines[0]!) as T;
    } finally {
      disk.unmount();
    }
  }

  test('is said clearly; reading goes on, nothing acknowledged is lost, nothing refused is kept', async () => {
    const result = await play<{
      filled: Filled;
      again: string;
      ends: unknown;
      offsets: number[];
      endsReopened: unknown;
    }>('reading');
    const { acknowledged } = result.filled;
    expect(acknowledged).toBeGreaterThan(1000);
    expect(result.filled).toMatchObject({ code: 'UNSILO_LOG_FULL', hint: expect.stringMatching(/Free disk space/) });
    expect(result.again).toBe('UNSILO_LOG_FULL');
    expect(result.ends).toEqual([{ topic: 't', partition: 0, first: 0, next: acknowledged }]);
    expect(result.endsReopened).toEqual(result.ends);
    expect(result.offsets).toEqual(Array.from({ length: acknowledged }, (_, n) => n));
  });

  test('writing works again as soon as there is space, and goes on where it stopped', async () => {
    const result = await play<{ filled: Filled; appended: number[]; seen: number[]; ends: unknown }>('recovery');
    const { acknowledged } = result.filled;
    expect(result.appended).toEqual(Array.from({ length: BATCH }, (_, n) => acknowledged + n));
    expect(result.seen).toEqual(Array.from({ length: acknowledged + BATCH }, (_, n) => n));
    expect(result.ends).toMatchObject([{ next: acknowledged + BATCH }]);
  });

  test('of appends at once, those that fit are kept and the others are refused', async () => {
    const result = await play<{ outcomes: string[]; kept: number[][] }>('together');
    expect(result.outcomes).toEqual(['appended', 'UNSILO_LOG_FULL', 'appended', 'appended']);
    expect(result.kept).toEqual([
      [0, 10],
      [1, 10],
      [2, 20],
    ]);
  });

  test('cleaning makes room', async () => {
    const result = await play<{ filled: Filled; cleaned: { removed: number }; refilled: Filled }>('cleaning');
    expect(result.cleaned).toEqual({ removed: result.filled.acknowledged });
    expect(result.refilled.acknowledged).toBeGreaterThan(result.filled.acknowledged / 2);
  });

  test('at the start is said clearly as well, and keeps no later start out', async () => {
    const result = await play<{ refused: string; ends: unknown }>('start');
    expect(result).toEqual({
      refused: 'UNSILO_STATE_FULL',
      ends: [{ topic: 't', partition: 0, first: 0, next: BATCH }],
    });
  });
});
