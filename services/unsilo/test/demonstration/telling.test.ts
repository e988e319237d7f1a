import type { Claim } from '../../src/demonstration/claims.js';
import type { Look } from '../../src/demonstration/look.js';
import { Telling, type Pace } from '../../src/demonstration/telling.js';

function telling(pace: Pace = 'fast', signal = new AbortController().signal) {
  const said: string[] = [];
  const marked: object[] = [];
  const made = new Telling({
    pace,
    look: {} as Look,
    signal,
    say: (line) => void said.push(line),
    mark: (chapter) => Promise.resolve(void marked.push(chapter)),
    patienceMs: 0,
  });
  return { made, said, marked };
}

const claim = (...findings: boolean[]): Claim => ({
  id: 'sky',
  says: 'The sky is blue.',
  check: () => Promise.resolve({ holds: findings.shift() ?? false, detail: 'It is grey' }),
});

describe('how the story is told', () => {
  it('says a claim once it has come true', async () => {
    const { made, said } = telling();
    await made.claim([claim(true)]);
    expect(said).toEqual(['  ✓ The sky is blue.']);
    expect(made.broken).toEqual([]);
  });

  it('owns up to a claim that does not come true, says what it found, and goes on', async () => {
    const { made, said } = telling();
    await made.claim([claim(false), claim(true)]);
    expect(said[0]).toBe('  ✗ The sky is blue.');
    expect(said[1]).toContain('It is grey');
    expect(said[2]).toBe('  ✓ The sky is blue.');
    expect(made.broken).toEqual(['sky']);
  });

  it('takes a claim that can not be looked up for broken', async () => {
    const { made, said } = telling();
    await made.claim([{ ...claim(), check: () => Promise.reject(new Error('nobody answers')) }]);
    expect(made.broken).toEqual(['sky']);
    expect(said[1]).toContain('nobody answers');
  });

  it('owns up to what its claims rest on and does not come', async () => {
    const { made, said } = telling();
    await made.comes('It has rained', () => Promise.resolve(true));
    expect(said).toEqual([]);
    await made.comes('It has rained', () => Promise.resolve(false));
    expect(said[0]).toContain('✗ It has rained');
    expect(made.broken).toEqual(['It has rained']);
  });

  it('marks each chapter', async () => {
    const { made, marked } = telling();
    await made.chapter(2, 5, 'A title');
    expect(marked).toEqual([{ number: 2, of: 5, title: 'A title' }]);
  });

  it('ends when it is told to stop, in the middle of a pause as well', async () => {
    const stop = new AbortController();
    const { made } = telling('told', stop.signal);
    const pausing = made.pause(60_000);
    stop.abort();
    await expect(pausing).rejects.toThrow();
    await expect(made.chapter(1, 5, 'Never told')).rejects.toThrow();
  });
});
