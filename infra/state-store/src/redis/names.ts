/**
 * The names of keys in Redis. All keys of a tenant carry its name as the hash tag, so they lie in one slot of a cluster and one
 * script can change them together. In a name only the first pair of braces counts, so tables and groups may hold any text.
 */
export class KeyNames {
  readonly prefix: string;

  /** @param prefix has no braces */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Hash: `last` the last revision, and for each table the number of its entries. */
  meta(tenant: string): string {
    return this.of(tenant, 'meta');
  }

  /** Sorted set: the calls that were carried out lately, by revision. */
  calls(tenant: string): string {
    return this.of(tenant, 'calls');
  }

  /** Stream: the messages that are to go to the log. */
  outbox(tenant: string): string {
    return this.of(tenant, 'outbox');
  }

  /** Hash: who brings the outbox to the log, and how far it has come. */
  relay(tenant: string): string {
    return this.of(tenant, 'relay');
  }

  /** Hash: next offset by partition and topic, and the mark of the commit that moved it there. */
  offsets(tenant: string, group: string): string {
    return this.of(tenant, `offsets:${group}`);
  }

  /** Hash: values by key, each behind its revision. */
  rows(tenant: string, table: string): string {
    return this.of(tenant, `rows:${table}`);
  }

  /** Sorted set: the keys of a table, all with score 0, so that Redis holds them in the order of their bytes. */
  order(tenant: string, table: string): string {
    return this.of(tenant, `order:${table}`);
  }

  /** A pattern for SCAN: keys of this kind of any tenant; `name` is the whole rest of the key, or its beginning when open. */
  pattern(name: string, open: boolean): string {
    return `${escapePattern(this.prefix)}:{*}:${escapePattern(name)}${open ? '*' : ''}`;
  }

  /** Tenant and rest of a key of ours; undefined for any other. */
  parse(key: string): { tenant: string; name: string } | undefined {
    const start = `${this.prefix}:{`;
    const end = key.indexOf('}:', start.length);
    if (!key.startsWith(start) || end < 0) return undefined;
    return { tenant: fromTag(key.slice(start.length, end)), name: key.slice(end + 2) };
  }

  private of(tenant: string, name: string): string {
    return `${this.prefix}:{${toTag(tenant)}}:${name}`;
  }
}

/** A tag ends at the first closing brace, and an empty one is none. */
function toTag(tenant: string): string {
  return tenant === '' ? '%' : tenant.replaceAll('%', '%25').replaceAll('{', '%7B').replaceAll('}', '%7D');
}

function fromTag(tag: string): string {
  return tag === '%' ? '' : tag.replaceAll('%7D', '}').replaceAll('%7B', '{').replaceAll('%25', '%');
}

function escapePattern(text: string): string {
  return text.replaceAll(/[*?[\]\\^-]/g, String.raw`\$&`);
}
