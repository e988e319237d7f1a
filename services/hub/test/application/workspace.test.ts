import { openEnvironment } from '@unsilo/event-log/lmdb';
import type { StateStore } from '@unsilo/state-store';
import { openLmdbStateStore } from '@unsilo/state-store/lmdb';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Workspace } from '../../src/application/workspace.js';

const TENANT = 'acme';

let folder: string;
let store: StateStore;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unsilo-workspace-'));
  const environment = await openEnvironment({ folder });
  store = openLmdbStateStore(environment);
  close = async () => {
    await store.close();
    await environment.close();
  };
  const rows = ['read', 'changed', 'removed'];
  await store.commit(TENANT, { put: rows.map((key) => ({ table: 'records', key, value: JSON.stringify({ key }) })) });
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

/** Reads three rows, changes one, removes one and makes one. */
async function changing(): Promise<Workspace> {
  const workspace = new Workspace(store, TENANT);
  await workspace.load('records', ['read', 'changed', 'removed', 'made']);
  workspace.set('records', 'changed', { key: 'changed anew' });
  workspace.remove('records', 'removed');
  workspace.set('records', 'made', { key: 'made' });
  return workspace;
}

describe('a workspace whose changes are on their way', () => {
  it('hands on what it has written, and nothing of what it only read: all of that once lived as long as its commit', async () => {
    const written = (await changing()).written();
    expect([...written.keys()]).toEqual(['records']);
    expect([...(written.get('records') ?? [])]).toEqual([
      ['changed', { key: 'changed anew' }],
      ['removed', undefined],
      ['made', { key: 'made' }],
    ]);
  });

  it('is seen by the next one as if it were committed, what it removed included', async () => {
    const never = new Promise<void>(() => undefined);
    const before = { written: (await changing()).written(), done: never };
    const next = new Workspace(store, TENANT, { before });
    await next.load('records', ['read', 'changed', 'removed', 'made']);
    expect(next.get('records', 'read')).toEqual({ key: 'read' });
    expect(next.get('records', 'changed')).toEqual({ key: 'changed anew' });
    expect(next.has('records', 'removed')).toBe(false);
    expect(next.get('records', 'made')).toEqual({ key: 'made' });
    expect(next.changes()).toEqual({ expect: [], put: [], remove: [] });
  });

  it('takes back what the one before it removed or changed', async () => {
    const first = await changing();
    const committing = store.commit(TENANT, first.changes());
    const next = new Workspace(store, TENANT, { before: { written: first.written(), done: committing } });
    await next.load('records', ['changed', 'removed']);
    next.set('records', 'removed', { key: 'here again' });
    next.remove('records', 'changed');
    await committing;
    await store.commit(TENANT, next.changes());
    const [changed, removed] = await store.getMany(TENANT, 'records', ['changed', 'removed']);
    expect(changed).toBeUndefined();
    expect(removed?.value).toBe('{"key":"here again"}');
  });
});
