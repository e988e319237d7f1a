import { kindOf, LEVELS, type Kind } from './kinds.js';
import type { AttributeModel, LinkageModel, PartModel } from './model.js';

/**
 * The shipped model: works untrained, and is what training starts from and leans on where data are few. The shares are rounded
 * judgements about customer records, not estimates from any one file.
 */

type Shares = readonly [m: readonly number[], u: readonly number[]];

/** The last level's share is what is left to 1. */
const BY_KIND: Readonly<Record<Kind, Shares>> = {
  given: [
    [0.76, 0.04, 0.04, 0.06, 0.03, 0.015, 0.01],
    [0.006, 0.002, 0.004, 0.004, 0.02, 0.00002, 0.0004],
  ],
  middle: [
    [0.7, 0.18, 0.04],
    [0.01, 0.05, 0.003],
  ],
  surname: [
    [0.82, 0.07, 0.02, 0.03],
    [0.002, 0.002, 0.002, 0.012],
  ],
  suffix: [[0.997], [0.5]],
  date: [
    [0.84, 0.06, 0.03, 0.02, 0.015, 0.002],
    [0.00006, 0.0008, 0.005, 0.04, 0.013, 0.5],
  ],
  email: [
    [0.6, 0.05, 0.06, 0.04, 0.04],
    [0.00001, 0.00001, 0.0003, 0.002, 0.003],
  ],
  phone: [
    [0.6, 0.05],
    [0.00002, 0.00005],
  ],
  handle: [
    [0.6, 0.1, 0.02],
    [0.00001, 0.0004, 0.0005],
  ],
  url: [
    [0.5, 0.1],
    [0.0002, 0.003],
  ],
  identifier: [
    [0.9, 0.05],
    [0.000005, 0.0001],
  ],
  number: [
    [0.75, 0.08],
    [0.012, 0.06],
  ],
  street: [
    [0.66, 0.1, 0.05, 0.04],
    [0.002, 0.002, 0.01, 0.06],
  ],
  place: [
    [0.75, 0.07, 0.03, 0.02],
    [0.02, 0.003, 0.01, 0.02],
  ],
  postcode: [
    [0.74, 0.07, 0.06],
    [0.003, 0.01, 0.04],
  ],
  code: [[0.92], [0.15]],
  text: [
    [0.6, 0.08, 0.06, 0.06],
    [0.01, 0.004, 0.02, 0.05],
  ],
  organization: [
    [0.6, 0.12, 0.06, 0.02, 0.05],
    [0.0008, 0.0006, 0.003, 0.0003, 0.02],
  ],
};

/** Values that two records of one party have more or less often in common than the kind says. */
const BY_ATTRIBUTE: Readonly<Record<string, Shares>> = {
  'name.organization': [
    [0.66, 0.14, 0.06, 0.02, 0.05],
    [0.0005, 0.0005, 0.003, 0.0003, 0.02],
  ],
  'addresses.country': [[0.98], [0.5]],
};

/** Shares of frequent names among records, rounded: they keep an untrained model from taking two John Smiths for one. */
const GIVEN: Readonly<Record<string, number>> = shares(
  '.02 john james michael|.016 david robert william|.012 mary thomas richard daniel|.009 maria anna paul mark peter elizabeth jennifer sarah christopher joseph|.006 andrew george susan matthew charles anthony emma karen laura steven kevin martin jessica patricia linda barbara margaret jose ali mohammed|.004 jack alexander stephen edward brian simon jane ann helen claire lisa nancy julia sophie emily lucas thomas jan hans luis carlos olivia charlotte',
);
const SURNAME: Readonly<Record<string, number>> = shares(
  '.009 smith|.006 johnson williams jones brown|.004 garcia miller davis rodriguez martinez taylor wilson|.003 anderson thomas hernandez lopez gonzalez moore martin jackson white lee thompson harris clark lewis walker|.002 robinson hall young king wright scott green baker adams hill evans roberts patel khan singh wang li zhang chen kim nguyen muller schmidt silva',
);

function shares(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split('|').flatMap((group) => {
      const [share = '', ...names] = group.split(' ');
      return names.map((name) => [name, Number(share)] as const);
    }),
  );
}

const FREQUENCIES: Readonly<Record<string, { frequencies: Record<string, number>; unseen: number }>> = {
  'name.given': { frequencies: GIVEN, unseen: 0.001 },
  'name.surname': { frequencies: SURNAME, unseen: 0.0003 },
};

/** What is assumed of an attribute as long as nothing is known of it. */
export function defaultAttribute(attribute: string, kind: Kind): AttributeModel {
  const [m, u] = BY_ATTRIBUTE[attribute] ?? BY_KIND[kind];
  return { kind, m: complete(m, kind), u: complete(u, kind), ...FREQUENCIES[attribute] };
}

function complete(list: readonly number[], kind: Kind): number[] {
  const rest = 1 - list.reduce((sum, share) => sum + share, 0);
  const all = [...list, Number(rest.toFixed(6))];
  if (all.length !== LEVELS[kind].length) throw new Error(`The default shares of ${kind} don't fit its levels.`);
  return all;
}

function attributes(names: readonly string[]): Record<string, AttributeModel> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const kind = kindOf(name);
      return kind === undefined ? [] : [[name, defaultAttribute(name, kind)] as const];
    }),
  );
}

const EVERYBODY = [
  'addresses.number',
  'addresses.street',
  'addresses.unit',
  'addresses.locality',
  'addresses.region',
  'addresses.postcode',
  'addresses.country',
  'emails',
  'phones',
  'onlineServices',
  'links',
];

const COMMON: Omit<PartModel, 'attributes' | 'household'> = {
  prior: -15,
  threshold: -2,
  review: -6,
  guard: -3,
  keyLimit: 30,
  genericAbove: 6,
  exclusive: [],
};

export const DEFAULT_LINKAGE_MODEL: LinkageModel = {
  format: 'unsilo-linkage/1',
  version: 'shipped-2',
  person: {
    ...COMMON,
    household: { address: 13, family: 14, contact: 15, namesake: 3, moved: -3 },
    attributes: attributes([
      'name.given',
      'name.middle',
      'name.surname',
      'name.suffix',
      'birthDate',
      ...EVERYBODY,
      'organizations',
      'titles',
    ]),
  },
  organization: {
    ...COMMON,
    household: { address: 13, family: 14, namesake: 3, moved: -3 },
    attributes: attributes(['name.organization', ...EVERYBODY]),
  },
};
