import type { Clock, ConnectorContext, ConnectorMemory, MappingProblem } from '@unsilo/connector-sdk';
import { refOf, type ObjectState, type PartyState } from '@unsilo/schemas';
import { createSuiteClient, type SuiteClient } from './client.js';
import { journalOf, type Journal } from './journal.js';
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
  /** The fields to ask for. */
  fields(kind: KindName): readonly string[];
  /** What a record says, with what must be asked for besides. `known` saves asking when the record itself hasn't changed. */
  view(info: ModuleInfo, record: SuiteRecord, known: KnownOfView | undefined, fresh: boolean): Promise<View>;
  /** ISO 4217 codes by id. */
  currencies(): Promise<ReadonlyMap<string, string>>;
}
type KnownOfView = { [K in 'links' | 'interaction']?: Remembered[K] | undefined };
export interface View {
  state: PartyState | ObjectState;
  digest: string;
  problems: MappingProblem[];
  links?: { record: string; contacts: string[] };
  interaction?: string;
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
    fields: (kind) => (isObjectKind(kind) ? objectFields(kind) : map(kind).fields),

    async view(info, record, known, fresh) {
      const { kind } = info;
      if (!isObjectKind(kind)) {
        const { state, problems } = map(kind).decode(record);
        return { state, problems, digest: stateDigest(state) };
      }
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

  async function contactsOf(info: ModuleInfo, id: string): Promise<string[]> {
    if (!options.relatedContacts) return [];
    return (await client.related(info.module, id, 'contacts')).map((contact) => contact.id).sort();
  }
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
