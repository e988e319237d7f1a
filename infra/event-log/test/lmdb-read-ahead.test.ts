import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment } from '@unsilo/event-log/lmdb';
import { newFolder } from './lmdb-place.js';

test('the system is told to read no more than is asked for: with too little memory, nothing else would stay in it', async () => {
  if (process.platform !== 'linux')
    return void process.stderr.write('SKIPPED: read-ahead of mapped files (only Linux tells of it)\n');
  const folder = realpathSync(newFolder());
  const environment = await openEnvironment({ folder });
  const file = join(folder, 'data.mdb');
  const mappings = readFileSync('/proc/self/smaps', 'utf8')
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((text) => text.includes(file));
  await environment.close();
  rmSync(folder, { recursive: true });
  expect(mappings).not.toEqual([]);
  // `rr`: random reads are expected (proc(5)).
  for (const mapping of mappings) expect(/^VmFlags: (.*)$/m.exec(mapping)?.[1]?.split(' ')).toContain('rr');
});
