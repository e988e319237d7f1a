import { refName, type Model, type Schema, type SchemaObject } from './model.js';

/**
 * A change of a schema that breaks somebody.
 *
 * `writers`: something that the released form accepts is refused by the new one. Events that are kept in topics, and systems that
 * have not been updated yet, would be refused. `readers`: something that the released form promises isn't promised any more; code
 * written against it would meet an absent property or a value of another type.
 *
 * Compatible are: a new optional property in a closed model, a new type, a new value of an enumeration, a new alternative, a wider
 * limit, another description. Readers are therefore updated before writers.
 */
export interface Violation {
  /** Name of the type and JSON pointer within its schema. */
  at: string;
  breaks: 'writers' | 'readers';
  message: string;
}

type Definitions = Readonly<Record<string, Schema>>;

/** Every change from `released` to `current` that breaks somebody. */
export function findViolations(released: Pick<Model, 'definitions'>, current: Pick<Model, 'definitions'>): Violation[] {
  const comparison = new Comparison(released.definitions, current.definitions);
  for (const name of Object.keys(released.definitions)) comparison.type(name);
  return comparison.violations;
}

const UPPER_LIMITS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
const LOWER_LIMITS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const ANNOTATIONS = ['title', 'description', '$comment', '$id', '$schema', 'examples', 'default', 'definitions'];
/**
 * Keywords with rules of their own. Of any other (`pattern`, `format`, `multipleOf`, …) nothing can be shown: changing or adding one
 * may refuse what was accepted, leaving it out breaks a promise.
 */
const STRUCTURE = [
  'type',
  'const',
  'enum',
  '$ref',
  'properties',
  'required',
  'additionalProperties',
  'propertyNames',
].concat(['items', 'additionalItems', 'oneOf', 'anyOf', 'allOf', 'if', 'then', 'else'], UPPER_LIMITS, LOWER_LIMITS);

class Comparison {
  readonly violations: Violation[] = [];
  readonly #released: Definitions;
  readonly #current: Definitions;
  /** Pairs of different types that were compared already: types may contain themselves. */
  readonly #compared = new Set<string>();

  constructor(released: Definitions, current: Definitions) {
    this.#released = released;
    this.#current = current;
  }

  type(name: string): void {
    const current = this.#current[name];
    if (current === undefined) this.#add(name, 'readers', 'the type was removed');
    else this.#compare(this.#released[name] ?? true, current, name);
  }

  #add(at: string, breaks: Violation['breaks'], message: string): void {
    this.violations.push({ at, breaks, message });
  }

  #compare(released: Schema, current: Schema, at: string): void {
    if (released === false || sameText(released, current)) return;
    if (current === true || isEmpty(current)) {
      if (!isEmpty(released)) this.#add(at, 'readers', 'is open now');
      return;
    }
    if (current === false) return this.#add(at, 'writers', 'is forbidden now');
    const old = released === true ? {} : released;
    if (old.$ref !== undefined || current.$ref !== undefined) return this.#compareRefs(old, current, at);
    this.#compareTypes(old, current, at);
    this.#compareValues(old, current, at);
    this.#compareLimits(old, current, at);
    this.#compareProperties(old, current, at);
    this.#compareItems(old, current, at);
    this.#compareBranches(old, current, at);
    this.#compareConditions(old, current, at);
  }

  /** The types themselves are compared once, under their names; a reference to another type is compared by what it means. */
  #compareRefs(old: SchemaObject, current: SchemaObject, at: string): void {
    if (old.$ref === current.$ref) return;
    if (old.$ref !== undefined && current.$ref !== undefined) {
      const pair = `${old.$ref} ${current.$ref}`;
      if (this.#compared.has(pair)) return;
      this.#compared.add(pair);
    }
    this.#compare(resolve(old, this.#released), resolve(current, this.#current), at);
  }

  #compareTypes(old: SchemaObject, current: SchemaObject, at: string): void {
    const before = typesOf(old);
    const after = typesOf(current);
    const lost = before.filter((type) => !after.includes(type));
    const gained = after.filter((type) => !before.includes(type));
    if (lost.length > 0) this.#add(at, 'writers', `no longer accepts ${lost.join(', ')}`);
    if (gained.length > 0) this.#add(at, 'readers', `may be ${gained.join(', ')} now`);
  }

  #compareValues(old: SchemaObject, current: SchemaObject, at: string): void {
    const before = valuesOf(old);
    const after = valuesOf(current);
    if (after === undefined) return;
    if (before === undefined) return this.#add(at, 'writers', `accepts only ${after.join(', ')} now`);
    const lost = before.filter((value) => !after.includes(value));
    if (lost.length > 0) this.#add(at, 'writers', `no longer accepts ${lost.join(', ')}`);
  }

  #compareLimits(old: SchemaObject, current: SchemaObject, at: string): void {
    for (const keyword of UPPER_LIMITS) {
      const limit = current[keyword] as number | undefined;
      if (limit !== undefined && limit < ((old[keyword] as number | undefined) ?? Infinity)) {
        this.#add(at, 'writers', `${keyword} was ${String(old[keyword] ?? 'free')} and is ${limit}`);
      }
    }
    for (const keyword of LOWER_LIMITS) {
      const limit = current[keyword] as number | undefined;
      if (limit !== undefined && limit > ((old[keyword] as number | undefined) ?? -Infinity)) {
        this.#add(at, 'writers', `${keyword} was ${String(old[keyword] ?? 'free')} and is ${limit}`);
      }
    }
  }

  #compareProperties(old: SchemaObject, current: SchemaObject, at: string): void {
    const before = old.properties ?? {};
    const after = current.properties ?? {};
    for (const [name, schema] of Object.entries(before)) {
      const place = `${at}/properties/${name}`;
      const now = own(after, name) ?? current.additionalProperties ?? true;
      if (schema === false) continue;
      if (!Object.hasOwn(after, name)) this.#add(place, 'readers', 'the property was removed');
      this.#compare(schema, now, place);
    }
    for (const [name, schema] of Object.entries(after)) {
      if (!Object.hasOwn(before, name)) this.#compareUnlisted(old, schema, `${at}/properties/${name}`);
    }
    for (const name of current.required ?? []) {
      if (!old.required?.includes(name)) this.#add(`${at}/required`, 'writers', `${name} is required now`);
    }
    for (const name of old.required ?? []) {
      if (!current.required?.includes(name)) this.#add(`${at}/required`, 'readers', `${name} may be absent now`);
    }
    this.#compare(old.additionalProperties ?? true, current.additionalProperties ?? true, `${at}/additionalProperties`);
    this.#compare(old.propertyNames ?? true, current.propertyNames ?? true, `${at}/propertyNames`);
  }

  /** A property that is listed newly was so far subject to `additionalProperties`. */
  #compareUnlisted(old: SchemaObject, schema: Schema, place: string): void {
    const before = old.additionalProperties ?? true;
    if (before !== false) this.#compare(before, schema, place);
  }

  #compareItems(old: SchemaObject, current: SchemaObject, at: string): void {
    const before = old.items ?? true;
    const after = current.items ?? true;
    const length = Math.max(Array.isArray(before) ? before.length : 0, Array.isArray(after) ? after.length : 0);
    for (let i = 0; i < length; i++) this.#compare(itemAt(old, i), itemAt(current, i), `${at}/items/${i}`);
    this.#compare(itemAt(old, length), itemAt(current, length), `${at}/items`);
  }

  #compareBranches(old: SchemaObject, current: SchemaObject, at: string): void {
    for (const keyword of ['oneOf', 'anyOf'] as const) {
      const before = old[keyword];
      const after = current[keyword];
      const place = `${at}/${keyword}`;
      if (after === undefined) {
        if (before !== undefined) this.#add(place, 'readers', 'any value will do now');
        continue;
      }
      if (before === undefined) this.#add(place, 'writers', 'there were no alternatives to choose from');
      for (const [i, branch] of (before ?? []).entries()) {
        const twin =
          after.find((candidate) => this.#isTwin(branch, candidate)) ?? (isNamed(branch) ? undefined : after[i]);
        if (twin === undefined) this.#add(place, 'writers', `the alternative ${nameOf(branch, i)} was removed`);
        else this.#compare(branch, twin, `${place}/${i}`);
      }
    }
  }

  #isTwin(branch: Schema, candidate: Schema): boolean {
    if (isNamed(branch) && isNamed(candidate)) return branch.$ref === candidate.$ref;
    return sameText(branch, candidate);
  }

  /** Conditions of an `allOf` are found again by their `if`, so that one can be added for a new value of a tag. */
  #compareConditions(old: SchemaObject, current: SchemaObject, at: string): void {
    const before = conditionsOf(old);
    const after = conditionsOf(current);
    for (const [key, part] of after) {
      const twin = before.get(key);
      if (twin !== undefined) this.#compare(twin, part, `${at}/allOf/${key}`);
      else if (!isForNewValue(asObject(part), old)) this.#add(`${at}/allOf/${key}`, 'writers', 'the condition is new');
    }
    for (const key of before.keys()) {
      if (!after.has(key)) this.#add(`${at}/allOf/${key}`, 'readers', 'the condition was removed');
    }
    if (!sameText(old.if ?? null, current.if ?? null)) this.#add(`${at}/if`, 'writers', 'the condition has changed');
    for (const keyword of ['then', 'else'] as const) {
      this.#compare(old[keyword] ?? true, current[keyword] ?? true, `${at}/${keyword}`);
    }
    for (const keyword of new Set([...Object.keys(old), ...Object.keys(current)])) {
      if (STRUCTURE.includes(keyword) || ANNOTATIONS.includes(keyword)) continue;
      if (sameText(old[keyword] ?? null, current[keyword] ?? null)) continue;
      if (current[keyword] === undefined) this.#add(at, 'readers', `${keyword} is free now`);
      else
        this.#add(
          at,
          'writers',
          `${keyword} was ${JSON.stringify(old[keyword] ?? 'free')} and is ${JSON.stringify(current[keyword])}`,
        );
    }
  }
}

/** Parts of an `allOf`: those with an `if` by what they test, the others by their place. */
function conditionsOf(schema: SchemaObject): Map<string, Schema> {
  const parts = schema.allOf ?? [];
  return new Map(parts.map((part, i) => [JSON.stringify(asObject(part).if ?? i), part]));
}

/** Whether a condition holds only of values of a tag that the released form didn't have. */
function isForNewValue(part: SchemaObject, old: SchemaObject): boolean {
  const test = asObject(part.if ?? true);
  return Object.entries(test.properties ?? {}).some(([name, schema]) => {
    const known = valuesOf(asObject(own(old.properties ?? {}, name) ?? true));
    const wanted = valuesOf(asObject(schema));
    const named = test.required?.includes(name) ?? false;
    return (
      named &&
      part.else === undefined &&
      known !== undefined &&
      wanted !== undefined &&
      wanted.every((value) => !known.includes(value))
    );
  });
}

const ALL_TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

/** Types that a schema accepts; a number includes the whole ones. */
function typesOf(schema: SchemaObject): string[] {
  const declared = schema.type as string | string[] | undefined;
  const types = declared === undefined ? ALL_TYPES : [declared].flat();
  return types.includes('number') ? [...new Set([...types, 'integer'])] : types;
}

/** Values as JSON texts; undefined where any value will do. */
function valuesOf(schema: SchemaObject): string[] | undefined {
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  return schema.enum?.map((value) => JSON.stringify(value));
}

function itemAt(schema: SchemaObject, index: number): Schema {
  const { items } = schema;
  if (!Array.isArray(items)) return items ?? true;
  return items[index] ?? (schema['additionalItems'] as Schema | undefined) ?? true;
}

function resolve(schema: SchemaObject, definitions: Definitions): Schema {
  if (schema.$ref === undefined) return schema;
  const target = definitions[refName(schema.$ref)] ?? true;
  return typeof target === 'object' ? resolve(target, definitions) : target;
}

function asObject(schema: Schema): SchemaObject {
  return typeof schema === 'object' ? schema : {};
}

function isNamed(schema: Schema): schema is SchemaObject {
  return typeof schema === 'object' && schema.$ref !== undefined;
}

function nameOf(schema: Schema, index: number): string {
  return isNamed(schema) && schema.$ref !== undefined ? refName(schema.$ref) : `number ${index + 1}`;
}

function isEmpty(schema: Schema): boolean {
  return (
    schema === true ||
    (typeof schema === 'object' && Object.keys(schema).every((keyword) => ANNOTATIONS.includes(keyword)))
  );
}

function own(properties: Record<string, Schema>, name: string): Schema | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
