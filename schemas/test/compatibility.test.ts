import { Ajv } from 'ajv';
import fc from 'fast-check';
import { join } from 'node:path';
import { findViolations } from '../scripts/compatibility.js';
import { loadModel, mapSchema, type Schema, type SchemaObject } from '../scripts/model.js';
import { lastReleased } from '../scripts/released.js';

const MODEL = join(__dirname, '../model');
const RELEASED = join(__dirname, '../released');
const current = loadModel(MODEL);

type Definitions = Record<string, SchemaObject>;

/** The violations that one change of the model makes. */
function violationsOf(change: (definitions: Definitions) => void): string[] {
  const changed = structuredClone(current.definitions) as Definitions;
  change(changed);
  return findViolations(current, { definitions: changed }).map(({ at, breaks }) => `${at} ${breaks}`);
}

function typeOf(
  definitions: Definitions,
  name: string,
): SchemaObject & { properties: Record<string, SchemaObject>; required: string[] } {
  const type = definitions[name];
  if (type?.properties === undefined || type.required === undefined) throw new Error(`${name} is no object type`);
  return type as SchemaObject & { properties: Record<string, SchemaObject>; required: string[] };
}

function property(definitions: Definitions, type: string, name: string): SchemaObject {
  const found = typeOf(definitions, type).properties[name];
  if (found === undefined) throw new Error(`${type} has no ${name}`);
  return found;
}

describe('the model', () => {
  it('is compatible with its last released form', () => {
    const released = lastReleased(RELEASED);
    if (released === undefined) throw new Error('nothing was released');
    expect(findViolations(loadModel(released), current)).toEqual([]);
  });

  it('is compatible with itself', () => {
    expect(violationsOf(() => undefined)).toEqual([]);
  });
});

describe('a planted violation is found:', () => {
  const planted: [what: string, change: (d: Definitions) => void, expected: string][] = [
    [
      'a property removed',
      (d) => delete typeOf(d, 'PartyState').properties['note'],
      'PartyState/properties/note readers',
    ],
    [
      'a property removed from a closed model',
      (d) => delete typeOf(d, 'PartyState').properties['note'],
      'PartyState/properties/note writers',
    ],
    [
      'a property forbidden',
      (d) => void ((typeOf(d, 'PartyState').properties as Record<string, Schema>)['note'] = false),
      'PartyState/properties/note writers',
    ],
    ['a property required', (d) => typeOf(d, 'PartyState').required.push('name'), 'PartyState/required writers'],
    [
      'a new property required',
      (d) => {
        typeOf(d, 'PartyState').properties['segment'] = { type: 'string' };
        typeOf(d, 'PartyState').required.push('segment');
      },
      'PartyState/required writers',
    ],
    [
      'a property no longer required',
      (d) => void (typeOf(d, 'Customer').required = ['id']),
      'Customer/required readers',
    ],
    ['a type removed', (d) => delete d['Signal'], 'Signal readers'],
    [
      'another type',
      (d) => void (property(d, 'Signal', 'message').type = 'object'),
      'Signal/properties/message writers',
    ],
    [
      'a wider type',
      (d) => void ((property(d, 'Signal', 'message') as { type: unknown }).type = ['string', 'null']),
      'Signal/properties/message readers',
    ],
    [
      'numbers made whole',
      (d) => void ((d['ExtraValue'] as { type: unknown }).type = ['string', 'integer', 'boolean']),
      'ExtraValue writers',
    ],
    [
      'a value of an enumeration removed',
      (d) => void (property(d, 'Outcome', 'status').enum = ['applied', 'rejected']),
      'Outcome/properties/status writers',
    ],
    [
      'an enumeration where anything was allowed',
      (d) => void (property(d, 'Email', 'label').enum = ['work']),
      'Email/properties/label writers',
    ],
    [
      'another constant',
      (d) => void (property(d, 'UpdateCommand', 'action').const = 'patch'),
      'UpdateCommand/properties/action writers',
    ],
    [
      'a longest length lowered',
      (d) => void (property(d, 'Email', 'address')['maxLength'] = 10),
      'Email/properties/address writers',
    ],
    [
      'a limit where there was none',
      (d) => void (property(d, 'KindProfile', 'delete')['maxProperties'] = 10),
      'KindProfile/properties/delete writers',
    ],
    [
      'a least length raised',
      (d) => void (property(d, 'Email', 'address')['minLength'] = 3),
      'Email/properties/address writers',
    ],
    [
      'a least number of elements',
      (d) => void (property(d, 'PartyState', 'emails')['minItems'] = 1),
      'PartyState/properties/emails writers',
    ],
    ['another pattern', (d) => void ((d['Ref'] as SchemaObject)['pattern'] = '^x'), 'Ref writers'],
    ['a pattern left out', (d) => delete (d['Ref'] as SchemaObject)['pattern'], 'Ref readers'],
    [
      'a format added',
      (d) => void (property(d, 'Email', 'address')['format'] = 'email'),
      'Email/properties/address writers',
    ],
    [
      'a keyword that nothing is known of',
      (d) => void (property(d, 'Email', 'address')['contentEncoding'] = 'base64'),
      'Email/properties/address writers',
    ],
    [
      'an open object closed',
      (d) => void (property(d, 'RecordSummary', 'summary').additionalProperties = false),
      'RecordSummary/properties/summary/additionalProperties writers',
    ],
    [
      'a property of an open object narrowed',
      (d) =>
        void ((property(d, 'RecordSummary', 'summary').properties as Definitions)['attributes'] = { type: 'array' }),
      'RecordSummary/properties/summary/properties/attributes writers',
    ],
    [
      'names limited further',
      (d) => void ((d['Extra'] as SchemaObject).propertyNames = { pattern: '^[a-z]+$' }),
      'Extra/propertyNames writers',
    ],
    [
      'elements of another type',
      (d) => void (property(d, 'PartyState', 'emails').items = { $ref: '#/definitions/Phone' }),
      'PartyState/properties/emails/items/properties/address readers',
    ],
    [
      'a pair made a triple',
      (d) => void (property(d, 'LinkDecision', 'refs')['minItems'] = 3),
      'LinkDecision/properties/refs writers',
    ],
    ['an alternative removed', (d) => void (d['Command'] as SchemaObject).oneOf?.pop(), 'Command/oneOf writers'],
    [
      'an alternative of a requirement removed',
      (d) => void (d['OnlineService'] as SchemaObject).anyOf?.pop(),
      'OnlineService/anyOf writers',
    ],
    [
      'a type of event removed',
      (d) => void (property(d, 'EventEnvelope', 'type').enum = ['unsilo.party.changed']),
      'EventEnvelope/properties/type writers',
    ],
    [
      'other data for a type of event',
      (d) => {
        const [first] = (d['EventEnvelope'] as SchemaObject).allOf as { then: { properties: Definitions } }[];
        if (first) first.then.properties['data'] = { $ref: '#/definitions/Signal' };
      },
      'EventEnvelope/allOf/{"properties":{"type":{"const":"unsilo.party.changed"}},"required":["type"]}/then/properties/data writers',
    ],
  ];

  it.each(planted)('%s', (_what, change, expected) => {
    expect(violationsOf(change)).toContain(expected);
  });
});

describe('compatible is', () => {
  const allowed: [what: string, change: (d: Definitions) => void][] = [
    ['a new optional property', (d) => void (typeOf(d, 'PartyState').properties['segment'] = { type: 'string' })],
    ['a new type', (d) => void (d['Ticket'] = { type: 'object' })],
    ['a new value of an enumeration', (d) => void property(d, 'Outcome', 'status').enum?.push('postponed')],
    ['a higher limit', (d) => void (property(d, 'Email', 'address')['maxLength'] = 2000)],
    ['a new alternative', (d) => void (d['Command'] as SchemaObject).oneOf?.push({ $ref: '#/definitions/Signal' })],
    ['other words', (d) => void (property(d, 'Email', 'address').description = 'Where mail goes.')],
    [
      'a new type of event with data of its own',
      (d) => {
        property(d, 'EventEnvelope', 'type').enum?.push('unsilo.ticket.changed');
        (d['EventEnvelope'] as SchemaObject).allOf?.push({
          if: { properties: { type: { const: 'unsilo.ticket.changed' } }, required: ['type'] },
          then: { properties: { data: { $ref: '#/definitions/Signal' } } },
        });
      },
    ],
  ];

  it.each(allowed)('%s', (_what, change) => {
    expect(violationsOf(change)).toEqual([]);
  });
});

describe('the check is sound', () => {
  const small = fc.integer({ min: 0, max: 3 });
  const scalar: fc.Arbitrary<Schema> = fc.oneof(
    fc.boolean(),
    fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null') }),
    fc.record({ type: fc.constant('string'), maxLength: small, minLength: small }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('number'), maximum: small, minimum: small }, { requiredKeys: ['type'] }),
    fc.record({ enum: fc.uniqueArray(fc.constantFrom<unknown>('', 'a', 1, null), { minLength: 1 }) }),
    fc.record({ const: fc.constantFrom<unknown>('a', 1) }),
  );
  const schema = fc.letrec<{ schema: Schema }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      scalar,
      fc.record(
        {
          type: fc.constant('object'),
          properties: fc.dictionary(fc.constantFrom('p', 'q'), tie('schema'), { maxKeys: 2 }),
          required: fc.uniqueArray(fc.constantFrom('p', 'q')),
          additionalProperties: tie('schema'),
          propertyNames: fc.record({ maxLength: small }),
          maxProperties: small,
        },
        { requiredKeys: ['type'] },
      ),
      fc.record(
        { type: fc.constant('array'), items: tie('schema'), maxItems: small, minItems: small },
        { requiredKeys: ['type'] },
      ),
      fc.record(
        { items: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), additionalItems: tie('schema') },
        { requiredKeys: ['items'] },
      ),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ if: tie('schema'), then: tie('schema'), else: tie('schema') }, { requiredKeys: ['if'] }),
    ),
  })).schema;
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      fc.constantFrom<unknown>('', 'a', 'abcd', 0, 1, 2.5, 4, true, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('p', 'q', 'rr'), tie('value'), { maxKeys: 3 }),
    ),
  })).value;

  /** What is done to the n-th object of a schema: a keyword left out, its limits moved, or a property required. */
  const edit = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Edit>({ kind: 'keep' }) },
    fc.record({ kind: fc.constant('drop' as const), index: fc.nat(5) }),
    fc.record({ kind: fc.constant('move' as const), by: fc.constantFrom(-1, 1) }),
    fc.record({ kind: fc.constant('require' as const), name: fc.constantFrom('p', 'q') }),
    fc.record({ kind: fc.constant('replace' as const), schema: scalar }),
  );
  const pair = fc.oneof(
    fc.tuple(schema, schema),
    fc
      .tuple(schema, fc.array(edit, { minLength: 1, maxLength: 6 }))
      .map(([released, edits]) => [released, edited(released, edits)] as const),
  );

  it('what it calls harmless to writers refuses nothing that was accepted', () => {
    const ajv = new Ajv({ strict: false, addUsedSchema: false });
    fc.assert(
      fc.property(pair, fc.array(value, { minLength: 20, maxLength: 20 }), ([released, now], values) => {
        const found = findViolations({ definitions: { T: released } }, { definitions: { T: now } });
        fc.pre(!found.some(({ breaks }) => breaks === 'writers'));
        const [before, after] = [ajv.compile(released), ajv.compile(now)];
        for (const candidate of values) if (before(candidate)) expect(after(candidate)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

type Edit =
  | { kind: 'keep' }
  | { kind: 'drop'; index: number }
  | { kind: 'move'; by: number }
  | { kind: 'require'; name: string }
  | { kind: 'replace'; schema: Schema };

function edited(schema: Schema, edits: readonly Edit[]): Schema {
  let place = 0;
  return mapSchema(schema, (node) => {
    const change = edits[place++ % edits.length] ?? { kind: 'keep' };
    switch (change.kind) {
      case 'keep':
        return node;
      case 'drop': {
        const keywords = Object.keys(node);
        const dropped = keywords[change.index % keywords.length];
        return Object.fromEntries(Object.entries(node).filter(([keyword]) => keyword !== dropped));
      }
      case 'move':
        return Object.fromEntries(
          Object.entries(node).map(([keyword, limit]) => [
            keyword,
            typeof limit === 'number' ? Math.max(0, limit + change.by) : limit,
          ]),
        );
      case 'require':
        return { ...node, required: [...new Set([...(node.required ?? []), change.name])] };
      case 'replace':
        return typeof change.schema === 'object' ? change.schema : node;
    }
  });
}
