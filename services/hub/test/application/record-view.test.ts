import { outcomeEvent, type Command } from '@unsilo/schemas';
import { admin, crm, openTestHub, policyFor, seen, type TestHub } from './test-hub.js';

describe('a record as its system holds it', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor(['a', 'b']) });
  });
  afterEach(() => hub.close());

  const shared = [{ address: 'ada@example.org' }];
  const applied = (command: Command, version: number, surname: string) =>
    outcomeEvent('acme', {
      command: command.id,
      system: 'a',
      status: 'applied',
      ref: 'a/contact/1',
      version: { major: version, minor: 0 },
      pre: { major: 1, minor: 0 },
      exact: true,
      left: { kind: 'person', name: { given: 'Ada', surname }, emails: shared },
      reportedAt: '2026-03-01T13:00:00.000Z',
    });

  async function merged(): Promise<Command> {
    await hub.append(
      seen('a/contact/1', 1, { name: { given: 'Ada', surname: 'Byron' }, emails: shared }),
      seen('b/contact/9', 5, { name: { given: 'Ada', surname: 'Lovelace' }, emails: shared }),
    );
    await hub.hub.settled();
    const [command] = await hub.commands('a');
    if (command === undefined) throw new Error('expected a command');
    return command;
  }

  it('is shown as our own write left it, though the system never shows it again', async () => {
    await hub.append(applied(await merged(), 10, 'Lovelace'));
    await hub.hub.settled();
    const record = await hub.hub.service.record(admin, 'a/contact/1');
    expect(record).toMatchObject({ version: { major: 10 }, state: { name: { surname: 'Lovelace' } }, differences: [] });
    const customer = await hub.hub.service.customer(admin, record.customer ?? '');
    if (customer.status !== 'found') throw new Error('expected a customer');
    expect(customer.records.find(({ ref }) => ref === 'a/contact/1')?.state?.name?.surname).toBe('Lovelace');
  });

  it('is shown as the system said later, whatever our write left', async () => {
    const command = await merged();
    await hub.append(
      seen('a/contact/1', 20, { name: { given: 'Ada', surname: 'King' }, emails: shared }),
      applied(command, 10, 'Lovelace'),
    );
    await hub.hub.settled();
    expect(await hub.hub.service.record(admin, 'a/contact/1')).toMatchObject({
      version: { major: 20 },
      state: { name: { surname: 'King' } },
    });
  });
});
