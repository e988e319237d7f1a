import { closeStages, changesIn, onStage, type Change, type Stage } from './stage.js';

afterEach(closeStages);

const ADA = { salutation: 'Dr.', first_name: 'Ada', last_name: 'Lovelace', email1: 'ada@example.com' };
const refs = (changes: readonly Change[]) => changes.map((change) => change.ref).sort();
const of = (changes: readonly Change[], ref: string) => changes.filter((change) => change.ref === ref);
const last = (changes: readonly Change[], ref: string) => of(changes, ref).at(-1);

describe('first reading', () => {
  test('gives every record once, in pages, and says when it is complete', async () => {
    const stage = await onStage({ pageSize: 3, modules: ['contact', 'account'] });
    const contacts = Array.from({ length: 10 }, (_, i) => stage.crm.insert('contact', { last_name: `Number ${i}` }));
    const account = stage.crm.insert('account', { name: 'Acme' });
    const items = await stage.read();
    const completed = items.findIndex((item) => item.type === 'snapshot-completed');
    const before = changesIn(items.slice(0, completed));
    expect(refs(before)).toEqual([...contacts.map((id) => `crm/contact/${id}`), `crm/account/${account}`].sort());
    expect(items.filter((item) => item.type === 'bad-input')).toEqual([]);
  });

  test('goes on at the page where it was broken off', async () => {
    const stage = await onStage({ pageSize: 2, modules: ['contact'] });
    for (let i = 0; i < 6; i += 1) stage.crm.insert('contact', { last_name: `Number ${i}` });
    stage.crm.server.fault({ kind: 'status', status: 400, path: '/Api/V8/module/Contacts', after: 3, times: 1 });
    const items: Change[] = [];
    await expect(
      (async () => {
        const { suitecrm } = await import('@unsilo/connector-suitecrm');
        for await (const item of suitecrm.read!(stage.context)) {
          if (item.type === 'party') items.push(item.change);
          if (item.type === 'checkpoint') stage.context.checkpoint = structuredClone(item.value);
        }
      })(),
    ).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_BAD_ANSWER' });
    expect(items).toHaveLength(4);
    await stage.restart();
    const rest = await stage.read();
    const before = changesIn(
      rest.slice(
        0,
        rest.findIndex((item) => item.type === 'snapshot-completed'),
      ),
    );
    expect(before).toHaveLength(2);
    expect(new Set([...refs(items), ...refs(before)]).size).toBe(6);
  });

  test('misses none of many records of one second, as paging by time would', async () => {
    const stage = await onStage({ pageSize: 20, modules: ['contact'] });
    const at = { date_modified: '2026-01-05 10:00:00' };
    for (let i = 0; i < 200; i += 1) stage.crm.insert('contact', { last_name: `Number ${i}`, ...at });
    expect(new Set(refs(await stage.changes())).size).toBe(200);
  });

  test.each(['{}', '{"data":null}', '{"data":{}}', '{"data":"none"}'])(
    'an answer without a list (%s) is not taken for an empty one: no snapshot is complete, and nothing is gone',
    async (body) => {
      const stage = await onStage({ modules: ['contact'], sweep: { everyMinutes: 1, pagesPerPoll: 10 } });
      for (let i = 0; i < 3; i += 1) stage.crm.insert('contact', { last_name: `Number ${i}` });
      // The first request asks for the server's time.
      stage.crm.server.fault({ kind: 'odd', path: '/Api/V8/module/Contacts', after: 1, twist: () => body });
      await expect(stage.read()).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_BAD_ANSWER' });
      expect(new Set(refs(await stage.changes())).size).toBe(3);
      for (const after of [0, 1, 2, 3, 4]) {
        await stage.pass(120_000);
        stage.crm.server.fault({ kind: 'odd', path: '/Api/V8/module/Contacts', after, times: 3, twist: () => body });
        await expect(stage.read()).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_BAD_ANSWER' });
        stage.crm.server.clearFaults();
        expect((await stage.changes()).filter(({ deleted }) => deleted === true)).toEqual([]);
      }
    },
  );

  test.each([{ type: 'Contact', attributes: {} }, { type: 'Contact', id: 'tab\there' }, null, 'record'])(
    'something without a usable id in a list (%j) is told once, and hides no record behind it',
    async (strange) => {
      const stage = await onStage({ pageSize: 3, modules: ['contact'] });
      const ids = Array.from({ length: 7 }, (_, i) => stage.crm.insert('contact', { last_name: `Number ${i}` })).sort();
      const twist = (body: string): string => {
        const answer = JSON.parse(body) as { data?: { id: string }[] };
        const data = answer.data?.map((resource) => (resource.id === ids[1] ? strange : resource));
        return JSON.stringify({ ...answer, data });
      };
      stage.crm.server.fault({ kind: 'odd', path: '/Api/V8/module/Contacts', times: Infinity, twist });
      const items = await stage.read();
      const others = ids.filter((id) => id !== ids[1]);
      expect([...new Set(refs(changesIn(items)))]).toEqual(others.map((id) => `crm/contact/${id}`));
      expect(items.find(({ type }) => type === 'bad-input')).toMatchObject({ code: 'UNSILO_SUITECRM_NO_RECORD' });
    },
  );

  test('a record that lists name but that can’t be loaded is told, and hides no other', async () => {
    const stage = await onStage({ pageSize: 4, modules: ['contact'] });
    const ids = Array.from({ length: 9 }, (_, i) => stage.crm.insert('contact', { last_name: `Number ${i}` })).sort();
    stage.crm.damage('contact', ids[5]!);
    const items = await stage.read();
    const completed = items.findIndex((item) => item.type === 'snapshot-completed');
    expect(refs(changesIn(items.slice(0, completed)))).toEqual(
      ids.filter((id) => id !== ids[5]).map((id) => `crm/contact/${id}`),
    );
    expect(items).toContainEqual(
      expect.objectContaining({
        type: 'bad-input',
        code: 'UNSILO_SUITECRM_UNREADABLE',
        at: { ref: `crm/contact/${ids[5]}` },
      }),
    );
  });
});

describe('later readings', () => {
  test('give what was made, changed and deleted since', async () => {
    const stage = await onStage({ sweep: { everyMinutes: 1440, pagesPerPoll: 10 } });
    const ada = stage.crm.insert('contact', ADA);
    const bob = stage.crm.insert('lead', { last_name: 'Bob' });
    const old = stage.crm.insert('account', { name: 'Old' });
    await stage.pass(3_600_000);
    await stage.read();
    await stage.pass(3_600_000);
    stage.crm.edit('contact', ada, { phone_mobile: '+44 20 7946 0958' });
    stage.crm.remove('lead', bob);
    const carl = stage.crm.insert('lead', { last_name: 'Carl' });
    await stage.pass(5000);
    const changes = await stage.changes();
    expect(refs(changes)).toEqual([`crm/contact/${ada}`, `crm/lead/${bob}`, `crm/lead/${carl}`].sort());
    expect(last(changes, `crm/lead/${bob}`)).toMatchObject({ deleted: true });
    expect(last(changes, `crm/contact/${ada}`)).toMatchObject({
      state: { phones: [{ number: '+44 20 7946 0958', label: 'mobile' }] },
    });
    expect(refs(changes)).not.toContain(`crm/account/${old}`);
  });

  test('time a change to the second, though answers are cut to the minute', async () => {
    const stage = await onStage({ modules: ['contact'] });
    const ids = ['A', 'B', 'C'].map((name) => stage.crm.insert('contact', { last_name: name }));
    await stage.read();
    await stage.pass(3_600_000 + 7000);
    stage.crm.edit('contact', ids[0]!, { title: 'First' });
    await stage.pass(31_000);
    stage.crm.edit('contact', ids[1]!, { title: 'Second' });
    await stage.pass(60_000);
    stage.crm.edit('contact', ids[2]!, { title: 'Third' });
    await stage.pass(1000);
    const changes = await stage.changes();
    const times = ids.map((id) => Date.parse(last(changes, `crm/contact/${id}`)!.changedAt));
    expect(times).toEqual(ids.map((id) => stage.crm.record('contact', id)!.modifiedAt));
  });

  test('tell two states of one second apart, in their order', async () => {
    const stage = await onStage({ modules: ['contact'] });
    const id = stage.crm.insert('contact', { last_name: 'A' });
    const [first] = await stage.changes();
    stage.crm.edit('contact', id, { title: 'One' });
    const second = last(await stage.changes(), first!.ref)!;
    stage.crm.edit('contact', id, { title: '' });
    const third = last(await stage.changes(), first!.ref)!;
    expect([first!, second, third].map(({ version }) => version.minor)).toEqual([1, 2, 3]);
    expect(new Set([first!, second, third].map(({ version }) => version.major)).size).toBe(1);
    expect(third.state).toEqual(first!.state);
  });

  test('repeat what they gave before word for word, but for the time of looking', async () => {
    const stage = await onStage({ modules: ['contact'] });
    stage.crm.insert('contact', ADA);
    const [first] = await stage.changes();
    await stage.pass(20_000);
    await stage.restart();
    const again = last(await stage.changes(), first!.ref)!;
    expect({ ...again, observedAt: '' }).toEqual({ ...first!, observedAt: '' });
  });

  test('correct times by the server’s clock', async () => {
    const ahead = 90_000;
    const start = Date.UTC(2026, 2, 1, 9, 30);
    let now = start;
    const stage = await onStage({ modules: ['contact'] }, { now: () => now + ahead });
    const id = stage.crm.insert('contact', { last_name: 'A' });
    await stage.read();
    await stage.pass(3_600_000);
    now = start + 3_600_000;
    stage.crm.edit('contact', id, { title: 'X' });
    await stage.pass(10_000);
    now += 10_000;
    const [change] = await stage.changes();
    const edited = start + 3_600_000;
    expect(Math.abs(Date.parse(change!.changedAt) - edited)).toBeLessThan(2000);
    expect(change!.version.major).toBe(edited + ahead);
  });

  test('a record that comes back after its deletion is told', async () => {
    const stage = await onStage({ modules: ['contact'] });
    const id = stage.crm.insert('contact', ADA);
    await stage.read();
    stage.crm.remove('contact', id);
    const gone = last(await stage.changes(), `crm/contact/${id}`)!;
    stage.crm.insert('contact', { ...ADA, deleted: '0' }, id);
    const back = last(await stage.changes(), `crm/contact/${id}`)!;
    expect(gone.deleted).toBe(true);
    expect(back.state).toBeDefined();
    expect(back.version.minor).toBeGreaterThan(gone.version.minor);
  });
});

describe('what leaves no trace in the time of a record', () => {
  const sweeping = { sweep: { everyMinutes: 60, pagesPerPoll: 100 }, modules: ['contact', 'account', 'case'] };

  test('is found by reading everything again: links, backdated edits, deletions', async () => {
    const stage = await onStage(sweeping);
    const account = stage.crm.insert('account', { name: 'Acme' });
    const ada = stage.crm.insert('contact', { ...ADA, account_id: account });
    const bob = stage.crm.insert('contact', { last_name: 'Bob' });
    const gone = stage.crm.insert('contact', { last_name: 'Gone' });
    const broken = stage.crm.insert('case', { name: 'Broken' });
    await stage.read();
    await stage.pass(1_800_000);
    stage.crm.relate('case', broken, ada);
    stage.crm.edit('contact', bob, { title: 'Imported', date_modified: '2020-01-01 00:00:00' });
    stage.crm.edit('account', account, { name: 'Acme Ltd' });
    stage.crm.remove('contact', gone);
    // Past the time in which deletions are looked for.
    await stage.pass(1_800_001 + 600_000);
    const changes = await stage.changes();
    expect(last(changes, `crm/case/${broken}`)?.state).toMatchObject({
      parties: [{ ref: `crm/contact/${ada}`, role: 'contact' }],
    });
    expect(last(changes, `crm/contact/${bob}`)?.state).toMatchObject({ titles: [{ name: 'Imported' }] });
    expect(last(changes, `crm/contact/${ada}`)?.state).toMatchObject({ organizations: [{ name: 'Acme Ltd' }] });
    expect(last(changes, `crm/contact/${gone}`)).toMatchObject({ deleted: true });
    // Such a state is as young as the look that found it; its version is above the one before all the same.
    expect(last(changes, `crm/contact/${bob}`)!.version.minor).toBe(2);
    expect(Date.parse(last(changes, `crm/contact/${bob}`)!.changedAt)).toBe(stage.context.clock.now());
  });

  test('is read a few pages at a time, between the polls', async () => {
    const stage = await onStage({ ...sweeping, pageSize: 2, sweep: { everyMinutes: 60, pagesPerPoll: 2 } });
    const ids = Array.from({ length: 7 }, (_, i) => stage.crm.insert('contact', { last_name: `Number ${i}` }));
    await stage.pass(3_600_000);
    await stage.read();
    await stage.pass(3_700_000);
    const seen = new Set<string>();
    for (let poll = 0; poll < 4; poll += 1) {
      const changes = await stage.changes();
      expect(changes.length).toBeLessThanOrEqual(4);
      changes.forEach(({ ref }) => seen.add(ref));
    }
    expect(seen.size).toBe(ids.length);
  });

  test('deletions that a crash kept from the log are told again, also those that only a sweep finds', async () => {
    const stage = await onStage(sweeping);
    const ids = Array.from({ length: 130 }, (_, i) => stage.crm.insert('contact', { last_name: `Number ${i}` }));
    await stage.read();
    ids.forEach((id) => stage.crm.remove('contact', id));
    await stage.pass(4_000_000);
    const before = stage.context.checkpoint;
    const gone = async () =>
      new Set((await stage.changes()).filter(({ deleted }) => deleted).map(({ ref }) => ref)).size;
    expect(await gone()).toBe(130);
    stage.context.checkpoint = before;
    await stage.restart();
    expect(await gone()).toBe(130);
    await stage.pass(4_000_000);
    await stage.read();
    await stage.pass(4_000_000);
    expect(await gone()).toBe(0);
  });
});

describe('a reader beside a writer', () => {
  test('passes on nothing that it asked for before a write', async () => {
    const stage = await onStage({ modules: ['contact'] });
    const id = stage.crm.insert('contact', ADA);
    await stage.read();
    const ref = `crm/contact/${id}`;
    const { suitecrm } = await import('@unsilo/connector-suitecrm');
    stage.crm.server.fault({ kind: 'delay', ms: 150, method: 'GET', path: '/Api/V8/module/Contacts' });
    const reading = (async () => {
      const seen: Change[] = [];
      for await (const item of suitecrm.read!(stage.context)) if (item.type === 'party') seen.push(item.change);
      return seen;
    })();
    const asked = () => stage.crm.server.requests.filter(({ query }) => query.has('filter[date_modified][gte]')).length;
    const before = asked();
    while (asked() === before) await new Promise((resolve) => setImmediate(resolve));
    const written = await stage.update(ref, { 'name.given': 'Augusta' });
    expect(written.status).toBe('applied');
    for (const change of of(await reading, ref)) expect(change.version).toEqual(written.version);
  });

  test('passes on nothing that was written while it looked for the times of others', async () => {
    const stage = await onStage({ modules: ['contact'] });
    const ids = ['A', 'B'].map((name) => stage.crm.insert('contact', { last_name: name }));
    await stage.read();
    stage.crm.edit('contact', ids[1]!, { title: 'Edited' });
    stage.crm.server.fault({ kind: 'delay', ms: 150, path: '/Api/V8/module/Contacts', after: 3 });
    const asked = () => stage.crm.server.requests.filter(({ query }) => query.has('filter[date_modified][lt]')).length;
    const before = asked();
    const reading = stage.changes();
    while (asked() === before) await new Promise((resolve) => setImmediate(resolve));
    const ref = `crm/contact/${ids[0]}`;
    const written = await stage.update(ref, { 'name.given': 'Augusta' });
    expect(written.status).toBe('applied');
    const seen = await reading;
    expect(of(seen, ref)).toEqual([]);
    expect(of(seen, `crm/contact/${ids[1]}`)).not.toEqual([]);
    expect(stage.version(ref)).toEqual(written.version);
  });

  test('passes on what people edit after a write', async () => {
    const stage = await onStage({ modules: ['contact'] });
    const id = stage.crm.insert('contact', ADA);
    await stage.read();
    const ref = `crm/contact/${id}`;
    const written = await stage.update(ref, { 'name.given': 'Augusta' });
    await stage.read();
    stage.crm.edit('contact', id, { first_name: 'Ada Augusta' });
    const edited = last(await stage.changes(), ref)!;
    expect(edited.state).toMatchObject({ name: { given: 'Ada Augusta' } });
    expect(edited.version.minor).toBe(written.version!.minor + 1);
  });
});

test('a server whose clock was ahead for a while and is put right is swept at once: what it dated meanwhile is in no poll', async () => {
  let ahead = 24 * 3_600_000;
  let stage: Stage | undefined;
  const now = () => (stage?.context.clock.now() ?? Date.UTC(2026, 2, 1, 9, 30)) + ahead;
  stage = await onStage({ modules: ['contact'], sweep: { everyMinutes: 60, pagesPerPoll: 10 } }, { now });
  const id = stage.crm.insert('contact', { last_name: 'Lovelace' });
  await stage.read();
  await stage.pass(3_600_000);
  await stage.read();
  ahead = 0;
  await stage.pass(60_000);
  stage.crm.edit('contact', id, { title: 'Countess' });
  await stage.pass(600_000);
  expect((await stage.changes()).map(({ state }) => state)).toContainEqual(
    expect.objectContaining({ titles: [{ name: 'Countess' }] }),
  );
});
