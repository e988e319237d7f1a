import {
  mappingDigest,
  retirement,
  type ConnectorMemory,
  type MappingConfig,
  type Retired,
} from '@unsilo/connector-sdk';
import { UnknownFieldError } from './answers.js';
import type { SuiteClient } from './client.js';
import { mapWith, type PartyMap } from './map.js';
import type { PartyKindName } from './mappings.js';
import type { SuiteRecord } from './modules.js';

/**
 * The mappings of one module under which records may have been told last, the one in use included. SuiteCRM is asked for records again and no
 * values of theirs are kept: so the mapping itself is, until all records have been told under the one in use.
 */
export interface Mappings {
  /** The one under which a record was told; undefined: the one in use, or one that is no longer known. */
  former(digest: string | undefined): PartyMap | undefined;
  /** What stays of a record's word that was told under a former one. */
  retire(former: PartyMap, record: SuiteRecord, known: Retired | undefined): Retired;
  /** Fields to ask for besides those in use. */
  readonly formerFields: readonly string[];
  /** All records have been told under the one in use: the others are forgotten. */
  settle(): Promise<void>;
}
interface Stored {
  /** Of records that don't say under which they were told. */
  first: string;
  configs: Record<string, MappingConfig>;
}

/** @throws whatever asking SuiteCRM for the former fields throws */
export async function openMappings(
  kind: PartyKindName,
  current: PartyMap,
  client: SuiteClient,
  memory: ConnectorMemory,
): Promise<Mappings> {
  const key = `mapping/${kind}`;
  const digest = mappingDigest(current.config);
  const onlyThis: Stored = { first: digest, configs: { [digest]: current.config } };
  const stored = ((await memory.get(key)) as Stored | undefined) ?? onlyThis;
  const known = { ...stored, configs: { ...stored.configs, ...onlyThis.configs } };
  // Before any record is noted as told under it.
  await memory.set({ [key]: known });
  const former = new Map(
    Object.entries(known.configs)
      .filter(([other]) => other !== digest)
      .map(([other, config]) => [other, mapWith(kind, config)] as const),
  );
  const retirements = new Map<PartyMap, ReturnType<typeof retirement>>();
  let formerFields = await standing(
    current,
    [...former.values()].flatMap(({ fields }) => fields),
    client,
  );
  return {
    former: (told = known.first) => former.get(told),
    retire(before, record, retired) {
      const retire = retirements.get(before) ?? retirement(before.config, current.config);
      retirements.set(before, retire);
      return retire({ ...before.plain(record), ...current.plain(record) }, retired);
    },
    get formerFields() {
      return formerFields;
    },
    async settle() {
      if (former.size === 0) return;
      await memory.set({ [key]: onlyThis });
      former.clear();
      formerFields = [];
    },
  };
}

/** Those of the former fields that SuiteCRM still has: of a custom field that was deleted nobody knows what it said. */
async function standing({ fields, info }: PartyMap, former: readonly string[], client: SuiteClient): Promise<string[]> {
  let left = [...new Set(former)].filter((field) => !fields.includes(field));
  while (left.length > 0)
    try {
      await client.list(info.module, { fields: ['id', ...left], size: 1, where: [] });
      return left;
    } catch (error) {
      if (!(error instanceof UnknownFieldError) || !left.includes(error.field)) throw error;
      left = left.filter((field) => field !== error.field);
    }
  return [];
}
