import type {
  AuditRow,
  DeadLetterView,
  GroupLag,
  IngestResult,
  LiveEvent,
  ReplayResult,
  SystemView,
} from '@unsilo/hub';
import type { DeadLetterPlace, SystemProfile } from '@unsilo/schemas';
import { Type } from 'typebox';
import { Exception } from './customers.js';
import { closed, Count, CustomerId, Fault, RefText, SystemName, Time } from './parts.js';
import { page, ref, view } from './view.js';

/** Views of what runs: systems, events, dead letters, the audit. */
export const System = view<SystemView>('System')(
  Type.Object(
    {
      system: SystemName,
      connector: Type.String(),
      title: Type.String(),
      state: Type.Union([
        Type.Literal('starting'),
        Type.Literal('running'),
        Type.Literal('behind'),
        Type.Literal('paused'),
        Type.Literal('stopped'),
      ]),
      reason: Type.Optional(Type.String({ description: 'Why it is paused or behind.' })),
      hint: Type.Optional(Type.String({ description: 'What to do about it.' })),
      since: Time,
      profile: ref<SystemProfile>('SystemProfile'),
      snapshotComplete: Type.Boolean({ description: 'All that it held at first has been read.' }),
      counts: Type.Record(Type.String(), Type.Number(), { description: 'By name of what is counted.' }),
      lastChangeAt: Type.Optional(Time),
      lag: Type.Object(
        { inbound: Count, inboundMs: Type.Number(), outbound: Count, outboundMs: Type.Number() },
        {
          ...closed,
          description:
            'Changes that the hub has not processed yet and writes that wait for the system: how many, and the age of the oldest in milliseconds.',
        },
      ),
    },
    { ...closed, description: 'One connected system and how it fares.' },
  ),
);
export const SystemList = view<{ items: SystemView[] }>('SystemList')(
  Type.Object({ items: Type.Array(System) }, closed),
);

const Group = view<GroupLag>('GroupLag')(
  Type.Object(
    {
      group: Type.String({ description: 'Consumer group, as lag tools show it.' }),
      system: Type.Optional(SystemName),
      records: Count,
      seconds: Type.Number({ description: 'Age of the oldest of them.' }),
      verdict: Type.Union(
        [Type.Literal('ok'), Type.Literal('behind'), Type.Literal('stalled'), Type.Literal('stopped')],
        {
          description:
            'behind: older than 10 s, and moving on. stalled: not moved on for a minute although it could. stopped: nobody reads.',
        },
      ),
    },
    { ...closed, description: 'What one consumer group of the log has still to handle.' },
  ),
);
export const LagList = view<{ items: GroupLag[] }>('LagList')(Type.Object({ items: Type.Array(Group) }, closed));

export const Live = view<LiveEvent>('LiveEvent')(
  Type.Object(
    {
      cursor: Type.String({ description: 'Where to resume after it.' }),
      topic: Type.String(),
      type: Type.String(),
      id: Type.String(),
      subject: Type.String(),
      at: Time,
      data: Type.Unknown({ description: 'As the schema of `type` says; see the contract.' }),
    },
    { ...closed, description: 'One event that flowed through the hub.' },
  ),
);
export const LivePage = page('EventPage', Live, 'Events of one topic, newest first.');

const accepted = Type.Object({ id: Type.String(), status: Type.Literal('accepted') }, closed);
const rejected = Type.Object(
  {
    id: Type.Optional(Type.String()),
    status: Type.Literal('rejected'),
    code: Type.String(),
    errors: Type.Array(Fault),
  },
  closed,
);
export const Ingested = view<IngestResult>('IngestResult')(Type.Union([accepted, rejected]));
export const IngestReport = view<{ accepted: number; results: IngestResult[] }>('IngestReport')(
  Type.Object(
    {
      accepted: Count,
      results: Type.Array(Ingested, { description: 'One for each event, in the order they were sent.' }),
    },
    { ...closed, description: 'Every event is in the log, and stays there whatever happens now.' },
  ),
);

export const deadLetterState = Type.Union([Type.Literal('open'), Type.Literal('replayed'), Type.Literal('discarded')]);
export const Letter = view<DeadLetterView>('DeadLetterKnown')(
  Type.Object(
    {
      id: ref<string>('Identifier'),
      code: ref<string>('ErrorCode'),
      message: Type.String(),
      hint: Type.Optional(Type.String()),
      at: ref<DeadLetterPlace>('DeadLetterPlace'),
      payload: Type.String({ description: 'The input as it came.' }),
      encoding: Type.Union([Type.Literal('utf8'), Type.Literal('base64')]),
      truncated: Type.Optional(Type.Boolean({ description: 'Only the beginning was kept.' })),
      parkedAt: Time,
      state: deadLetterState,
      stateReason: Type.Optional(Type.String()),
      system: Type.Optional(SystemName),
      replayable: Type.Boolean({
        description: 'It came as a message of the log, and can be one again. What a connector could not read can not.',
      }),
      instead: Type.Optional(Type.String({ description: 'What to do where it can not be replayed.' })),
    },
    { ...closed, description: 'Input that could not be used, and what became of it.' },
  ),
);
export const LetterPage = page('DeadLetterPage', Letter, 'Dead letters, newest first.');
export const Replayed = view<ReplayResult>('ReplayResult')(
  Type.Object(
    {
      status: Type.Union([Type.Literal('would-append'), Type.Literal('appended'), Type.Literal('invalid')]),
      event: Type.Optional(Type.String({ description: 'Id of the event.' })),
      errors: Type.Optional(Type.Array(Fault)),
    },
    closed,
  ),
);

// Lines of a stream, which no route can name as its answer.
view<AuditRow>('AuditRow')(
  Type.Object(
    {
      customer: CustomerId,
      ref: RefText,
      system: SystemName,
      attribute: Type.Optional(Type.String()),
      reason: Type.Union([Exception, Type.Literal('unexplained')]),
    },
    { ...closed, description: 'One writable record that differs from its customer, and why.' },
  ),
);
