import { isKind, kindOf, LEVELS, type ExtraMeaning, type LinkageModel } from '@unsilo/hub/linkage';
import { problemAt, type SourceDocument } from './document.js';
import type { ConfigurationProblem } from './problem.js';
import type { Written, WrittenKind } from './schema.js';
import { meant } from './suggest.js';

/** Attributes that a value of an attribute of one's own can be. */
const FED = ['birthDate', 'emails', 'phones', 'links', 'organizations'] as const;
const WITH_MORE = ['identifiers', 'onlineServices'] as const;

/** What `matching.kinds` says of the attributes outside the canonical model, and what is wrong with it. */
export function configureKinds(
  { matching = {} }: Written,
  document: SourceDocument,
  model: LinkageModel,
): { kinds: Record<string, ExtraMeaning> | undefined; problems: ConfigurationProblem[] } {
  if (matching.kinds === undefined) return { kinds: undefined, problems: [] };
  const problems: ConfigurationProblem[] = [];
  const kinds: Record<string, ExtraMeaning> = {};
  // The same in another order is the same policy.
  for (const [path, written] of Object.entries(matching.kinds).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const refuse = (message: string, hint?: string): undefined => {
      const problem = { code: 'UNSILO_CONFIG_KIND', message, ...(hint === undefined ? {} : { hint }) };
      problems.push(problemAt(document, ['matching', 'kinds', path], problem));
      return undefined;
    };
    const meaning = meaningOf(path, written, refuse);
    if (meaning === undefined) continue;
    const trained = model.person.attributes[path]?.kind ?? model.organization.attributes[path]?.kind;
    if (meaning.compare !== undefined && trained !== undefined && trained !== meaning.compare)
      refuse(
        `The matching model compares ${path} as ${trained}, not as ${meaning.compare}.`,
        'Train it anew, or say the same here.',
      );
    kinds[path] = meaning;
  }
  return { kinds, problems };
}

function meaningOf(
  path: string,
  written: string | WrittenKind,
  refuse: (message: string, hint?: string) => undefined,
): ExtraMeaning | undefined {
  if (!/^extra\../.test(path))
    return refuse(
      `"${path}" has its kind already.`,
      'Only attributes of your own, `extra.NAME`, are told here; map fields to the others in the system’s options.',
    );
  const { attribute, compare, issuer, service, split, date } =
    typeof written === 'string' ? ofOneWord(written) : written;
  const rest = { ...(split === undefined ? {} : { split }), ...(date === undefined ? {} : { date }) };
  if ((attribute === undefined) === (compare === undefined))
    return refuse(`"${path}" needs either "attribute" or "compare".`, 'What its value is, or how it is compared.');
  if (compare !== undefined) {
    if (!isKind(compare)) return refuse(`There is no kind "${compare}".`, meant(compare, Object.keys(LEVELS)));
    return { attribute: path, compare, ...rest };
  }
  if (attribute === 'identifiers') {
    if (issuer === undefined)
      return refuse('"identifiers" needs "issuer": who gave the number.', '{ attribute: identifiers, issuer: vat }');
    return { attribute: `identifiers:${issuer.toLowerCase()}`, ...rest };
  }
  if (attribute === 'onlineServices') {
    if (service === undefined)
      return refuse('"onlineServices" needs "service": the network.', '{ attribute: onlineServices, service: github }');
    return { attribute, prefix: `${service.toLowerCase()}:`, ...rest };
  }
  if (FED.some((known) => known === attribute)) return { attribute: attribute as string, ...rest };
  if (kindOf(attribute ?? '') !== undefined)
    return refuse(
      `${path} can not be taken for "${String(attribute)}".`,
      `It can be ${[...FED, ...WITH_MORE].join(', ')}.`,
    );
  return refuse(
    `There is no attribute and no kind "${String(attribute)}".`,
    meant(attribute, [...FED, ...WITH_MORE, ...Object.keys(LEVELS)]),
  );
}

/** One word is an attribute that the value is, or a kind that it is compared as. */
function ofOneWord(word: string): WrittenKind {
  return isKind(word) ? { compare: word } : { attribute: word };
}
