import { suitecrm } from '@unsilo/connector-suitecrm';
import { closeStages, onStage } from './stage.js';

afterEach(closeStages);

const TELLING = /Ada|Augusta|Lovelace|example\.com/;

test('of an erased record nothing but digests and ids is remembered, and its state is not told again', async () => {
  const stage = await onStage();
  const id = stage.crm.insert('contact', { first_name: 'Ada', last_name: 'Lovelace', email1: 'ada@example.com' });
  const ref = `crm/contact/${id}`;
  await stage.read();
  const command = { id: 'c1', base: stage.version(ref) };
  const set = { 'name.given': 'Augusta', emails: [{ address: 'augusta@example.com' }] };
  const outcome = await stage.update(ref, set, command);
  expect(outcome.status).toBe('applied');
  const memory = () => [...stage.context.stored.values()].join('\n');
  expect(memory()).toMatch(TELLING);

  await suitecrm.forget!(stage.context, [ref, 'crm/contact/never-seen']);
  expect(memory()).not.toMatch(TELLING);
  // The same try once more is still known to be over.
  const { before: _, left: __, ...bare } = outcome;
  expect(await stage.update(ref, set, command)).toEqual(bare);
  for (const change of await stage.changes()) if (change.ref === ref) expect(change.version).toEqual(outcome.version);
});
