import { ServiceError, type DeadLetterView, type ReplayResult } from '@unsilo/hub';
import { validateEvent } from '@unsilo/schemas';
import { at } from './company.js';

/** Input of the made-up company that could not be used. */
export function sampleLetters(): DeadLetterView[] {
  const event = {
    specversion: '1.0',
    id: 'export/row/R-9@1',
    source: '/systems/export',
    type: 'unsilo.party.changed',
    subject: 'export/row/R-9',
    time: '2026-03-02T08:00:00.000Z',
    tenant: 'acme',
    data: {
      ref: 'export/row/R-9',
      version: { major: 1, minor: 0 },
      changedAt: '2026-03-02T08:00:00.000Z',
      observedAt: '2026-03-02T08:00:00.000Z',
      state: { kind: 'person', birthDate: '1985-02-30', name: { given: 'Nora' } },
    },
  };
  return [
    {
      id: 'letter-1',
      code: 'UNSILO_INVALID',
      message: '/data/state/birthDate must match format "date"',
      hint: 'Correct the date; 30 February does not exist.',
      at: { topic: 'unsilo.parties.v1', partition: 0, offset: 812 },
      payload: JSON.stringify(event, null, 2),
      encoding: 'utf8',
      parkedAt: at(40),
      state: 'open',
      replayable: true,
    },
    {
      id: 'letter-2',
      code: 'UNSILO_CSV_ROW',
      message: 'The row has 9 fields, the header has 7',
      hint: 'Quote the fields that hold a comma.',
      at: { file: 'in/customers-march.csv', line: 1044, system: 'export' },
      payload: 'R-12,Jo,"Smith, Jr",jo@example.com,,,,,',
      encoding: 'utf8',
      parkedAt: at(41),
      state: 'open',
      system: 'export',
      replayable: false,
      instead: 'Mend the file and drop it again.',
    },
    {
      id: 'letter-3',
      code: 'UNSILO_FEED_ENTRY',
      message: 'The entry has no id and no link',
      at: { url: 'https://news.example/alerts.xml', system: 'press' },
      payload: '<entry><title>Untitled</title></entry>',
      encoding: 'utf8',
      parkedAt: at(12),
      state: 'discarded',
      stateReason: 'An advertisement.',
      system: 'press',
      replayable: false,
      instead: 'Mend it where it comes from.',
    },
  ];
}

/** Says what the real hub would; the letter is replayed unless that is only tried. */
export function replayLetter(letter: DeadLetterView, request: { payload?: string; dryRun: boolean }): ReplayResult {
  if (letter.instead !== undefined && request.payload === undefined)
    throw new ServiceError('invalid', 'UNSILO_NOT_AN_EVENT', 'It is no event.', { hint: letter.instead });
  let value: unknown;
  try {
    value = JSON.parse(request.payload ?? letter.payload);
  } catch {
    return { status: 'invalid', errors: [{ path: '', message: 'is not valid JSON' }] };
  }
  const result = validateEvent(value);
  if (!result.ok) return { status: 'invalid', errors: result.errors.map(({ path, message }) => ({ path, message })) };
  if (request.dryRun) return { status: 'would-append', event: result.event.id };
  letter.state = 'replayed';
  return { status: 'appended', event: result.event.id };
}
