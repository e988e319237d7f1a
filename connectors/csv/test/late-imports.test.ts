import fc from 'fast-check';
import { mergeRow, writeRow, type Row, type Values } from '../src/row.js';

const DAY_MS = 86_400_000;

/** A row as a file says it, at a time; answers the row after it. */
function file(row: Row | undefined, values: Values, version: number): { kind: string; row: Row; late?: true } {
  const cells = new Map(Object.entries({ first: '', born: '', ...values }));
  const merged = mergeRow(row, { cells, line: 2, file: { version, key: 'a' }, changedAt: version });
  if (!('row' in merged)) throw new Error(merged.kind);
  return merged;
}
const command = (row: Row | undefined, values: Values, now: number): Row =>
  writeRow(row, values, `command ${now}`, now);

describe('the other side takes our files in, sooner or later', () => {
  it('a value that was written and cleared again, and comes back from an earlier file of ours, is no edit', () => {
    const typed = file(undefined, { first: 'Daniel' }, 1).row;
    const written = command(typed, { first: 'Daniel', born: '1984-03-02' }, 2);
    const cleared = command(written, { first: 'Daniel' }, 3);
    const late = file(cleared, { first: 'Daniel', born: '1984-03-02' }, 4);
    expect(late.kind).toBe('same');
    expect(late.row.values).toEqual({ first: 'Daniel' });
    // It differs from what the other side has now, so it is written out again.
    expect(late.row.said).toEqual({ first: 'Daniel', born: '1984-03-02' });
    const caughtUp = file(late.row, { first: 'Daniel' }, 5);
    expect(caughtUp.kind).toBe('same');
    expect(caughtUp.row).not.toHaveProperty('said');
    expect(caughtUp.row).not.toHaveProperty('awaited');
  });

  it('a row stays among the changed ones while an earlier file of ours may still be taken in', () => {
    const typed = file(undefined, { first: 'Daniel' }, 1).row;
    const cleared = command(command(typed, { first: 'Daniel', born: '1984-03-02' }, 2), { first: 'Daniel' }, 3);
    expect(cleared).not.toHaveProperty('said');
    expect(cleared.awaited).toBeDefined();
    expect(file(cleared, { first: 'Daniel' }, 4).row.awaited).toBeDefined();
  });

  it('any other value is an edit, and so is one of ours that somebody types after it was confirmed', () => {
    const typed = file(undefined, { first: 'Daniel' }, 1).row;
    const written = command(command(typed, { first: 'Dan' }, 2), { first: 'Danny' }, 3);
    const edit = file(written, { first: 'Daniele' }, 4);
    expect(edit).toMatchObject({ kind: 'changed', row: { values: { first: 'Daniele' } } });
    const confirmed = file(written, { first: 'Danny' }, 4).row;
    expect(file(confirmed, { first: 'Dan' }, 5)).toMatchObject({ kind: 'changed', row: { values: { first: 'Dan' } } });
  });

  it('an edit over which an earlier file of ours was taken in is not lost: it is written out again', () => {
    const typed = file(undefined, { first: 'Daniel' }, 1).row;
    const edit = file(command(typed, { first: 'Dan' }, 2), { first: 'Daniele' }, 3).row;
    const late = file(edit, { first: 'Dan' }, 4);
    expect(late).toMatchObject({
      kind: 'same',
      late: true,
      row: { values: { first: 'Daniele' }, said: { first: 'Dan' } },
    });
  });

  it('values of a row that we made are awaited as well', () => {
    const made = command(command(undefined, { first: 'Ada', born: '1815-12-10' }, 1), { first: 'Ada' }, 2);
    expect(file(made, { first: 'Ada', born: '1815-12-10' }, 3).kind).toBe('same');
  });

  it('after a week it is taken for an edit', () => {
    const typed = file(undefined, { first: 'Daniel' }, 1).row;
    const written = command(command(typed, { first: 'Dan' }, 2), { first: 'Danny' }, 3);
    expect(file(written, { first: 'Dan' }, 8 * DAY_MS)).toMatchObject({
      kind: 'changed',
      row: { values: { first: 'Dan' } },
    });
  });

  it('whatever files of ours are taken in, in the order in which they were written, only what people typed is an edit', () => {
    const value = fc.constantFrom<string>('', 'a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ write: value }),
      fc.record({ import: fc.integer({ min: 1, max: 8 }) }),
      fc.constant('export' as const),
      fc.constant('edit' as const),
    );
    fc.assert(
      fc.property(value, fc.array(step, { maxLength: 16 }), (typed, steps) => {
        let now = 1;
        let row = file(undefined, { first: typed }, now).row;
        /** What was written out, and how far the other side has got with it. */
        const out = [typed];
        let imported = 0;
        let theirs = typed;
        for (const one of steps) {
          now += 1;
          if (one === 'edit') theirs = `typed ${now}`;
          else if (one === 'export') {
            const before = row;
            const merged = file(row, { first: theirs }, now);
            const isTyped = theirs.startsWith('typed');
            if (!isTyped && theirs !== typed) expect(merged.row.values).toEqual(before.values);
            if (isTyped && theirs !== before.values['first'] && theirs !== before.said?.['first'])
              expect(merged.kind).toBe('changed');
            row = merged.row;
            if (merged.late === true) out.push(row.values['first'] ?? '');
          } else if ('write' in one) {
            if (one.write === (row.values['first'] ?? '')) continue;
            row = command(row, one.write === '' ? {} : { first: one.write }, now);
            out.push(one.write);
          } else if (imported < out.length - 1) {
            imported = Math.min(out.length - 1, imported + one.import);
            theirs = out[imported]!;
          }
        }
      }),
    );
  });
});
