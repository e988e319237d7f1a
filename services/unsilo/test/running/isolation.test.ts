import { HURT, OTHERS } from '../../src/isolation/company.js';
import { Observer } from '../../src/isolation/measure.js';
import { embeddedStage } from '../../src/isolation/stage.js';
import { eventually } from '../support/waiting.js';

/** More than a batch of commands, and than a system writes at once. */
const PERSONS = 120;

describe('a system that is out of order', () => {
  test.each([
    ['holds its first answer', 'silent'],
    ['always fails', 'failing'],
  ] as const)(
    'and %s keeps none of the writes to the others waiting, and goes on when it recovers',
    async (_, condition) => {
      const stage = await embeddedStage(PERSONS);
      try {
        const observer = new Observer(stage, PERSONS);
        await observer.begin();
        await stage.become(condition);
        const edits = await observer.edit(1000);
        if (condition === 'silent') await eventually(async () => ((await stage.waiting()) > 0 ? true : undefined));
        await observer.written(edits, OTHERS);
        expect(edits.filter((edit) => observer.isWritten(edit, HURT))).toEqual([]);
        await stage.become('well');
        await observer.written(edits, [HURT]);
      } finally {
        await stage.close();
      }
    },
    120_000,
  );
});
