import type { AttributeProfile, AttributeValue, PartyState } from '@unsilo/schemas';
import { isPersonalAttribute } from './attributes.js';
import type { MappingConfig } from './config.js';
import { decoder } from './decode.js';
import { encoder } from './encode.js';
import { attributeProfiles } from './profile.js';
import { compile } from './rules.js';

export type FieldValue = string | number | boolean | null;
/** One record as the system gives it: scalars by field; anything else in a mapped field is told as a problem. */
export type SystemRecord = Readonly<Record<string, unknown>>;

export interface MappingProblem {
  /** Empty when no field has a place for the value. */
  field: string;
  attribute: string;
  /**
   * Reading: UNSILO_MAPPING_BAD_DATE, _BAD_NUMBER, _BAD_BOOLEAN, _BAD_URI, _NOT_A_SCALAR, _UNKNOWN_VALUE (passed on as it is), _INCOMPLETE.
   * Writing: UNSILO_MAPPING_NOT_EXPRESSIBLE (the field can't say this value: it isn't among the answered fields),
   * UNSILO_MAPPING_NO_PLACE (the record has no field for this element, or for a part of it: information, not a failure).
   */
  code: string;
  /** Names field and rule, never the value: it may be personal. */
  message: string;
}

export interface Encoded {
  fields: Record<string, FieldValue>;
  problems: MappingProblem[];
}

export interface FieldMapping {
  /** The party that a record describes. A value that can't be used is left out and told as a problem; never throws. */
  decode(record: SystemRecord): { state: PartyState; problems: MappingProblem[] };
  /**
   * The fields to write so that the record has these attribute values (null or []: none). Only fields of these attributes are
   * answered. `current` is the record as it stands; it decides which element stays in which place.
   */
  encode(set: Readonly<Record<string, AttributeValue>>, current?: SystemRecord): Encoded;
  /** All mapped fields of a new record with this state. */
  encodeState(state: PartyState): Encoded;
  /** What the system's profile says of each attribute: writable, derived, slots, rewrites. */
  attributes(): Record<string, AttributeProfile>;
  /** The fields that are read or written, in order of the configuration. */
  readonly fields: readonly string[];
  /** Those that are read. */
  readonly readFields: readonly string[];
  /** Whether the field feeds an attribute that tells who somebody is. */
  isPersonal(field: string): boolean;
}

/** @throws TerminalError UNSILO_MAPPING_UNKNOWN_ATTRIBUTE, UNSILO_MAPPING_BAD_RULE, UNSILO_MAPPING_BAD_DATE_FORM */
export function fieldMapping(config: MappingConfig): FieldMapping {
  const compiled = compile(config);
  const decode = decoder(config, compiled);
  const { encode, encodeState } = encoder(config, compiled);
  const kindField = typeof config.kind === 'object' ? [config.kind.field] : [];
  const written = Object.keys(config.write ?? {});
  return {
    decode,
    encode,
    encodeState,
    attributes: () => attributeProfiles(compiled),
    fields: [...new Set([...compiled.links.map((link) => link.field), ...kindField, ...written])],
    readFields: [...new Set([...compiled.links.filter((link) => link.reads).map((link) => link.field), ...kindField])],
    isPersonal: (field) =>
      compiled.links.some((link) => link.field === field && isPersonalAttribute(link.rule.attribute)),
  };
}
