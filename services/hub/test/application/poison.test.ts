import { Processor } from '../../src/application/processor.js';
import { admin, crm, openTestHub, policyFor, seen } from './test-hub.js';

it('an event that makes processing fail becomes a dead letter, and its neighbours are processed', async () => {
  const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]), expectProblems: true });
  const real = Processor.prototype.begin;
  const spy = jest.spyOn(Processor.prototype, 'begin').mockImplementation(function (
    this: Processor,
    messages,
    moves,
    before,
  ) {
    if (messages.some((m) => m.value?.includes('a/contact/2@'))) return Promise.reject(new TypeError('a defect'));
    return real.call(this, messages, moves, before);
  });
  await hub.append(...[1, 2, 3].map((i) => seen(`a/contact/${i}`, 1, { name: { given: 'Ada' } })));
  await hub.hub.settled();
  spy.mockRestore();
  expect((await hub.hub.service.searchCustomers(admin, { limit: 10 })).items).toHaveLength(2);
  const [letter] = (await hub.hub.service.deadLetters(admin, { limit: 10 })).items;
  expect(letter).toMatchObject({ code: 'UNSILO_HUB_DEFECT', state: 'open', at: { topic: 'unsilo.parties.v1' } });
  const replayed = await hub.hub.service.replayDeadLetter(admin, letter?.id ?? '', { dryRun: false });
  expect(replayed.status).toBe('appended');
  await hub.hub.settled();
  expect((await hub.hub.service.searchCustomers(admin, { limit: 10 })).items).toHaveLength(3);
  expect((await hub.hub.service.deadLetter(admin, letter?.id ?? '')).state).toBe('replayed');
  await hub.close();
});

it('an event that makes processing fail does not set back what is being committed before it', async () => {
  const hub = await openTestHub({ systems: [crm('a')], policy: policyFor([]), batchSize: 8, expectProblems: true });
  const real = Processor.prototype.begin;
  const begun: string[] = [];
  const spy = jest.spyOn(Processor.prototype, 'begin').mockImplementation(function (
    this: Processor,
    messages,
    moves,
    before,
  ) {
    for (const { key } of messages) begun.push(key);
    if (messages.some((m) => m.value?.includes('a/contact/5@'))) return Promise.reject(new TypeError('a defect'));
    return real.call(this, messages, moves, before);
  });
  await hub.append(...[1, 2, 3, 4, 5, 6].map((i) => seen(`a/contact/${i}`, 1, { name: { given: 'Ada' } })));
  await hub.hub.settled();
  spy.mockRestore();
  expect((await hub.hub.service.searchCustomers(admin, { limit: 10 })).items).toHaveLength(5);
  for (const i of [1, 2, 3, 4]) expect(begun.filter((key) => key.endsWith(`a/contact/${i}`))).toHaveLength(1);
  await hub.close();
});
