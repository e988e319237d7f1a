import type {
  CustomerLookup,
  CustomerSummary,
  Difference,
  EmploymentLink,
  EmploymentView,
  ExceptionReason,
  InteractionView,
  RecordSummaryView,
  RecordView,
  TimelineEntry,
} from '@unsilo/hub';
import type { BusinessObject, Command, Customer, Interaction, Outcome, Statement } from '@unsilo/schemas';
import { Type, type TUnsafe } from 'typebox';
import { closed, Count, CustomerId, RefText, StateOfParty, SystemName, Time, Value, VersionOf } from './parts.js';
import { page, ref, view } from './view.js';

export const Summary = view<CustomerSummary>('CustomerSummary')(
  Type.Object(
    {
      id: CustomerId,
      kind: Type.Union([Type.Literal('person'), Type.Literal('organization')]),
      name: Type.String({ description: 'Best name to show.' }),
      systems: Type.Array(SystemName),
      members: Type.Integer({ minimum: 0, description: 'Number of source records.' }),
      changedAt: Time,
    },
    closed,
  ),
);
export const SummaryPage = page('CustomerPage', Summary, 'Customers, newest change first.');

const exceptions = [
  'acknowledged',
  'rejected',
  'uncertain',
  'pending',
  'conflict',
  'quarantined',
  'add-suppressed',
  'displaced',
  'not-writable',
  'clear-refused',
  'duplicate',
  'deleted',
] as const;
export const Exception: TUnsafe<ExceptionReason> = view<ExceptionReason>('ExceptionReason')(
  Type.Unsafe<(typeof exceptions)[number]>({
    type: 'string',
    enum: [...exceptions],
    description:
      'Why a record may differ from its customer: its system rewrites the value, refused it, answered unclearly, has not answered yet, ' +
      'had moved on; the value was sent too often; its people removed it there; no place is left; the field may not be written, or not ' +
      'be cleared; another record of the system stands for the customer; the record is deleted.',
  }),
);
const DifferenceView = view<Difference>('Difference')(
  Type.Object(
    {
      attribute: Type.String(),
      wanted: Value,
      shadow: Value,
      asOf: Type.Number({ description: 'Effective time of the winning statement, milliseconds since the epoch.' }),
      from: Type.Optional(Type.String({ description: 'The record whose statement won.' })),
      reason: Type.Optional(Exception),
      suspect: Type.Optional(
        Type.Boolean({ description: 'Part of a refused write of several fields: to be sent alone.' }),
      ),
    },
    {
      ...closed,
      description:
        'One attribute of one record that differs from the merged record. Without `reason`: it is to be written.',
    },
  ),
);

const summaryFields = {
  ref: RefText,
  system: SystemName,
  state: Type.Optional(StateOfParty),
  deleted: Type.Boolean(),
  version: Type.Optional(VersionOf),
  differences: Type.Array(DifferenceView),
  open: Type.Optional(
    Type.Object(
      { command: Type.String(), since: Time },
      { ...closed, description: 'The write that its system has not answered yet.' },
    ),
  ),
};
export const RecordSummary = view<RecordSummaryView>('RecordInSystem')(
  Type.Object(summaryFields, { ...closed, description: 'A source record as its system holds it.' }),
);
export const RecordKnown = view<RecordView>('RecordKnown')(
  Type.Object(
    {
      ...summaryFields,
      customer: Type.Optional(CustomerId),
      testimony: Type.Array(
        Type.Object(
          {
            attribute: Type.String(),
            element: Type.Optional(Type.String()),
            statement: ref<Statement>('Statement'),
            echo: Type.Boolean({ description: 'What stands there now was written by the hub.' }),
            held: Type.Boolean({
              description: 'What stands there now may turn out to be ours: a write is still open.',
            }),
          },
          closed,
        ),
      ),
      identifiers: Type.Array(
        Type.Object(
          {
            kind: Type.String(),
            value: Type.String(),
            generic: Type.Boolean({ description: 'Too many parties share it: it links nobody.' }),
          },
          closed,
        ),
      ),
      lateFacts: Type.Integer({ minimum: 0, description: 'Facts that came after their time had been summarised.' }),
    },
    { ...closed, description: 'All that the hub knows of one source record.' },
  ),
);

type Found = Extract<CustomerLookup, { status: 'found' }>;
export const Whole = view<Omit<Found, 'status'>>('CustomerWhole')(
  Type.Object(
    { customer: ref<Customer>('Customer'), records: Type.Array(RecordSummary) },
    { ...closed, description: 'A customer with provenance, beside the records as their systems hold them.' },
  ),
);
export const Moved = view<{ to: string }>('CustomerMoved')(
  Type.Object({ to: CustomerId }, { ...closed, description: 'The customer that this id resolves to.' }),
);

const Link = view<EmploymentLink>('EmploymentLink')(
  Type.Object(
    {
      customer: Summary,
      stated: Type.String({ description: "As the person's systems write the organization's name." }),
      how: Type.Union([Type.Literal('name'), Type.Literal('name-and-domain')], {
        description: '`name-and-domain`: besides, the person has an e-mail address at the domain of the organization.',
      }),
      title: Type.Optional(Type.String({ description: "The person's first title." })),
    },
    { ...closed, description: 'A person and an organization that belong together, seen from one of them.' },
  ),
);
export const Employment = view<EmploymentView>('Employment')(
  Type.Object(
    {
      employers: Type.Array(Link, {
        description:
          'Of a person, surest first. Several of one name where the name alone does not tell which is meant.',
      }),
      people: Type.Array(Link, { description: 'Of an organization.' }),
      complete: Type.Boolean({ description: 'Nothing was left out.' }),
    },
    closed,
  ),
);

const Reply = Type.Object(
  { command: ref<Command>('Command'), outcome: Type.Optional(ref<Outcome>('Outcome')) },
  closed,
);
export const Entry = view<TimelineEntry>('TimelineEntry')(
  Type.Union([
    Type.Object(
      {
        type: Type.Literal('interaction'),
        at: Time,
        interaction: ref<Interaction>('Interaction'),
        replies: Type.Array(Reply),
      },
      closed,
    ),
    Type.Object({ type: Type.Literal('object'), at: Time, object: ref<BusinessObject>('BusinessObject') }, closed),
  ]),
);
export const Timeline = page(
  'Timeline',
  Entry,
  'Interactions and objects of all records of the customer, newest first.',
);

export const InteractionKnown = view<InteractionView>('InteractionKnown')(
  Type.Object(
    {
      interaction: ref<Interaction>('Interaction'),
      customer: Type.Optional(CustomerId),
      replies: Type.Array(Reply),
      reply: Type.Optional(
        Type.Object({ maxLength: Count }, { ...closed, description: 'Absent: its system takes no replies.' }),
      ),
    },
    closed,
  ),
);

export const Hash = view<{ hash: string; customers: number }>('CustomersHash')(
  Type.Object({ hash: Type.String(), customers: Count }, { ...closed, description: 'Equal for equal customers.' }),
);
