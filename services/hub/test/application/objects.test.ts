import { topicName, type Command } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

describe('an object that a person asks for', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor(['a', 'b']) });
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada' }, emails: [{ address: 'ada@example.org' }] }),
      seen('b/contact/9', 5, { name: { given: 'Ada' }, emails: [{ address: 'ada@example.org' }] }),
    );
    await hub.hub.settled();
  });
  afterEach(() => hub.close());

  async function asked(idempotencyKey: string): Promise<Extract<Command, { action: 'create-object' }>> {
    const { items } = await hub.hub.service.searchCustomers(admin, { limit: 1 });
    const command = await hub.hub.service.createObject(admin, {
      system: 'a',
      kind: 'case',
      customer: items[0]?.id ?? '',
      name: 'Rear light fails',
      idempotencyKey,
    });
    if (command.action !== 'create-object') throw new Error(`expected an object, not ${command.action}`);
    return command;
  }

  it('is tied to the customer’s record in that system alone', async () => {
    const { object } = await asked('one');
    expect(object.parties).toEqual([{ ref: 'a/contact/1', role: 'customer' }]);
  });

  it('has no status of ours: `new` was written into systems that have no such status', async () => {
    const { object } = await asked('one');
    expect(object).not.toHaveProperty('status');
  });

  it('is asked for once, however often the request is sent', async () => {
    const first = await asked('one');
    await hub.hub.settled();
    expect((await asked('one')).id).toBe(first.id);
    await hub.hub.settled();
    const page = await hub.hub.service.events(admin, { topic: topicName('commands', 'a'), limit: 50 });
    const objects = page.items.filter(({ data }) => (data as Command).action === 'create-object');
    expect(objects).toHaveLength(1);
  });
});
