import { Ending } from '../../src/running/ending.js';

const never = (): Promise<void> => new Promise(() => undefined);

describe('an ending', () => {
  test('goes backwards through what was opened, whatever became of each, and says what failed', async () => {
    const ended: string[] = [];
    const ending = new Ending();
    ending.add('the first', async () => void ended.push('first'));
    ending.add('the second', () => {
      ended.push('second');
      return Promise.reject(new Error('it is away'));
    });
    ending.add('the third', async () => void ended.push('third'));
    expect(ending.begun).toBe(false);
    expect(await ending.all()).toEqual(['the second: it is away']);
    expect(ended).toEqual(['third', 'second', 'first']);
    expect(ending.begun).toBe(true);
  });

  test('leaves behind what does not end, and keeps time for the rest', async () => {
    const ended: string[] = [];
    const ending = new Ending(60);
    ending.add('log and state', async () => void ended.push('log and state'), 30);
    ending.add("the hub's work", never, 10);
    ending.add('the systems', never, 10);
    const left = await ending.all();
    expect(left.map((text) => text.replace(/ [\d.]+ s$/, ''))).toEqual([
      'the systems: did not end within',
      "the hub's work: did not end within",
    ]);
    expect(ended).toEqual(['log and state']);
  });

  test('tells what a step left undone that ended itself, once, however often it is asked', async () => {
    const ending = new Ending();
    ending.add('the state', async () => ending.leave('the state: messages wait in the outbox'));
    const [left, again] = await Promise.all([ending.all(), ending.all()]);
    expect(left).toEqual(['the state: messages wait in the outbox']);
    expect(again).toBe(left);
  });
});
