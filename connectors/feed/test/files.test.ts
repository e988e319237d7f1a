import { mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastCheckpoint, readItems, testContext } from '@unsilo/connector-sdk/testing';
import { feed } from '../src/index.js';
import { atom } from './fake-feeds.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'feeds-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(options: object, before: { checkpoint?: unknown; stored?: ReadonlyMap<string, string> } = {}) {
  const context = testContext(feed, options, before);
  const items = await readItems(feed, context);
  const checkpoint = lastCheckpoint(items) ?? before.checkpoint;
  await context.close();
  const subjects = items.flatMap((item) => (item.type === 'interaction' ? [item.change.state?.subject] : []));
  return { items, subjects, checkpoint, stored: context.stored };
}

test('a folder is read file by file, in order of names, and again when a file changes', async () => {
  writeFileSync(join(folder, 'b.xml'), atom([{ guid: 'urn:b', title: 'B' }]));
  writeFileSync(
    join(folder, 'a.json'),
    JSON.stringify({ version: 'https://jsonfeed.org/version/1', items: [{ id: 'a', title: 'A' }] }),
  );
  writeFileSync(join(folder, 'broken.xml'), '<html>');
  writeFileSync(join(folder, 'notes.txt'), 'no feed');
  symlinkSync('/etc/passwd', join(folder, 'link.xml'));
  const options = { feeds: [pathToFileURL(`${folder}/`).href], allowFiles: true };
  const first = await read(options);
  expect(first.subjects).toEqual(['A', 'B']);
  expect(first.items.filter((item) => item.type === 'bad-input')).toMatchObject([
    { code: 'UNSILO_FEED_IS_A_PAGE', at: { file: join(folder, 'broken.xml') } },
  ]);
  const second = await read(options, first);
  expect(second.items.filter((item) => item.type !== 'checkpoint')).toEqual([]);
  writeFileSync(join(folder, 'b.xml'), atom([{ guid: 'urn:b', title: 'B, edited' }]));
  utimesSync(join(folder, 'b.xml'), 1, 1);
  expect((await read(options, second)).subjects).toEqual(['B, edited']);
});

test('files need to be allowed', async () => {
  writeFileSync(join(folder, 'a.xml'), atom([{ guid: 'urn:a', title: 'A' }]));
  const options = { feeds: [join(folder, 'a.xml')] };
  await expect(read(options)).rejects.toMatchObject({ code: 'UNSILO_FEED_FILES_NOT_ALLOWED' });
  expect((await read({ ...options, allowFiles: true })).subjects).toEqual(['A']);
});

test('a file that is not there is a failure that may pass', async () => {
  const options = { feeds: [join(folder, 'none.xml')], allowFiles: true };
  await expect(read(options)).rejects.toMatchObject({ code: 'UNSILO_FEED_FILE' });
});

test('check tells what is found', async () => {
  writeFileSync(join(folder, 'a.xml'), atom([{ guid: 'urn:a', title: 'A' }]));
  writeFileSync(join(folder, 'b.xml'), 'nothing');
  const context = testContext(feed, { feeds: [folder, 'mailto:x'], allowFiles: true });
  const findings = await feed.check(context);
  expect(findings.map(({ ok, code }) => [ok, code])).toEqual([
    [false, 'UNSILO_FEED_BAD_ADDRESS'],
    [true, 'UNSILO_FEED_OK'],
    [false, 'UNSILO_FEED_NOT_A_FEED'],
  ]);
  await context.close();
});
