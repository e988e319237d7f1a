import { counted } from '../src/index.js';

it('one is told as one, and any other number as several', () => {
  expect([0, 1, 2].map((count) => counted(count, 'pair'))).toEqual(['0 pairs', '1 pair', '2 pairs']);
  expect([1, 3].map((count) => counted(count, 'entry', 'entries'))).toEqual(['1 entry', '3 entries']);
});
