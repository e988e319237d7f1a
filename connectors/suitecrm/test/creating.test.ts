import type { Command } from '@unsilo/schemas';
import { assignments, changesIn, closeStages, onStage } from './stage.js';

afterEach(closeStages);

const person = {
  action: 'create',
  kind: 'contact',
  externalKey: 'key-1',
  createdFor: 'csv/row/7',
  set: assignments({
    'name.given': 'Ada',
    'name.surname': 'Lovelace',
    emails: [{ address: 'ada@example.com' }, { address: 'second@example.com' }],
    phones: [{ number: '+44 1', label: 'mobile' }],
  }),
} satisfies Partial<Command>;

describe('creating a record', () => {
  test('gives it an id of its own, and answers the state that it was made with', async () => {
    const { crm, write } = await onStage();
    const outcome = await write(person);
    const [made] = crm.records('contact');
    expect(outcome).toMatchObject({
      status: 'applied',
      ref: `crm/contact/${made!.id}`,
      left: { name: { given: 'Ada', surname: 'Lovelace' }, phones: [{ number: '+44 1', label: 'mobile' }] },
    });
    expect(made!.fields).toMatchObject({
      email1: 'ada@example.com',
      email2: 'second@example.com',
      phone_mobile: '+44 1',
    });
    expect(made!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('makes one however often it is asked for, by other commands as well', async () => {
    const stage = await onStage();
    stage.crm.server.fault({ kind: 'lost-answer', method: 'POST', path: '/Api/V8/module' });
    await expect(stage.write({ ...person, id: 'a' })).rejects.toMatchObject({ code: 'UNSILO_HTTP_NETWORK' });
    const repeated = await stage.write({ ...person, id: 'a' }, true);
    await stage.restart();
    const other = await stage.write({ ...person, id: 'b' });
    expect(stage.crm.records('contact')).toHaveLength(1);
    expect(repeated).toMatchObject({ status: 'applied', exact: false });
    expect(other.ref).toBe(repeated.ref);
    expect(stage.crm.records('contact')[0]!.fields).toMatchObject({ email2: 'second@example.com' });
  });

  test('is told apart by system, kind and key', async () => {
    const { crm, write } = await onStage();
    await write(person);
    await write({ ...person, externalKey: 'key-2' });
    await write({ ...person, kind: 'lead' });
    expect(crm.records('contact')).toHaveLength(2);
    expect(crm.records('lead')).toHaveLength(1);
  });

  test('doesn’t make again what people deleted', async () => {
    const { crm, write } = await onStage();
    await write(person);
    crm.remove('contact', crm.records('contact')[0]!.id);
    await expect(write({ ...person, id: 'later' })).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_DELETED_BEFORE' });
    expect(crm.records('contact')).toEqual([]);
  });

  test('without what SuiteCRM’s forms ask for is rejected', async () => {
    const { crm, write } = await onStage();
    const outcome = await write({ ...person, set: assignments({ 'name.given': 'Ada' }) });
    expect(outcome).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_SUITECRM_REQUIRED', field: 'name.surname' },
    });
    expect(outcome.ref).toBeUndefined();
    expect(crm.records('contact')).toEqual([]);
  });

  test('of an unknown kind is rejected', async () => {
    const { write } = await onStage({ modules: ['contact'] });
    expect((await write({ ...person, kind: 'account' })).status).toBe('rejected');
    expect((await write({ ...person, kind: 'invoice' })).status).toBe('rejected');
  });

  test('is settled by looking for it', async () => {
    const { crm, write, settle } = await onStage();
    expect(await settle(person)).toMatchObject({ status: 'not-applied' });
    await write(person);
    expect(await settle(person)).toMatchObject({
      status: 'applied',
      ref: `crm/contact/${crm.records('contact')[0]!.id}`,
    });
  });

  test('comes back by reading under the version of its outcome', async () => {
    const stage = await onStage();
    await stage.read();
    const outcome = await stage.write(person);
    const seen = changesIn(await stage.read()).filter((change) => change.ref === outcome.ref);
    expect(seen.length).toBeGreaterThan(0);
    for (const change of seen) expect(change).toMatchObject({ version: outcome.version, state: outcome.left });
  });
});

describe('creating a case', () => {
  test('links it to the contact and the contact’s account, and remembers the interaction', async () => {
    const stage = await onStage();
    const account = stage.crm.insert('account', { name: 'Acme' });
    const ada = stage.crm.insert('contact', { last_name: 'Lovelace', account_id: account });
    await stage.read();
    const command = {
      action: 'create-object',
      kind: 'case',
      externalKey: 'post-9',
      object: {
        kind: 'case',
        name: 'The pump leaks',
        description: 'It leaks <everywhere> since "Monday"',
        parties: [
          { ref: `crm/contact/${ada}`, role: 'contact' },
          { ref: 'social/account/1', role: 'author' },
        ],
        interaction: 'social/status/9',
        extra: { caseType: 'Product', unheardOf: 'x' },
      },
    } as const satisfies Partial<Command>;
    const outcome = await stage.write(command);
    expect(outcome).toMatchObject({ status: 'applied', exact: true });
    const [made] = stage.crm.records('case');
    expect(made!.fields).toMatchObject({
      name: 'The pump leaks',
      status: 'Open_New',
      priority: 'P2',
      state: 'Open',
      account_id: account,
      type: 'Product',
    });
    await stage.write({ ...command, id: 'again' });
    expect(stage.crm.records('case')).toHaveLength(1);
    const read = changesIn(await stage.read()).findLast((change) => change.ref === outcome.ref);
    expect(read).toMatchObject({
      version: outcome.version,
      state: {
        kind: 'case',
        description: 'It leaks <everywhere> since "Monday"',
        parties: [
          { ref: `crm/account/${account}`, role: 'customer' },
          { ref: `crm/contact/${ada}`, role: 'contact' },
        ],
        interaction: 'social/status/9',
      },
    });
  });

  test('links it after a crash between making and linking', async () => {
    const stage = await onStage();
    const ada = stage.crm.insert('contact', { last_name: 'Lovelace' });
    const command = {
      id: 'case',
      action: 'create-object',
      kind: 'case',
      externalKey: 'post-9',
      object: { kind: 'case', name: 'Leak', parties: [{ ref: `crm/contact/${ada}`, role: 'contact' }] },
    } as const satisfies Partial<Command>;
    stage.crm.server.fault({ kind: 'reset', method: 'POST', path: /relationships/ });
    await expect(stage.write(command)).rejects.toBeDefined();
    await stage.restart();
    expect(await stage.write(command, true)).toMatchObject({ status: 'applied' });
    const read = changesIn(await stage.read()).find((change) => change.ref.startsWith('crm/case/'));
    expect(read!.state).toMatchObject({ parties: [{ ref: `crm/contact/${ada}`, role: 'contact' }] });
  });
});

describe('opportunities', () => {
  test('are made with amount and currency, read, and changed', async () => {
    const stage = await onStage();
    const account = stage.crm.insert('account', { name: 'Acme' });
    const outcome = await stage.write({
      action: 'create-object',
      kind: 'opportunity',
      externalKey: 'o1',
      object: {
        kind: 'opportunity',
        name: 'Two pumps',
        status: 'Prospecting',
        amount: '1250.50',
        currency: 'EUR',
        closedAt: '2026-12-24T00:00:00Z',
        parties: [{ ref: `crm/account/${account}`, role: 'customer' }],
      },
    });
    const read = changesIn(await stage.read()).find((change) => change.ref === outcome.ref);
    expect(read!.state).toMatchObject({
      amount: '1250.5',
      currency: 'EUR',
      closedAt: '2026-12-24T00:00:00Z',
      parties: [{ ref: `crm/account/${account}`, role: 'customer' }],
    });
    const changed = await stage.update(outcome.ref!, { status: 'Closed Won', 'extra.probability': 100 });
    expect(changed.status).toBe('applied');
    expect(stage.crm.records('opportunity')[0]!.fields).toMatchObject({
      sales_stage: 'Closed Won',
      probability: '100',
    });
    expect((await stage.update(outcome.ref!, { 'extra.unheardOf': 'x' })).status).toBe('rejected');
  });

  test('in a currency that the system doesn’t know are rejected', async () => {
    const { write } = await onStage();
    const object = { kind: 'opportunity', name: 'Pumps', amount: '1', currency: 'XTS', parties: [] } as const;
    expect(
      await write({
        action: 'create-object',
        kind: 'opportunity',
        externalKey: 'o',
        object: { ...object, parties: [] },
      }),
    ).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_SUITECRM_UNKNOWN_CURRENCY', field: 'currency' },
    });
  });
});

describe('accounts of contacts', () => {
  const linking = { linkAccounts: true };

  test('are linked by their exact name', async () => {
    const stage = await onStage(linking);
    const acme = stage.crm.insert('account', { name: 'Acme' });
    const id = stage.crm.insert('contact', { last_name: 'Lovelace' });
    await stage.read();
    const outcome = await stage.update(`crm/contact/${id}`, { organizations: [{ name: 'Acme', unit: 'Research' }] });
    expect(outcome).toMatchObject({ status: 'applied', left: { organizations: [{ name: 'Acme', unit: 'Research' }] } });
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ account_id: acme, department: 'Research' });
    await stage.update(`crm/contact/${id}`, { organizations: null });
    expect(stage.crm.record('contact', id)!.fields['account_id']).toBeUndefined();
  });

  test.each([
    [0, 'UNSILO_SUITECRM_NO_ACCOUNT'],
    [2, 'UNSILO_SUITECRM_AMBIGUOUS_ACCOUNT'],
  ])('of which there are %i are rejected', async (count, code) => {
    const stage = await onStage(linking);
    for (let i = 0; i < count; i += 1) stage.crm.insert('account', { name: 'Acme' });
    const id = stage.crm.insert('contact', { last_name: 'Lovelace' });
    await stage.read();
    expect(await stage.update(`crm/contact/${id}`, { organizations: [{ name: 'Acme' }] })).toMatchObject({
      status: 'rejected',
      error: { code, field: 'organizations' },
    });
  });
});
