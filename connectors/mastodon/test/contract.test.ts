import { assertContract, calls } from './contract/contract.js';
import { SELF, startFakeMastodon, type FakeMastodon } from './fake-mastodon.js';

let fake: FakeMastodon;
beforeEach(async () => void (fake = await startFakeMastodon()));
afterEach(() => fake.close());

test('every call that the connector makes is answered as the contract says', async () => {
  const ada = fake.account('ada@other.example', {
    fields: [{ name: 'Web', value: 'https://ada.example', verified_at: null }],
  });
  const post = fake.write(SELF, 'Hello', { spoiler: 'careful' });
  const answer = fake.write(ada.id, '@support hi', { inReplyTo: post.id, language: null });
  fake.edit(answer.id, '@support hello');
  fake.follow('bob');
  const headers = { authorization: `Bearer ${fake.token}`, 'content-type': 'application/json' };
  const answered: string[] = [];
  for (const call of calls) {
    const [method, path] = call.split(' ') as [string, string];
    const id = path.includes('/accounts/') ? ada.id : post.id;
    const body = method === 'POST' ? JSON.stringify({ status: 'x', in_reply_to_id: post.id }) : null;
    const response = await fetch(fake.server.url + path.replace('{id}', id), { method, headers, body });
    // An answer that breaks the contract comes as 500, with what is wrong.
    answered.push(`${call} ${response.status} ${response.status === 200 ? '' : await response.text()}`.trim());
  }
  expect(answered).toEqual(calls.map((call) => `${call} 200`));
  const missing = await fetch(`${fake.server.url}/api/v1/statuses/1`, { headers });
  expect([missing.status, await missing.json()]).toEqual([404, { error: 'Record not found' }]);
});

test('an answer that breaks the contract is told', () => {
  const account = { id: 1, acct: 'ada' };
  expect(() => assertContract('GET /api/v1/accounts/{id}', { body: account })).toThrow(
    /breaks the contract: .*\/id must be string/,
  );
});
