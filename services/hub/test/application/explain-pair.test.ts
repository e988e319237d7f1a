import type { PartyState } from '@unsilo/schemas';
import { DEFAULT_LINKAGE_MODEL } from '../../src/domain/linkage/default-model.js';
import type { LinkageModel, PartModel } from '../../src/domain/linkage/model.js';
import { admin, crm, openTestHub, policyFor, seen } from './test-hub.js';

const [a, b] = ['a/contact/1', 'b/contact/2'];

function withPart(changed: Partial<PartModel>): LinkageModel {
  return { ...DEFAULT_LINKAGE_MODEL, person: { ...DEFAULT_LINKAGE_MODEL.person, ...changed } };
}

async function explained(x: Partial<PartyState>, y: Partial<PartyState>, model = DEFAULT_LINKAGE_MODEL) {
  const hub = await openTestHub({ systems: [crm('a'), crm('b')], policy: policyFor([]), model });
  await hub.append(seen(a, 1, x), seen(b, 2, y));
  await hub.hub.settled();
  const { detail, words } = await hub.hub.service.explainPair(admin, a, b);
  const { customer = '' } = await hub.hub.service.record(admin, a);
  const why = (await hub.hub.service.explainCustomer(admin, customer)).words.join('\n');
  await hub.close();
  return { comparison: detail.comparison, words: words.join('\n'), why };
}

describe('why two records are, or are not, one', () => {
  const eva = { name: { given: 'Eva', surname: 'Anselm' } };
  const home = { addresses: [{ street: '12 Garden Lane', locality: 'Wexham', postcode: '40211' }] };
  const phones = [{ number: '+49 30 90182017' }];

  it('is told with as many digits as tell it from the threshold', async () => {
    const states = [eva, { name: { given: 'Eva', surname: 'Ansel' }, phones }] as const;
    const bits = (await explained(...states)).comparison?.bits ?? NaN;
    const threshold = Number((bits + 0.002).toFixed(3));
    const near = await explained(...states, withPart({ threshold, review: threshold - 4 }));
    expect(near.comparison?.verdict).toBe('review');
    expect(near.words).toMatch(/is (\S+) bits; from (?!\1 )\S+ on they are one/);
    expect(near.why).toMatch(/: (\S+) bits, below (?!\1,)/);
  });

  it('names its kinds in good English', async () => {
    const { words } = await explained({ kind: 'organization', organizations: [{ name: 'Anselm Ltd' }] }, eva);
    expect(words).toContain('One is an organization, the other a person: those are never joined.');
  });

  it.each([
    ['nothing but names agrees', eva, eva, withPart({ nameAlone: -3 }), 'names', 'nothing but the names agrees'],
    [
      'a household shares much',
      { ...eva, ...home, phones },
      { name: { given: 'Otto', surname: 'Anselm' }, ...home, phones },
      DEFAULT_LINKAGE_MODEL,
      'shared',
      'people share addresses, phones, family names and mailboxes',
    ],
    [
      'who moves changes all of an address',
      { ...eva, ...home },
      { ...eva, addresses: [{ street: '7 Mill Road', locality: 'Oxbridge', postcode: '99817' }] },
      DEFAULT_LINKAGE_MODEL,
      'moved',
      'who moves changes all of an address at once',
    ],
  ])('says why something counts for less where %s', async (_, x, y, model, householdBy, reason) => {
    const { comparison, words } = await explained(x, y, model);
    expect(comparison).toMatchObject({ householdBy });
    expect(words).toContain(reason);
  });

  it('calls the number of a house so', async () => {
    expect((await explained({ ...eva, ...home }, { ...eva, ...home })).words).toContain('house number: are the same');
  });
});
