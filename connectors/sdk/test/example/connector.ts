import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Command, Party } from '@unsilo/schemas';
import { refOf } from '@unsilo/schemas';
import {
  correctedTime,
  defineConnector,
  fieldMapping,
  jsonOf,
  mergeMappings,
  secret,
  MappingConfigSchema,
  type ConnectorContext,
  type HttpResponse,
  type MappingConfig,
  type WriteResult,
} from '@unsilo/connector-sdk';

/** The user's options. Whatever is `secret` never reaches a log or an error. */
const Options = Type.Object(
  {
    url: Type.String({ description: 'Address of the address book: `https://book.example`' }),
    token: Type.String({ ...secret, description: 'Access token' }),
    mapping: Type.Optional(Type.Partial(MappingConfigSchema, { description: 'Changes to the field mapping' })),
  },
  { additionalProperties: false },
);
type Options = Static<typeof Options>;
type Context = ConnectorContext<Options>;

/** What the system sends: its contract. `rev` counts the states of a contact. */
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Time = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$' });
const Contact = Type.Object({
  id: Count,
  rev: Count,
  created: Time,
  updated: Time,
  gone: Type.Optional(Type.Boolean()),
  fields: Type.Record(Type.String(), Type.Unknown()),
});
type Contact = Static<typeof Contact>;
/** Contacts are looked at one by one: one that is spoilt must not hide the others. */
const Page = Type.Object({ contacts: Type.Array(Type.Unknown()), next: Count });
const Updated = Type.Object({ before: Contact, after: Contact });

/** Which field means what. Users can change it in the configuration, field by field. */
export const defaults: MappingConfig = {
  fields: {
    first: 'name.given',
    last: { attribute: 'name.surname', length: 500 },
    email: 'emails',
    mobile: { attribute: 'phones', label: 'mobile' },
    born: { attribute: 'birthDate', date: 'dd.mm.yyyy' },
    news: { attribute: 'consents', purpose: 'marketing', channel: 'email', granted: ['yes'], withdrawn: ['no'] },
  },
};
const mappingOf = (options: Options) => fieldMapping(mergeMappings(defaults, options.mapping));

/** The only function that talks to the network. */
async function call(
  context: Context,
  method: string,
  path: string,
  init: { body?: object; rev?: number } = {},
): Promise<HttpResponse> {
  return context.http.request({
    method,
    url: new URL(path, context.options.url),
    headers: {
      authorization: `Bearer ${context.options.token}`,
      ...(init.rev === undefined ? {} : { 'if-match': String(init.rev) }),
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    // Other refusals are thrown as what they are: a value that isn't valid, 422, as a TerminalError, and the command is rejected.
    accept: init.rev === undefined ? [] : [404, 412],
  });
}

/** Pure: a contact as an event. */
function party(system: string, options: Options, contact: Contact, now: number, clockOffsetMs?: number): Party {
  return {
    ref: refOf(system, 'contact', String(contact.id)),
    version: { major: contact.rev, minor: 0 },
    createdAt: correctedTime(Date.parse(contact.created), clockOffsetMs),
    changedAt: correctedTime(Date.parse(contact.updated), clockOffsetMs),
    observedAt: new Date(now).toISOString(),
    ...(contact.gone === true ? { deleted: true } : { state: mappingOf(options).decode(contact.fields).state }),
  };
}

/** The outcome of a write that the system answered with the contact before and after it. */
function applied(context: Context, before: Contact | undefined, after: Contact, offset?: number): WriteResult {
  const left = party(context.system, context.options, after, context.clock.now(), offset);
  const pre = before && party(context.system, context.options, before, context.clock.now(), offset);
  return {
    status: 'applied',
    ref: left.ref,
    version: left.version,
    changedAt: left.changedAt,
    ...(left.state === undefined ? {} : { left: left.state }),
    ...(pre === undefined ? {} : { pre: pre.version }),
    ...(pre?.state === undefined ? {} : { before: pre.state }),
    exact: true,
  };
}

export const addressBook = defineConnector<Options>({
  id: 'address-book',
  title: 'Address book',
  options: Options,
  emits: ['party'],

  profile: (system, options) => ({
    system,
    connector: 'address-book',
    title: 'Address book',
    kinds: [
      {
        kind: 'contact',
        party: 'person',
        attributes: mappingOf(options).attributes(),
        create: 'external-key',
        delete: false,
        conditional: true,
      },
    ],
    objects: [],
  }),

  async check(context) {
    await call(context, 'GET', '/contacts?after=0&limit=1');
    return [{ ok: true, code: 'UNSILO_OK', message: 'The address book answers' }];
  },

  async *read(context) {
    let after = (context.checkpoint as number | undefined) ?? 0;
    for (;;) {
      const response = await call(context, 'GET', `/contacts?after=${after}&limit=2`);
      const page = jsonOf(response, Page);
      for (const contact of page.contacts) {
        if (Value.Check(Contact, contact)) {
          const now = context.clock.now();
          yield { type: 'party', change: party(context.system, context.options, contact, now, response.clockOffsetMs) };
        } else
          yield {
            type: 'bad-input',
            code: 'UNSILO_BOOK_NO_CONTACT',
            message: 'The list holds something that is no contact',
            hint: 'Mend it in the address book; the others were read.',
            at: { url: context.options.url },
            payload: JSON.stringify(contact),
          };
      }
      if (page.contacts.length === 0) break;
      after = page.next;
      yield { type: 'checkpoint', value: after };
    }
    yield { type: 'snapshot-completed' };
  },

  async write(context, command: Command, attempt) {
    const mapping = mappingOf(context.options);
    if (command.action !== 'update' && command.action !== 'create')
      return {
        status: 'rejected',
        error: { code: 'UNSILO_BOOK_ACTION', message: `${command.action} isn't supported` },
      };
    const set = Object.fromEntries(Object.entries(command.set).map(([path, { value }]) => [path, value]));
    const { fields, problems } = mapping.encode(set);
    const refused = problems.find((problem) => problem.code === 'UNSILO_MAPPING_NOT_EXPRESSIBLE');
    if (refused !== undefined)
      return { status: 'rejected', error: { code: refused.code, message: refused.message, field: refused.attribute } };

    if (command.action === 'create') {
      // The system makes at most one contact for a key, so a repeat finds the one made before.
      const response = await call(context, 'PUT', `/contacts/by-key/${command.externalKey}`, { body: fields });
      return applied(context, undefined, jsonOf(response, Contact), response.clockOffsetMs);
    }
    const id = command.ref.split('/').slice(2).join('/');
    const response = await call(context, 'PUT', `/contacts/${id}`, { body: fields, rev: command.base.major });
    const { status, clockOffsetMs } = response;
    if (status === 404)
      return { status: 'rejected', error: { code: 'UNSILO_BOOK_GONE', message: 'The contact is gone' } };
    if (status === 412) {
      const found = jsonOf(response, Contact);
      const isOurs = attempt.unclear && Object.entries(fields).every(([name, value]) => found.fields[name] === value);
      // Our own earlier try may be what moved the record on: a read-back, hence not exact.
      if (isOurs) return { ...applied(context, undefined, found, clockOffsetMs), pre: command.base, exact: false };
      return { status: 'conflict', ref: command.ref };
    }
    const { before, after } = jsonOf(response, Updated);
    return applied(context, before, after, clockOffsetMs);
  },
});
