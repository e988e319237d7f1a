import { Type, type Static } from 'typebox';

/**
 * How the fields of a system's records stand to the attributes of a party, as it is written in the configuration:
 *
 *     fields:
 *       first_name: name.given
 *       phone_mobile: { attribute: phones, label: mobile }
 *       soc_sec_id: { attribute: identifiers, issuer: ssn }
 *       dob: { attribute: birthDate, date: yyyymmdd }
 *       newsletter: { attribute: consents, purpose: marketing, channel: email, granted: ['1', 'yes'], withdrawn: ['0', 'no'] }
 */
const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

export const FieldRuleSchema = Type.Object(
  {
    attribute: Type.String({ description: 'Attribute path: `name.given`, `emails`, `addresses.street`, `extra.tier`' }),
    label: Type.Optional(
      Type.String({ description: 'Multi-valued attributes: the label of the element: `work`, `mobile`' }),
    ),
    issuer: Type.Optional(Type.String({ description: '`identifiers`: who issued the value' })),
    service: Type.Optional(Type.String({ description: '`onlineServices`: the network' })),
    purpose: Type.Optional(Type.String({ description: '`consents`: the purpose' })),
    channel: Type.Optional(Type.String({ description: '`consents`: the channel (default `any`)' })),
    granted: Type.Optional(Type.Array(Scalar, { description: '`consents`: values that grant; the first is written' })),
    withdrawn: Type.Optional(
      Type.Array(Scalar, { description: '`consents`: values that withdraw; the first is written' }),
    ),
    date: Type.Optional(
      Type.String({
        description: 'Form of a date in the field, of `yyyy`, `mm`, `dd` and other characters: `dd.mm.yyyy`',
      }),
    ),
    values: Type.Optional(
      Type.Record(Type.String(), Scalar, {
        description: "The system's values and what they mean; the first of equals is written",
      }),
    ),
    split: Type.Optional(Type.String({ description: 'The field holds several elements, separated by this' })),
    join: Type.Optional(
      Type.String({
        description:
          'Fields with one attribute and `join` make one value, with this between; with `split`: the separator to write',
      }),
    ),
    pattern: Type.Optional(
      Type.String({
        description:
          'Several fields joined into one attribute: what of it belongs into this field when written (regular expression)',
      }),
    ),
    type: Type.Optional(
      Type.Union([Type.Literal('string'), Type.Literal('number'), Type.Literal('boolean')], {
        description: '`extra.*`: type of the value (default `string`)',
      }),
    ),
    direction: Type.Optional(
      Type.Union([Type.Literal('both'), Type.Literal('in'), Type.Literal('out')], {
        description: 'Read, write or both (default `both`)',
      }),
    ),
    derived: Type.Optional(
      Type.Boolean({ description: 'The system makes the value itself: read, never written or cleared' }),
    ),
    length: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Longest value that the system keeps, in characters' }),
    ),
  },
  { additionalProperties: false },
);
export type FieldRuleObject = Static<typeof FieldRuleSchema>;

/** One field feeds one attribute, several, or (null) none. */
export type FieldRule = string | FieldRuleObject | readonly (string | FieldRuleObject)[] | null;

/** Marks in a schema the parts of a field mapping whose mistakes no schema sees. */
export const MAPPING_PART = 'x-unsilo-mapping';

const OneRule = Type.Union([Type.String(), FieldRuleSchema]);
export const MappingConfigSchema = Type.Object(
  {
    kind: Type.Optional(
      Type.Union(
        [
          Type.Literal('person'),
          Type.Literal('organization'),
          Type.Object(
            {
              field: Type.String({ description: 'Field that tells persons from organizations' }),
              organization: Type.Array(Scalar, { description: 'Its values that mean an organization' }),
            },
            { additionalProperties: false },
          ),
        ],
        { description: 'What the records are (default `person`)' },
      ),
    ),
    fields: Type.Record(Type.String(), Type.Union([OneRule, Type.Array(OneRule), Type.Null()]), {
      [MAPPING_PART]: 'fields',
      description: "The system's fields and the attributes that they feed; null takes a field of the defaults out",
    }),
    constants: Type.Optional(
      Type.Record(Type.String(), Scalar, {
        [MAPPING_PART]: 'constants',
        description: 'Attributes that every record has: `language: de`',
      }),
    ),
    write: Type.Optional(
      Type.Record(Type.String(), Scalar, { description: 'Fields written with a fixed value into every new record' }),
    ),
    empty: Type.Optional(
      Type.Union([Type.Literal(''), Type.Null()], { description: "What an absent value is written as (default `''`)" }),
    ),
  },
  { additionalProperties: false },
);
export interface MappingConfig {
  kind?: 'person' | 'organization' | { field: string; organization: (string | number | boolean)[] };
  fields: Record<string, FieldRule>;
  constants?: Record<string, string | number | boolean>;
  write?: Record<string, string | number | boolean>;
  empty?: '' | null;
}

/** The connector's own mapping with the configuration's on top, field by field. */
export function mergeMappings(defaults: MappingConfig, changes: Partial<MappingConfig> | undefined): MappingConfig {
  if (changes === undefined) return defaults;
  return {
    ...defaults,
    ...changes,
    fields: { ...defaults.fields, ...changes.fields },
    constants: { ...defaults.constants, ...changes.constants },
    write: { ...defaults.write, ...changes.write },
  };
}
