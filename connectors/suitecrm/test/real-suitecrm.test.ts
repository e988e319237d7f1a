import { randomUUID } from 'node:crypto';
import { createHttpClient, parseOptions, systemClock, type ReadingContext, type ReadItem } from '@unsilo/connector-sdk';
import { suitecrm, type SuiteCrmOptions } from '@unsilo/connector-suitecrm';
import type { AttributeValue, Command, PartyState, Version } from '@unsilo/schemas';
import { hostileTexts } from './hostile.js';
import { describeReal, realSuiteCrm, skipped } from './real.js';
import { assignments, changesIn } from './stage.js';

jest.setTimeout(120_000);

describeReal(`a real SuiteCRM${skipped}`, () => {
  test('is read whole, written and read again', async () => {
    const { context, read, versions, close } = realContext();
    try {
      const findings = await suitecrm.check(context);
      expect(findings.filter(({ ok, code }) => !ok && code !== 'UNSILO_SUITECRM_TIME_ZONE')).toEqual([]);
      const before = changesIn(await read());
      expect(new Set(before.map(({ ref }) => ref)).size).toBeGreaterThan(0);

      const key = randomUUID();
      const address = (name: string) => ({ address: `${name}-${key}@example.com` });
      const create = command({
        action: 'create',
        kind: 'contact',
        externalKey: key,
        createdFor: 'csv/row/1',
        set: assignments({
          'name.given': 'Ada',
          'name.surname': 'O\'Love <lace> & "co"',
          emails: [address('one'), address('two')],
          phones: [{ number: '+44 20 7946 0958', label: 'mobile' }],
          note: hostileTexts.filter((text) => !text.startsWith('👩')).join('\n'),
        }),
      });
      const made = await suitecrm.write!(context, create, { number: 1, unclear: false });
      expect(made).toMatchObject({ status: 'applied' });
      expect(made.left!.emails).toEqual([address('one'), address('two')]);
      expect(made.left!.note).toBe(hostileTexts.filter((text) => !text.startsWith('👩')).join('\n'));
      const ref = made.ref!;

      const update = async (set: Record<string, AttributeValue>) =>
        suitecrm.write!(context, command({ action: 'update', ref, base: versions(ref), set: assignments(set) }), {
          number: 1,
          unclear: false,
        });
      const replaced = await update({ emails: [address('three'), address('two')], 'name.given': 'Augusta' });
      expect(replaced).toMatchObject({
        status: 'applied',
        left: { name: { given: 'Augusta' }, emails: [address('three'), address('two')] },
      });
      const withdrawn = [{ purpose: 'marketing', channel: 'email', status: 'withdrawn' }];
      expect((await update({ consents: withdrawn })).left!.consents).toEqual(withdrawn);
      expect((await update({ emails: null })).left!.emails).toBeUndefined();

      const seen = changesIn(await read()).filter((change) => change.ref === ref);
      expect(seen.length).toBeGreaterThan(0);
      for (const change of seen) expect(change.version).toEqual(versions(ref));
      expect((seen.at(-1)!.state as PartyState).name!.given).toBe('Augusta');

      const stale = command({ action: 'update', ref, base: made.version!, set: assignments({ 'name.given': 'X' }) });
      expect(await suitecrm.write!(context, stale, { number: 1, unclear: false })).toMatchObject({
        status: 'conflict',
      });
      const remove = command({ action: 'delete', ref, base: versions(ref) });
      expect(await suitecrm.write!(context, remove, { number: 1, unclear: false })).toMatchObject({
        status: 'applied',
      });
      expect(changesIn(await read()).find((change) => change.ref === ref)).toMatchObject({ deleted: true });
    } finally {
      await close();
    }
  });
});
let commands = 0;
function command(given: object): Command {
  const now = Date.now();
  return {
    id: `real-${(commands += 1)}`,
    system: 'crm',
    cause: { kind: 'plan' },
    issuedAt: new Date(now).toISOString(),
    deadline: new Date(now + 60_000).toISOString(),
    attempt: 1,
    ...given,
  } as Command;
}

function realContext() {
  const parsed = parseOptions(suitecrm, { ...realSuiteCrm, overlapSeconds: 60 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const stored = new Map<string, string>();
  const valueOf = (key: string): unknown => (stored.has(key) ? JSON.parse(stored.get(key)!) : undefined);
  const http = createHttpClient({ system: 'crm', allowPrivateAddresses: true });
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const context: ReadingContext<SuiteCrmOptions> = {
    tenant: 'acme',
    system: 'crm',
    options: parsed.options,
    checkpoint: undefined,
    clockOffsetMs: undefined,
    http,
    memory: {
      get: (key) => Promise.resolve(valueOf(key)),
      getMany: (keys) => Promise.resolve(keys.map(valueOf)),
      set: (entries) => {
        for (const [key, value] of Object.entries(entries))
          if (value === undefined) stored.delete(key);
          else stored.set(key, JSON.stringify(value));
        return Promise.resolve();
      },
    },
    log,
    clock: systemClock,
    signal: new AbortController().signal,
  };
  return {
    context,
    async read(): Promise<ReadItem[]> {
      const items: ReadItem[] = [];
      for await (const item of suitecrm.read!(context)) {
        items.push(item);
        if (item.type === 'checkpoint') context.checkpoint = structuredClone(item.value);
      }
      return items;
    },
    versions: (ref: string) => (valueOf(`state/${ref.slice('crm/'.length)}`) as { version: Version }).version,
    close: () => http.close(),
  };
}
