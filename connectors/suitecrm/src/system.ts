import {
  mappingDigest,
  withRetired,
  type Clock,
  type ConnectorContext,
  type ConnectorMemory,
  type MappingProblem,
  type Retired,
} from '@unsilo/connector-sdk';
import { refOf, type ObjectState, type PartyState } from '@unsilo/schemas';
import { createSuiteClient, type SuiteClient } from './client.js';
import { journalOf, type Journal } from './journal.js';
import { openMappings, type Mappings } from './mapped.js';
import { partyMap, textOf, type PartyMap } from './map.js';
import { decodeObject, DEFAULT_CURRENCY, objectFields } from './map-objects.js';
import { isObjectKind, type PartyKindName } from './mappings.js';
import { MODULES, type KindName, type ModuleInfo, type SuiteRecord } from './modules.js';
import type { SuiteCrmOptions } from './options.js';
import { recordMemory, stateDigest, type RecordMemory, type Remembered } from './remembered.js';
import { sessionOf, type Session } from './session.js';

/** One configured SuiteCRM with all that its readers and writers need. */
export interface SuiteSystem {
  system: string;
  options: SuiteCrmOptions;
  client: SuiteClient;
  session: Session;
  memory: ConnectorMemory;
  records: RecordMemory;
  journal: Journal;
  clock: Clock;
  ref(kind: KindName, id: string): string;
  map(kind: PartyKindName): PartyMap;
  /** The fields to ask for, those included that tell what records said under a former mapping. */
  fields(kind: KindName): Promise<readonly string[]>;
  /** Digest of all that decides what is read of records. */
  readonly reads: string;
  mappings(kind: PartyKindName): Promise<Mappings>;
  /** What a record says, with what must be asked for besides. `known` saves asking when the record itself hasn't changed. */
  view(info: ModuleInfo, record: SuiteRecord, known: KnownOfView | undefined, fresh: boolean): Promise<View>;
  /** ISO 4217 codes by id. */
  currencies(): Promise<ReadonlyMap<string, string>>;
}
type KnownOfView = { [K in keyof Remembered]?: Remembered[K] | undefined };
export interface View {
  state: PartyState | ObjectState;
  digest: string;
  problems: MappingProblem[];
  links?: { record: string; contacts: string[] };
  interaction?: string;
  /** Parties: digest of the mapping in use. */
  mapping?: string;
  /** Told under another mapping before. */
  isMappedAnew?: boolean;
  retired?: Retired;
  own?: string;
  /** Erased, and says nothing else since. */
  isErased?: boolean;
}

export function openSystem(context: ConnectorContext<SuiteCrmOptions>): SuiteSystem {
  const { system, options, memory, clock } = context;
  const client = createSuiteClient(context);
  const session = sessionOf(context.http);
  const maps = new Map<PartyKindName, PartyMap>();
  let currencies: Promise<ReadonlyMap<string, string>> | undefined;

  function map(kind: PartyKindName): PartyMap {
    const made = maps.get(kind) ?? partyMap(kind, options);
    maps.set(kind, made);
    return made;
  }

  async function readCurrencies(): Promise<ReadonlyMap<string, string>> {
    const own = options.defaultCurrency;
    const { records } = await client.list('Currencies', { fields: ['iso4217'], size: 200, where: [] });
    const codes = records
      .map((record) => [record.id, textOf(record.attributes['iso4217']).trim().toUpperCase()] as const)
      .filter(([, code]) => /^[A-Z]{3}$/.test(code));
    return new Map([...(own === undefined ? [] : [[DEFAULT_CURRENCY, own] as const]), ...codes]);
  }

  const currencyCodes = () => (currencies ??= readCurrencies());

  return {
    system,
    options,
    client,
    session,
    memory,
    clock,
    map,
    currencies: currencyCodes,
    records: recordMemory(memory),
    journal: journalOf(memory, session.alone),
    ref: (kind, id) => refOf(system, kind, id),
    mappings,
    reads: readsOf(options),
    async fields(kind) {
      if (isObjectKind(kind)) return objectFields(kind);
      return [...map(kind).fields, ...(await mappings(kind)).formerFields];
    },

    async view(info, record, known, fresh) {
      const { kind } = info;
      if (!isObjectKind(kind)) return partyView(map(kind), await mappings(kind), record, known);
      const own = stateDigest(Object.fromEntries(objectFields(kind).map((field) => [field, record.attributes[field]])));
      const noted = fresh ? undefined : known?.links;
      const contacts = noted?.record === own ? noted.contacts : await contactsOf(info, record.id);
      const interaction = known?.interaction;
      const state = decodeObject(kind, record, {
        system,
        contacts,
        currencies: needsCurrencies(record) ? await currencyCodes() : defaultCurrency(options),
        ...(interaction === undefined ? {} : { interaction }),
      });
      return {
        state,
        problems: [],
        digest: stateDigest(state),
        links: { record: own, contacts },
        ...(interaction === undefined ? {} : { interaction }),
      };
    },
  };

  function mappings(kind: PartyKindName): Promise<Mappings> {
    const opened =
      session.mappings.get(kind) ??
      openMappings(kind, map(kind), client, memory).catch((error: unknown) => {
        session.mappings.delete(kind);
        throw error;
      });
    session.mappings.set(kind, opened);
    return opened;
  }

  async function contactsOf(info: ModuleInfo, id: string): Promise<string[]> {
    if (!options.relatedContacts) return [];
    return (await client.related(info.module, id, 'contacts')).map((contact) => contact.id).sort();
  }
}

/** What a person or an organization says, with what was retired of it. */
function partyView(map: PartyMap, mappings: Mappings, record: SuiteRecord, known: KnownOfView | undefined): View {
  const { state: said, problems } = map.decode(record);
  const own = stateDigest(said);
  const former = known?.version === undefined ? undefined : mappings.former(known.mapping);
  const mapping = mappingDigest(map.config);
  if (known?.erased === true) {
    const before = former === undefined ? own : stateDigest(former.decode(record).state);
    if (known.digest !== undefined && before === (known.own ?? known.digest))
      return { state: said, problems: [], digest: known.digest, mapping, own, isErased: true };
  }
  const kept = known?.erased === true ? undefined : known?.retired;
  const retired = former === undefined || known?.erased === true ? kept : mappings.retire(former, record, kept);
  const view = { problems, mapping, isMappedAnew: former !== undefined };
  if (retired === undefined || Object.keys(retired).length === 0) return { ...view, state: said, digest: own };
  const state = withRetired(said, retired);
  return { ...view, state, digest: stateDigest(state), retired, own };
}

/** Digest of all that decides what is read of records. @throws TerminalError UNSILO_MAPPING_… when the configured mapping is wrong */
export function readsOf(options: SuiteCrmOptions): string {
  const kinds = configuredModules(options).map(({ kind }) => kind);
  return mappingDigest(
    { fields: {} },
    kinds.map((kind) => [kind, isObjectKind(kind) ? '' : mappingDigest(partyMap(kind, options).config)]),
  );
}

function needsCurrencies(record: SuiteRecord): boolean {
  const id = textOf(record.attributes['currency_id']);
  return id !== '' && id !== DEFAULT_CURRENCY;
}

function defaultCurrency({ defaultCurrency: code }: SuiteCrmOptions): ReadonlyMap<string, string> {
  return new Map(code === undefined ? [] : [[DEFAULT_CURRENCY, code]]);
}

/** The configured modules, in the order in which they are read. */
export function configuredModules(options: SuiteCrmOptions): ModuleInfo[] {
  return Object.values(MODULES).filter(({ kind }) => options.modules.includes(kind));
}
