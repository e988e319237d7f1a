import type { PartyState } from '@unsilo/schemas';
import { assignments, changesIn, closeStages, onStage, type Stage } from './stage.js';

afterEach(closeStages);

const ADA = { first_name: 'Ada', last_name: 'Lovelace', email1: 'ada@example.com', phone_work: '+44 1' };

async function withAda(options = {}, simulation = {}): Promise<{ stage: Stage; id: string; ref: string }> {
  const stage = await onStage(options, simulation);
  const id = stage.crm.insert('contact', ADA);
  await stage.read();
  return { stage, id, ref: `crm/contact/${id}` };
}
const sent = (stage: Stage, method: string) => stage.crm.server.requests.filter((request) => request.method === method);
const writes = (stage: Stage) =>
  stage.crm.server.requests.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/access_token'));

describe('an update', () => {
  test('changes what differs, and tells the state that it left and the versions around it', async () => {
    const { stage, id, ref } = await withAda();
    const base = stage.version(ref);
    const outcome = await stage.update(ref, { 'name.given': 'Augusta Ada', titles: [{ name: 'Countess' }] });
    expect(outcome).toMatchObject({ status: 'applied', ref, pre: base, exact: false });
    expect(outcome.version!.minor).toBe(base.minor + 1);
    expect(outcome.left).toMatchObject({
      name: { given: 'Augusta Ada', surname: 'Lovelace' },
      titles: [{ name: 'Countess' }],
    });
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({
      first_name: 'Augusta Ada',
      title: 'Countess',
      phone_work: '+44 1',
    });
    expect(JSON.parse(sent(stage, 'PATCH')[0]!.body.toString())).toEqual({
      data: { type: 'Contacts', id, attributes: { first_name: 'Augusta Ada', title: 'Countess' } },
    });
  });

  test('comes back by reading under the version and in the state of its outcome', async () => {
    const { stage, ref } = await withAda();
    const outcome = await stage.update(ref, { 'name.given': 'Augusta' });
    const again = (await stage.changes()).filter((change) => change.ref === ref);
    expect(again.length).toBeGreaterThan(0);
    for (const change of again) {
      expect(change.version).toEqual(outcome.version);
      expect(change.state).toEqual(outcome.left);
      expect(change.changedAt).toBe(outcome.changedAt);
    }
  });

  test('is not made where the record has changed since, and the change is read', async () => {
    const { stage, id, ref } = await withAda();
    const base = stage.version(ref);
    await stage.pass(86_400_000);
    stage.crm.edit('contact', id, { phone_work: '+44 2' });
    await stage.pass(1_000_000);
    const outcome = await stage.update(ref, { 'name.given': 'Augusta' }, { base });
    expect(outcome).toMatchObject({ status: 'conflict', ref });
    expect(writes(stage)).toEqual([]);
    const seen = (await stage.changes()).filter((change) => change.ref === ref);
    expect(seen.at(-1)!.state).toMatchObject({ phones: [{ number: '+44 2', label: 'work' }] });
    expect((await stage.update(ref, { 'name.given': 'Augusta' })).status).toBe('applied');
  });

  test('sees an edit of the same minute, and one that hides its time', async () => {
    const { stage, id, ref } = await withAda();
    stage.crm.edit('contact', id, { phone_work: '+44 2', date_modified: '2020-01-01 00:00:00' });
    expect((await stage.update(ref, { 'name.given': 'Augusta' })).status).toBe('conflict');
  });

  test('of a deleted record is a conflict, and the deletion is read', async () => {
    const { stage, id, ref } = await withAda();
    stage.crm.remove('contact', id);
    await stage.pass(86_400_000);
    expect((await stage.update(ref, { 'name.given': 'Augusta' })).status).toBe('conflict');
    expect((await stage.changes()).find((change) => change.ref === ref)).toMatchObject({ deleted: true });
  });

  test('that asks for what stands already sends nothing', async () => {
    const { stage, ref } = await withAda();
    const outcome = await stage.update(ref, { 'name.given': 'Ada', emails: [{ address: 'ADA@example.com' }] });
    expect(outcome).toMatchObject({ status: 'applied', version: stage.version(ref), pre: stage.version(ref) });
    expect(writes(stage)).toEqual([]);
  });

  test('tells what the system made of a value', async () => {
    const { stage, ref } = await withAda();
    const outcome = await stage.update(ref, { titles: [{ name: 'x'.repeat(130) }], 'name.given': '  Ada  ' });
    expect(outcome.left!.titles).toEqual([{ name: 'x'.repeat(100) }]);
    expect(outcome.left!.name!.given).toBe('Ada');
  });

  test('keeps texts that look like markup', async () => {
    const { stage, ref } = await withAda();
    const text = 'a<b, <script>alert("x")</script> & AT&amp;T &lt;3 <ada@example.com>';
    const outcome = await stage.update(ref, { note: text, 'name.given': "O'<Neil>" });
    expect(outcome.left).toMatchObject({ note: text, name: { given: "O'<Neil>" } });
    await stage.update(ref, { titles: [{ name: 'saved once more' }] });
    expect((await stage.changes()).at(-1)!.state).toMatchObject({ note: text });
  });

  test('sends no emoji to a database that would make question marks of them', async () => {
    const { stage, ref } = await withAda();
    expect((await stage.update(ref, { note: 'Well done 👍!' })).left!.note).toBe('Well done \ufffd!');
    expect(await stage.update(ref, { note: '👍' })).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_SUITECRM_UNSTORABLE', field: 'note' },
    });
    const wide = await withAda({ characters: 'all' }, { charset: 'utf8mb4' });
    expect((await wide.stage.update(wide.ref, { note: 'Well done 👍!' })).left!.note).toBe('Well done 👍!');
  });

  test.each([
    ['name.surname', null, 'UNSILO_SUITECRM_REQUIRED'],
    ['emails', [{ address: 'not an address' }], 'UNSILO_SUITECRM_BAD_EMAIL'],
    ['birthDate', '2026-02-30', 'UNSILO_MAPPING_NOT_EXPRESSIBLE'],
    ['organizations', [{ name: 'Acme' }], 'UNSILO_SUITECRM_NOT_WRITABLE'],
    ['name.full', 'Ada L.', 'UNSILO_SUITECRM_NOT_WRITABLE'],
    ['extra.unheardOf', 'x', 'UNSILO_SUITECRM_NOT_WRITABLE'],
  ])('of %s to %j is rejected by name, and nothing is sent', async (attribute, value, code) => {
    const { stage, ref } = await withAda();
    const outcome = await stage.update(ref, { [attribute]: value });
    expect(outcome).toMatchObject({ status: 'rejected', error: { code, field: attribute } });
    expect(writes(stage)).toEqual([]);
  });

  test('of a field that the system doesn’t have is rejected by its name', async () => {
    const { stage, ref } = await withAda({ mapping: { contact: { fields: { tier_c: 'extra.tier' } } } });
    stage.crm.server.fault({
      kind: 'status',
      status: 400,
      method: 'PATCH',
      body: '{"errors":{"status":400,"title":null,"detail":"Property tier_c in Contact module is invalid"}}',
    });
    expect(await stage.update(ref, { 'extra.tier': 'gold' })).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_SUITECRM_UNKNOWN_FIELD', field: 'tier_c' },
    });
  });

  test('writes custom fields that the configuration maps', async () => {
    const { stage, id, ref } = await withAda({
      mapping: { contact: { fields: { tier_c: 'extra.tier', title: null } } },
    });
    await stage.update(ref, { 'extra.tier': 'gold' });
    expect(stage.crm.record('contact', id)!.fields['tier_c']).toBe('gold');
    expect((await stage.update(ref, { titles: [{ name: 'x' }] })).status).toBe('rejected');
  });
});

describe('consent', () => {
  const marketing = (channel: string, status: string) => ({ purpose: 'marketing', channel, status });

  test('withdrawn raises the flags, granted or unsaid lowers them', async () => {
    const { stage, id, ref } = await withAda();
    const withdrawn = [marketing('email', 'withdrawn'), marketing('phone', 'withdrawn')];
    expect((await stage.update(ref, { consents: withdrawn })).left!.consents).toEqual(
      expect.arrayContaining(withdrawn),
    );
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ email_opt_out: '1', do_not_call: '1' });
    const outcome = await stage.update(ref, { consents: [marketing('phone', 'granted')] });
    expect(outcome.left!.consents).toBeUndefined();
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ email_opt_out: '0', do_not_call: '0' });
  });

  test('a flag that nobody raised is no permission', async () => {
    const { stage } = await withAda();
    const [change] = changesIn(await stage.read());
    expect((change!.state as PartyState).consents).toBeUndefined();
  });

  test('withdrawn by one address outlives the change of the address, and a record made with that address', async () => {
    const { stage, id, ref } = await withAda();
    await stage.update(ref, { consents: [marketing('email', 'withdrawn')] });
    await stage.update(ref, { emails: [{ address: 'ada@new.example' }] });
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ email1: 'ada@new.example', email_opt_out: '1' });
    await stage.write({
      action: 'create',
      kind: 'lead',
      externalKey: 'k',
      createdFor: 'csv/row/1',
      set: assignments({ 'name.surname': 'L', emails: [{ address: 'Ada@New.example' }] }),
    });
    expect(stage.crm.records('lead')[0]!.fields).toMatchObject({ email_opt_out: '1' });
    expect(stage.crm.record('contact', id)!.fields['email_opt_out']).toBe('1');
  });
});

describe('e-mail addresses', () => {
  const addresses = (...list: string[]) => list.map((address) => ({ address }));

  test.each([
    ['replace the one there is', ['ada@example.com'], ['new@example.com']],
    ['are added beside it', ['ada@example.com'], ['ada@example.com', 'second@example.com']],
    ['lose the first one', ['ada@example.com', 'second@example.com'], ['second@example.com']],
    ['lose the second one', ['ada@example.com', 'second@example.com'], ['ada@example.com']],
    ['are all replaced', ['ada@example.com', 'second@example.com'], ['b@example.com', 'c@example.com']],
    ['are all taken away', ['ada@example.com', 'second@example.com'], []],
    ['come to a record that had none', [], ['new@example.com', 'second@example.com']],
  ])('%s', async (_, before, after) => {
    const stage = await onStage();
    const [email1 = '', email2 = ''] = before;
    const id = stage.crm.insert('contact', { last_name: 'Lovelace', email1, email2 });
    await stage.read();
    const outcome = await stage.update(`crm/contact/${id}`, { emails: addresses(...after) });
    expect(outcome.status).toBe('applied');
    const { fields } = stage.crm.record('contact', id)!;
    expect([fields['email1'], fields['email2']].filter((address) => address !== undefined)).toEqual(after);
    expect(outcome.left!.emails ?? []).toEqual(addresses(...after));
  });

  test('of other records that share one stay as they are', async () => {
    const { stage, ref } = await withAda();
    const sister = stage.crm.insert('lead', { last_name: 'Sister', email1: 'ada@example.com' });
    await stage.read();
    await stage.update(ref, { emails: addresses('new@example.com') });
    expect(stage.crm.record('lead', sister)!.fields['email1']).toBe('ada@example.com');
  });

  test('are exchanged to the end after a crash in between, and nobody reads a record without them', async () => {
    const { stage, id, ref } = await withAda();
    const base = stage.version(ref);
    const command = {
      id: 'exchange',
      action: 'update',
      ref,
      base,
      set: assignments({ emails: addresses('new@example.com') }),
    } as const;
    stage.crm.server.fault({ kind: 'reset', method: 'PATCH' });
    await expect(stage.write(command)).rejects.toMatchObject({ code: 'UNSILO_HTTP_NETWORK' });
    expect(stage.crm.record('contact', id)!.fields['email1']).toBeUndefined();
    await stage.restart();
    await stage.pass(60_000);
    const seen = (await stage.changes()).filter((change) => change.ref === ref);
    expect(stage.crm.record('contact', id)!.fields['email1']).toBe('new@example.com');
    for (const change of seen) expect((change.state as PartyState).emails).toEqual(addresses('new@example.com'));
    expect(await stage.write(command, true)).toMatchObject({
      status: 'applied',
      pre: base,
      left: { emails: addresses('new@example.com') },
    });
  });
});

describe('an exchange of addresses that was cut off', () => {
  const set = assignments({ 'name.given': 'Augusta', emails: [{ address: 'new@example.com' }] });

  test('keeps the withdrawal that the old address had, though nothing shows it any more', async () => {
    const { stage, id, ref } = await withAda();
    stage.crm.edit('contact', id, { email_opt_out: '1' });
    await stage.read();
    const command = { id: 'cut', action: 'update', ref, base: stage.version(ref), set } as const;
    stage.crm.server.fault({ kind: 'reset', method: 'PATCH', after: 1 });
    await expect(stage.write(command)).rejects.toBeDefined();
    expect(stage.crm.record('contact', id)!.fields['email_opt_out']).toBeUndefined();
    expect((await stage.write(command, true)).status).toBe('applied');
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ email1: 'new@example.com', email_opt_out: '1' });
  });

  test('before it began is not begun over an edit that came in between', async () => {
    const { stage, id, ref } = await withAda();
    const command = { id: 'cut', action: 'update', ref, base: stage.version(ref), set } as const;
    stage.crm.server.fault({ kind: 'status', status: 500, method: 'GET', path: /relationships/, times: 3 });
    await expect(stage.write(command)).rejects.toBeDefined();
    expect(stage.crm.record('contact', id)!.fields['first_name']).toBe('Augusta');
    stage.crm.edit('contact', id, { title: 'By hand' });
    // What was written is told as written; what wasn't stands as it was, and will be asked for again.
    const outcome = await stage.write(command, true);
    expect(outcome).toMatchObject({
      status: 'applied',
      pre: command.base,
      left: { name: { given: 'Augusta' }, titles: [{ name: 'By hand' }], emails: [{ address: 'ada@example.com' }] },
    });
    expect(stage.crm.record('contact', id)!.fields['email1']).toBe('ada@example.com');
  });

  test('of addresses alone is a conflict when an edit came in between', async () => {
    const { stage, id, ref } = await withAda();
    const alone = assignments({ emails: [{ address: 'new@example.com' }] });
    const command = { id: 'cut', action: 'update', ref, base: stage.version(ref), set: alone } as const;
    stage.crm.server.fault({ kind: 'status', status: 500, method: 'GET', path: /relationships/, times: 3 });
    await expect(stage.write(command)).rejects.toBeDefined();
    stage.crm.edit('contact', id, { title: 'By hand' });
    expect((await stage.write(command, true)).status).toBe('conflict');
    expect(stage.crm.record('contact', id)!.fields['email1']).toBe('ada@example.com');
  });

  test('before it began goes on where nothing came in between', async () => {
    const { stage, id, ref } = await withAda();
    const command = { id: 'cut', action: 'update', ref, base: stage.version(ref), set } as const;
    stage.crm.server.fault({ kind: 'status', status: 500, method: 'GET', path: /relationships/, times: 3 });
    await expect(stage.write(command)).rejects.toBeDefined();
    expect((await stage.write(command, true)).status).toBe('applied');
    expect(stage.crm.record('contact', id)!.fields).toMatchObject({ first_name: 'Augusta', email1: 'new@example.com' });
  });
});

describe('a repeated write', () => {
  test('answers what it answered, and does nothing', async () => {
    const { stage, id, ref } = await withAda();
    const command = {
      id: 'once',
      action: 'update',
      ref,
      base: stage.version(ref),
      set: assignments({ 'name.given': 'B' }),
    } as const;
    const first = await stage.write(command);
    stage.crm.edit('contact', id, { first_name: 'Carla' });
    await stage.restart();
    expect(await stage.write(command, true)).toEqual(first);
    expect(stage.crm.record('contact', id)!.fields['first_name']).toBe('Carla');
  });

  test('whose answer was lost is known to have been applied', async () => {
    const { stage, ref } = await withAda();
    const base = stage.version(ref);
    const command = { id: 'lost', action: 'update', ref, base, set: assignments({ 'name.given': 'B' }) } as const;
    stage.crm.server.fault({ kind: 'lost-answer', method: 'PATCH' });
    await expect(stage.write(command)).rejects.toBeDefined();
    const outcome = await stage.write(command, true);
    expect(outcome).toMatchObject({ status: 'applied', pre: base, left: { name: { given: 'B' } } });
    expect(sent(stage, 'PATCH')).toHaveLength(1);
  });

  test('that never arrived is sent again; one that met another edit is a conflict', async () => {
    const { stage, id, ref } = await withAda();
    const command = {
      id: 'again',
      action: 'update',
      ref,
      base: stage.version(ref),
      set: assignments({ 'name.given': 'B' }),
    } as const;
    stage.crm.server.fault({ kind: 'reset', method: 'PATCH', times: 2 });
    await expect(stage.write(command)).rejects.toBeDefined();
    await expect(stage.write(command, true)).rejects.toBeDefined();
    expect((await stage.write(command, true)).status).toBe('applied');
    const other = { ...command, id: 'met', base: stage.version(ref), set: assignments({ 'name.given': 'C' }) };
    stage.crm.server.fault({ kind: 'reset', method: 'PATCH' });
    await expect(stage.write(other)).rejects.toBeDefined();
    stage.crm.edit('contact', id, { first_name: 'By hand' });
    // It may have been there in between: the window says where to look.
    expect(await stage.write(other, true)).toMatchObject({
      status: 'conflict',
      exact: false,
      pre: other.base,
      version: { major: expect.any(Number), minor: expect.any(Number) },
    });
    expect(stage.crm.record('contact', id)!.fields['first_name']).toBe('By hand');
  });

  test('that fails before anything was sent says so', async () => {
    const { stage, ref } = await withAda();
    stage.crm.server.fault({ kind: 'status', status: 500, method: 'GET', times: 10 });
    await expect(stage.update(ref, { 'name.given': 'B' })).rejects.toMatchObject({ mayHaveApplied: false });
  });

  test.each([
    ['lost-answer', 'applied'],
    ['reset', 'not-applied'],
  ] as const)('is settled by reading: %s is %s', async (kind, status) => {
    const { stage, ref } = await withAda();
    const command = {
      id: 'unclear',
      action: 'update',
      ref,
      base: stage.version(ref),
      set: assignments({ 'name.given': 'B' }),
    } as const;
    stage.crm.server.fault({ kind, method: 'PATCH' });
    await expect(stage.write(command)).rejects.toBeDefined();
    const before = writes(stage).length;
    expect(await stage.settle(command)).toMatchObject({ status });
    expect(writes(stage)).toHaveLength(before);
  });
});

describe('deleting', () => {
  test('takes the record away once, tells its last version, and is read as a deletion', async () => {
    const { stage, id, ref } = await withAda();
    const command = { id: 'gone', action: 'delete', ref, base: stage.version(ref) } as const;
    const outcome = await stage.write(command);
    expect(outcome).toMatchObject({ status: 'applied', ref, pre: command.base });
    expect(stage.crm.record('contact', id)).toBeUndefined();
    expect(await stage.write(command, true)).toEqual(outcome);
    const seen = (await stage.changes()).filter((change) => change.ref === ref);
    expect(seen[0]).toMatchObject({ deleted: true, version: outcome.version });
  });

  test('is not done to a record that has changed', async () => {
    const { stage, id, ref } = await withAda();
    const base = stage.version(ref);
    stage.crm.edit('contact', id, { title: 'Alive' });
    expect((await stage.write({ action: 'delete', ref, base })).status).toBe('conflict');
    expect(stage.crm.record('contact', id)).toBeDefined();
  });

  test('whose answer was lost is known to have been done', async () => {
    const { stage, ref } = await withAda();
    const command = { id: 'gone', action: 'delete', ref, base: stage.version(ref) } as const;
    stage.crm.server.fault({ kind: 'lost-answer', method: 'DELETE', times: 1 });
    await expect(stage.write(command)).rejects.toMatchObject({ mayHaveApplied: true });
    expect((await stage.write(command, true)).status).toBe('applied');
    expect(sent(stage, 'DELETE')).toHaveLength(1);
  });

  test('that is refused when it is repeated is not told as refused: the first sending may have done it', async () => {
    const { stage, ref } = await withAda();
    const command = { id: 'gone', action: 'delete', ref, base: stage.version(ref) } as const;
    stage.crm.server.fault({ kind: 'lost-answer', method: 'DELETE' });
    stage.crm.server.fault({ kind: 'status', status: 400, method: 'DELETE', body: '{"errors":{}}' });
    await expect(stage.write(command)).rejects.toMatchObject({ mayHaveApplied: true });
  });
});
