import { HURT, OTHERS } from '../../src/isolation/company.js';
import { Observer } from '../../src/isolation/measure.js';
import { embeddedStage } from '../../src/isolation/stage.js';
import { eventually } from '../support/waiting.js';

/** More than a batch of commands, and than a system writes at once. */
const PERSONS = 120;

describe('a system that does not answer', () => {
  test('holds its first answer while all writes to the others come to their end, and goes on when it recovers', async () => {
    const stage = await embeddedStage(PERSONS);
    try {
      const observer = new Observer(stage, PERSONS);
      await observer.begin();
      await stage.become('silent');
      const edits = await observer.edit(1000);
      await eventually(async () => ((await stage.waiting()) > 0 ? true : undefined));
      await observer.written(edits, OTHERS);
      expect(edits.filter((edit) => observer.isWritten(edit, HURT))).toEqual([]);
      await stage.become('well');
      await observer.written(edits, [HURT]);
    } finally {
      await stage.close();
    }
  }, 120_000);

  test('and one that always fails does not keep the others waiting either', async () => {
    const stage = await embeddedStage(PERSONS);
    try {
      const observer = new Observer(stage, PERSONS);
      await observer.begin();
      await stage.become('failing');
      const edits = await observer.edit(1000);
      await observer.written(edits, OTHERS);
      expect(edits.filter((edit) => observer.isWritten(edit, HURT))).toEqual([]);
      await stage.become('well');
      await observer.written(edits, [HURT]);
    } finally {
      await stage.close();
    }
  }, 120_000);
});
