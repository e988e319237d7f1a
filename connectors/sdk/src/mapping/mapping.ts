import type { AttributeProfile, AttributeValue, PartyState } from '@unsilo/schemas';

export type FieldValue = string | number | boolean | null;
/** One record as the system gives it: scalars by field; other values are looked over with a problem. */
export type SystemRecord = Readonly<Record<string, unknown>>;

export interface MappingProblem {
  field: string;
  attribute: string;
  /** UNSILO_MAPPING_BAD_DATE, UNSILO_MAPPING_UNKNOWN_VALUE, UNSILO_MAPPING_NOT_A_SCALAR, UNSILO_MAPPING_NO_PLACE, … */
  code: string;
  /** Names field and rule, never the value: it may be personal. */
  message: string;
}

export interface FieldMapping {
  /** The party that a record describes. A value that can't be used is left out and told as a problem; never throws. */
  decode(record: SystemRecord): { state: PartyState; problems: MappingProblem[] };
  /**
   * The fields to write so that the record has these attribute values (null or []: none). Only fields of these attributes are
   * answered. `current` is the record as it stands; it decides which element stays in which place.
   */
  encode(
    set: Readonly<Record<string, AttributeValue>>,
    current?: SystemRecord,
  ): { fields: Record<string, FieldValue>; problems: MappingProblem[] };
  /** All fields of a new record with this state. */
  encodeState(state: PartyState): { fields: Record<string, FieldValue>; problems: MappingProblem[] };
  /** What the system profile says of each attribute: writable, derived, slots, rewrites. */
  attributes(): Record<string, AttributeProfile>;
  /** The system's fields that are read or written, in order of the configuration. */
  readonly fields: readonly string[];
  /** Whether the field feeds an attribute that tells who somebody is (name, e-mail, phone, address, birth date, identifier). */
  isPersonal(field: string): boolean;
}
