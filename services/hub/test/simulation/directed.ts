import type { RuleSwitches } from '../../src/domain.js';
import type { Property } from './findings.js';
import { decides, history, perfect, stands, types } from './perfect.js';
import { refIn, START, type Scenario } from './scenario.js';
import type { Simulation } from './simulate.js';

/** One history that breaks when one rule is left out. */
export interface Directed {
  /** What goes wrong without the rule. */
  name: string;
  rule: keyof RuleSwitches;
  scenario: Scenario;
  /** What is seen of it: a property, or something of this history alone. */
  breaks: Property | ((simulation: Simulation) => boolean);
}

const p = { person: 'p' };
const DAY = 24 * 3_600_000;

/** Says whether a history went wrong. */
export function isBroken({ breaks }: Directed, simulation: Simulation): boolean {
  if (typeof breaks === 'function') return breaks(simulation);
  return simulation.findings.some((f) => f.property === breaks);
}

/** Most sends of one value to one field of one record within the policy's window. */
function mostSends({ world }: Simulation): number {
  const { windowMs } = world.scenario.policy.quarantine;
  const times = new Map<string, number[]>();
  for (const command of world.issued) {
    if (command.action !== 'update') continue;
    for (const [path, { value }] of Object.entries(command.set)) {
      const key = JSON.stringify([command.ref, path, value]);
      times.set(key, [...(times.get(key) ?? []), Date.parse(command.issuedAt)]);
    }
  }
  const busiest = [...times.values()].map((sends) =>
    Math.max(...sends.map((from) => sends.filter((t) => t >= from && t < from + windowMs).length)),
  );
  return Math.max(0, ...busiest);
}

export const DIRECTED: readonly Directed[] = [
  {
    name: 'a wrong merge proves itself by the e-mail that it copied',
    rule: 'echoes',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [stands('alpha', 'p', { emails: ['p1@example.org'] }), stands('bravo', 'q')],
      [
        decides(60_000, 'link', ['alpha', 'p'], ['bravo', 'q']),
        decides(120_000, 'unlink', ['alpha', 'p'], ['bravo', 'q']),
      ],
    ),
    breaks: ({ world }) => (world.record('bravo/contact/q')?.history.at(-1)?.state?.emails.length ?? 0) > 0,
  },
  {
    name: 'declaring what a nightly job does leaves its doing with the others',
    rule: 'rewritingContinuesEcho',
    scenario: history(
      [
        perfect('alpha'),
        perfect('bravo', { rewrites: [{ attribute: 'name.given', rule: 'upper', declared: false, later: true }] }),
      ],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [types(70_000, 'alpha', 'p', { 'name.given': 'Anna' }), { kind: 'declare', at: 200_000, system: 'bravo' }],
    ),
    // Well before everything is parted at the end, when each gets its own back anyhow.
    breaks: ({ world }) => {
      const back = world.issued.find(
        (c) => c.action === 'update' && c.set['name.given']?.value === 'Anna' && c.ref === refIn('alpha', 'p'),
      );
      return back === undefined || Date.parse(back.issuedAt) > START + 300_000;
    },
  },
  {
    name: 'what an edit to another field pushed out of the answer of a write by read-back looks like a statement',
    rule: 'readBackWindow',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { answers: 'read-back' })],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      // Lands at 60.160, is read back at 60.260: the edit to the note lies between.
      [types(60_000, 'alpha', 'p', { 'name.given': 'Anna' }), types(60_200, 'bravo', 'p', { note: 'moved' })],
    ),
    breaks: 10,
  },
  {
    name: 'an edit over a write whose answer was lost loses to it, since the late reading finds the edit and not the write',
    rule: 'readBackWindow',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { clockError: -3_600_000 })],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      // Lands at 60.160 and is seen; its outcome is read at 90.1, when something else stands there.
      [types(60_000, 'alpha', 'p', { 'name.given': 'Anna' }), types(70_000, 'bravo', 'p', { 'name.given': 'Bo' })],
      { network: { answerLost: 1 } },
    ),
    breaks: ({ world }) =>
      !world.issued.some(
        (c) => c.action === 'update' && c.set['name.given']?.value === 'Bo' && c.ref === refIn('alpha', 'p'),
      ),
  },
  {
    name: 'two systems that swap values loop for ever without the hold',
    rule: 'holdBehindOpenCommand',
    scenario: history(
      [perfect('alpha'), perfect('bravo'), perfect('charlie')],
      ['alpha', 'bravo', 'charlie'].map((s) => stands(s, 'p', { ...p, scalars: { 'name.given': 'Anna' } })),
      [
        types(60_000, 'bravo', 'p', { 'name.given': 'Christina' }),
        types(60_020, 'alpha', 'p', { 'name.given': 'Christopher' }),
        types(60_240, 'alpha', 'p', { 'name.given': 'Bo' }),
      ],
    ),
    breaks: 5,
  },
  {
    name: 'an edit over what the hub wrote loses because the clock there is an hour behind',
    rule: 'editsHaveSeenWrites',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { clockError: -3_600_000 })],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [types(60_000, 'alpha', 'p', { 'name.given': 'Anna' })],
      { extraEdit: types(0, 'bravo', 'p', { 'name.given': 'Ann-Marie' }) },
    ),
    breaks: 9,
  },
  {
    name: "a ten-year-old value beats last month's because its record was touched yesterday",
    rule: 'firstObservationFromCreation',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [
        stands('alpha', 'p', {
          ...p,
          createdBefore: 3650 * DAY,
          changedBefore: DAY,
          scalars: { 'name.given': 'Anna' },
        }),
        stands('bravo', 'p', {
          ...p,
          createdBefore: 30 * DAY,
          changedBefore: 30 * DAY,
          scalars: { 'name.given': 'Ann' },
        }),
      ],
      [],
    ),
    breaks: ({ world }) =>
      world.issued.some(
        (c) => c.action === 'update' && c.set['name.given']?.value === 'Anna' && c.ref.startsWith('bravo'),
      ),
  },
  {
    name: 'a clear lets the longest buried value rise again',
    rule: 'clearsWithdraw',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [
        stands('alpha', 'p', { ...p, scalars: { note: 'a rather long remark' } }),
        stands('bravo', 'p', { ...p, scalars: { note: 'short' } }),
      ],
      [],
      { policy: { rules: { '*': 'most-recent', note: 'longest' } }, extraEdit: types(0, 'bravo', 'p', { note: null }) },
    ),
    breaks: 13,
  },
  {
    name: 'a consent granted elsewhere and later overrules the withdrawal',
    rule: 'withdrawalWins',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [
        stands('alpha', 'p', { ...p, consents: { news: 'withdrawn' } }),
        stands('bravo', 'p', { ...p, consents: { news: 'granted' }, createdBefore: 60_000, changedBefore: 60_000 }),
      ],
      [],
    ),
    breaks: ({ world }) =>
      world.record('alpha/contact/p')?.history.some((e) => e.state?.consents.some((c) => c.status === 'granted')) ??
      false,
  },
  {
    name: 'while an answer is awaited the same write is sent again for every event',
    rule: 'oneOpenCommand',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [0, 1, 2, 3].map((i) =>
        types(60_000 + i * 1_000, 'alpha', 'p', i === 0 ? { 'name.given': 'Anna' } : { note: `remark ${i}` }),
      ),
      { network: { answerDelay: [20_000, 20_000] } },
    ),
    breaks: ({ world }) =>
      world.issued.filter((c) => c.action === 'update' && c.set['name.given']?.value === 'Anna').length > 1,
  },
  {
    name: 'after a conflict the hub knocks on without having seen what changed',
    rule: 'waitAfterConflict',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { webhooks: false })],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [types(60_500, 'bravo', 'p', { note: 'moved' }), types(61_000, 'alpha', 'p', { 'name.given': 'Anna' })],
    ),
    breaks: ({ world }) =>
      world.facts.filter((f) => f.type === 'outcome' && f.outcome.status === 'conflict').length > 1,
  },
  {
    name: 'after an unlink a system does not get its own earlier value back',
    rule: 'writeOwnValueBack',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [
        stands('alpha', 'p', { scalars: { 'name.given': 'Anna' } }),
        stands('bravo', 'q', { scalars: { 'name.given': 'Bo' }, createdBefore: 60_000, changedBefore: 60_000 }),
      ],
      [
        decides(60_000, 'link', ['alpha', 'p'], ['bravo', 'q']),
        decides(120_000, 'unlink', ['alpha', 'p'], ['bravo', 'q']),
      ],
    ),
    breaks: 10,
  },
  {
    name: 'after an unlink the other person keeps what the hub wrote there',
    rule: 'clearOrphanedEchoes',
    scenario: history(
      [perfect('alpha'), perfect('bravo')],
      [stands('alpha', 'p', { scalars: { 'name.given': 'Anna' } }), stands('bravo', 'q')],
      [
        decides(60_000, 'link', ['alpha', 'p'], ['bravo', 'q']),
        decides(120_000, 'unlink', ['alpha', 'p'], ['bravo', 'q']),
      ],
    ),
    breaks: 10,
  },
  {
    name: 'a system that writes all in capitals is sent the same name again and again',
    rule: 'acknowledgeRewriting',
    scenario: history(
      [
        perfect('alpha'),
        perfect('bravo', { rewrites: [{ attribute: 'name.given', rule: 'upper', declared: false, later: false }] }),
      ],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [types(60_000, 'alpha', 'p', { 'name.given': 'Anna' })],
    ),
    breaks: (simulation) => mostSends(simulation) > 1,
  },
  {
    name: 'a value that a system is known to cut is sent whole',
    rule: 'projectRewritings',
    scenario: history(
      [
        perfect('alpha'),
        perfect('bravo', {
          rewrites: [{ attribute: 'name.given', rule: 'truncate', length: 4, declared: true, later: false }],
        }),
      ],
      [
        stands('alpha', 'p', { ...p, scalars: { 'name.given': 'Christopher' } }),
        stands('bravo', 'p', { ...p, scalars: { 'name.given': 'Chri' } }),
      ],
      [],
    ),
    breaks: ({ world }) => world.issued.length > 0,
  },
  {
    name: 'one bad field holds the good ones',
    rule: 'splitRejected',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { refuses: [{ attribute: 'note', value: 'forbidden' }] })],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [types(60_000, 'alpha', 'p', { note: 'forbidden', 'name.given': 'Anna' })],
    ),
    breaks: 17,
  },
  {
    name: 'a job that undoes what a steward keeps is answered every time',
    rule: 'quarantine',
    scenario: history(
      [
        perfect('alpha', { rewrites: [{ attribute: 'name.given', rule: 'lower', declared: false, later: true }] }),
        perfect('bravo'),
      ],
      [stands('alpha', 'p', p), stands('bravo', 'p', p)],
      [{ kind: 'keep', at: 60_000, ref: refIn('bravo', 'p'), attribute: 'name.given', value: 'Anna' }],
    ),
    breaks: (simulation) => mostSends(simulation) > simulation.world.scenario.policy.quarantine.sends,
  },
  {
    name: 'one person becomes several records while the first is being made',
    rule: 'createOnce',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { creates: 'search' })],
      [stands('alpha', 'p', { ...p, emails: ['p1@example.org'] })],
      [types(24_000, 'alpha', 'p', { note: 'moved' }), types(26_000, 'alpha', 'p', { note: 'call back' })],
      { policy: { create: true }, network: { answerDelay: [30_000, 30_000] } },
    ),
    breaks: 14,
  },
  {
    name: 'what a person deleted is made again',
    rule: 'neverRecreate',
    scenario: history(
      [perfect('alpha'), perfect('bravo', { creates: 'external-key' })],
      [stands('alpha', 'p', { ...p, scalars: { 'name.given': 'Anna' } }), stands('bravo', 'p', p)],
      [{ kind: 'delete', at: 60_000, ref: refIn('bravo', 'p') }],
      { policy: { create: true } },
    ),
    breaks: 14,
  },
];
