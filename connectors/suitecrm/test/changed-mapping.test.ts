import { suitecrm } from '@unsilo/connector-suitecrm';
import type { MappingConfig, ReadItem } from '@unsilo/connector-sdk';
import type { PartyState } from '@unsilo/schemas';
import { changesIn, closeStages, onStage, type Stage } from './stage.js';

afterEach(closeStages);

const mapped = (fields: MappingConfig['fields']) => ({ modules: ['contact'], mapping: { contact: { fields } } });
const ADA = { first_name: 'Ada', last_name: 'Lovelace', tier_c: 'gold', description: 'VIP', email1: 'z@x.example' };

/** Ada and when she was edited last, read under the fields; then an hour passes. */
async function withAda(
  fields: MappingConfig['fields'] = {},
  more: object = {},
): Promise<{ stage: Stage; id: string; ref: string; edited: string }> {
  const stage = await onStage({ pageSize: 2, ...mapped(fields) });
  const id = stage.crm.insert('contact', { ...ADA, ...more });
  const edited = new Date(Math.floor(stage.crm.record('contact', id)!.modifiedAt / 60_000) * 60_000).toISOString();
  await stage.read();
  await stage.pass(3_600_000);
  await stage.read();
  return { stage, id, ref: `crm/contact/${id}`, edited };
}
async function readUnder(stage: Stage, fields: MappingConfig['fields']): Promise<ReadItem[]> {
  await stage.restart(mapped(fields));
  return stage.read();
}
const stateOf = (items: readonly ReadItem[], ref: string): PartyState | undefined =>
  changesIn(items).findLast((change) => change.ref === ref)?.state as PartyState | undefined;

test('a field that joins the mapping is told of every record at once, with the time of its record', async () => {
  const { stage, ref, edited } = await withAda();
  for (let i = 0; i < 5; i += 1) stage.crm.insert('contact', { last_name: `Number ${i}` });
  const before = stage.version(ref);
  const items = await readUnder(stage, { tier_c: 'extra.tier' });
  const [told] = changesIn(items).filter((change) => change.ref === ref);
  expect(told).toMatchObject({ state: { extra: { tier: 'gold' } } });
  expect(new Date(told!.changedAt).toISOString()).toBe(edited);
  expect(told!.version).not.toEqual(before);
  const first = items.slice(
    0,
    items.findIndex(({ type }) => type === 'snapshot-completed'),
  );
  expect(new Set(changesIn(first).map((change) => change.ref)).size).toBe(6);
  await stage.pass(60_000);
  expect((await stage.read()).filter(({ type }) => type === 'snapshot-completed')).toEqual([]);
});

test('a reading that is cut off while records are told anew goes on, and ends the snapshot once', async () => {
  const { stage } = await withAda();
  for (let i = 0; i < 5; i += 1) stage.crm.insert('contact', { last_name: `Number ${i}`, tier_c: 'silver' });
  await stage.read();
  await stage.restart(mapped({ tier_c: 'extra.tier' }));
  const told = new Set<string>();
  const note = (item: ReadItem) => {
    if (item.type === 'party' && item.change.state?.extra?.['tier'] !== undefined) told.add(item.change.ref);
    if (item.type === 'checkpoint') stage.context.checkpoint = item.value;
  };
  for await (const item of suitecrm.read!(stage.context)) {
    note(item);
    if (told.size > 2 && item.type === 'checkpoint') break;
  }
  await stage.restart(mapped({ tier_c: 'extra.tier' }));
  const rest = await stage.read();
  rest.forEach(note);
  expect(told.size).toBe(6);
  expect(rest.filter(({ type }) => type === 'snapshot-completed')).toHaveLength(1);
});

describe('what the mapping no longer has', () => {
  test('is not told as emptied, neither at once nor after edits and writes', async () => {
    const { stage, id, ref } = await withAda();
    const before = stage.version(ref);
    const fields = { description: null, title: null };
    expect(stateOf(await readUnder(stage, fields), ref)).toMatchObject({ note: 'VIP' });
    expect(stage.version(ref)).toEqual(before);
    const outcome = await stage.update(ref, { 'name.given': 'Augusta' });
    expect(outcome).toMatchObject({ status: 'applied', left: { name: { given: 'Augusta' }, note: 'VIP' } });
    await stage.pass(120_000);
    stage.crm.edit('contact', id, { phone_work: '1', description: 'moved on' });
    await stage.pass(5000);
    expect(stateOf(await stage.read(), ref)).toMatchObject({ note: 'VIP', phones: [{ number: '1' }] });
    await stage.pass(120_000);
    expect(stateOf(await readUnder(stage, {}), ref)).toMatchObject({ note: 'moved on' });
  });

  test('stays as it was told also of a record that is edited before it is told anew', async () => {
    const { stage, id, ref } = await withAda();
    stage.crm.edit('contact', id, { first_name: 'Augusta' });
    await stage.pass(5000);
    expect(stateOf(await readUnder(stage, { description: null }), ref)).toMatchObject({
      name: { given: 'Augusta' },
      note: 'VIP',
    });
  });

  test('of a list stays until somebody writes the list; the field itself is left as it is', async () => {
    const { stage, id, ref } = await withAda({}, { email2: 'a@x.example' });
    const all = [{ address: 'z@x.example' }, { address: 'a@x.example' }];
    expect(stateOf(await readUnder(stage, { email2: null }), ref)?.emails).toEqual(all);
    const outcome = await stage.update(ref, { emails: [{ address: 'n@x.example' }] });
    expect(outcome.left).toMatchObject({ emails: [{ address: 'n@x.example' }] });
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ email1: 'n@x.example', email2: 'a@x.example' });
    await stage.pass(120_000);
    expect(stateOf(await stage.read(), ref)?.emails).toEqual([{ address: 'n@x.example' }]);
  });

  test('may be a field that SuiteCRM has no more', async () => {
    const { stage, ref } = await withAda({ tier_c: 'extra.tier' });
    const stored = JSON.stringify(await stage.context.memory.get('mapping/contact'));
    await stage.context.memory.set({ 'mapping/contact': JSON.parse(stored.replace('tier_c', 'deleted_c')) });
    expect(stateOf(await readUnder(stage, { description: null }), ref)).toMatchObject({ note: 'VIP' });
  });
});

test('an erased record is not told again when the mapping changes, but when it is edited', async () => {
  const { stage, id, ref } = await withAda();
  const fields = { description: null };
  await readUnder(stage, fields);
  await suitecrm.forget!(stage.context, [ref]);
  expect([...stage.context.stored.values()].join('\n')).not.toMatch(/VIP|Ada|Lovelace/);
  expect(stateOf(await stage.read(), ref)).toBeUndefined();
  expect(stateOf(await readUnder(stage, { ...fields, tier_c: 'extra.tier' }), ref)).toBeUndefined();
  await stage.pass(120_000);
  stage.crm.edit('contact', id, { first_name: 'Augusta' });
  await stage.pass(5000);
  const told = stateOf(await stage.read(), ref);
  expect(told).toMatchObject({ name: { given: 'Augusta' } });
  expect(told?.note).toBeUndefined();
});
