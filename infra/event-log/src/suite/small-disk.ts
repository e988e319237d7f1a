import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of its own of so many bytes, in memory; undefined where this process may not mount one. */
export function mountSmallDisk(bytes: number): { folder: string; unmount(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'unsilo-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]).status === 0;
  const unmount = (): void => {
    if (mounted) spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  if (mounted) return { folder, unmount };
  unmount();
  return undefined;
}

/** `describe`, or a skipped one that says why, where small disks can't be mounted. */
export function describeWithSmallDisk(): jest.Describe {
  const probe = mountSmallDisk(1024 * 1024);
  probe?.unmount();
  if (probe !== undefined) return describe;
  if (process.env['REQUIRE_SERVERS'] === '1') throw new Error('a small tmpfs is needed: run as root on Linux');
  process.stderr.write('SKIPPED: behaviour on a full disk (needs the right to mount a tmpfs)\n');
  return describe.skip;
}
