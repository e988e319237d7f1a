import fc from 'fast-check';
import { createLane } from '../src/index.js';

type Asked = { kind: 'own' } | { kind: 'shared'; lane: 0 | 1; fails: boolean };

const fulfilled = <T>(value: T) => ({ status: 'fulfilled' as const, value });
const rejected = (reason: unknown) => ({ status: 'rejected' as const, reason });

describe('a lane', () => {
  test('does everything once, in the order in which it was asked for, whatever shares a turn', async () => {
    const asked = fc.oneof(
      fc.constant<Asked>({ kind: 'own' }),
      fc.record<Asked & { kind: 'shared' }>({
        kind: fc.constant('shared'),
        lane: fc.constantFrom(0, 1),
        fails: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(asked, { maxLength: 6 }), { maxLength: 6 }), async (bursts) => {
        const lane = createLane();
        const done: number[] = [];
        let atWork = 0;
        const turn = async (numbers: readonly number[]): Promise<void> => {
          expect((atWork += 1)).toBe(1);
          for (const number of numbers) done.push(await Promise.resolve(number));
          atWork -= 1;
        };
        const shared = [0, 1].map(() =>
          lane.shared(async (asks: readonly { number: number; fails: boolean }[]) => {
            await turn(asks.map(({ number }) => number));
            return asks.map(({ number, fails }) => (fails ? rejected(number) : fulfilled(number)));
          }),
        );
        const answers: Promise<void>[] = [];
        let number = 0;
        for (const burst of bursts) {
          for (const one of burst) {
            const mine = number++;
            if (one.kind === 'own') answers.push(lane.run(() => turn([mine])));
            else {
              const answer = shared[one.lane]!({ number: mine, fails: one.fails });
              answers.push(
                answer.then(
                  (given) => expect([given, one.fails]).toEqual([mine, false]),
                  (error: unknown) => expect([error, one.fails]).toEqual([mine, true]),
                ),
              );
            }
          }
          // Some of it may be at work already when more is asked for.
          await Promise.resolve();
        }
        await Promise.all(answers);
        expect(done).toEqual(Array.from({ length: number }, (_, i) => i));
      }),
    );
  });

  test('asks that wait side by side share one turn, until something else is asked for', async () => {
    const lane = createLane();
    const turns: string[][] = [];
    const ask = lane.shared(async (asks: readonly string[]) => {
      turns.push([...asks]);
      return asks.map(fulfilled);
    });
    let release = (): void => undefined;
    const first = lane.run(() => new Promise<void>((resolve) => (release = resolve)));
    const answers = [ask('a'), ask('b')];
    const between = lane.run(async () => void turns.push(['between']));
    answers.push(ask('c'), ask('d'));
    await Promise.resolve();
    release();
    await Promise.all([first, between, ...answers]);
    expect(turns).toEqual([['a', 'b'], ['between'], ['c', 'd']]);
  });

  test('a turn that fails fails all that share it, and the next one is not held up', async () => {
    const lane = createLane();
    let failing = true;
    const ask = lane.shared(async (asks: readonly string[]) => {
      if (failing) throw new Error('full');
      return asks.map(fulfilled);
    });
    const results = await Promise.allSettled([ask('a'), ask('b')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failing = false;
    expect(await ask('c')).toBe('c');
  });
});
