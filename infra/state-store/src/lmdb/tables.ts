import { getLastVersion, type Database } from 'lmdb';
import type { LmdbEnvironment } from '@unsilo/event-log/lmdb';
import { checkKey } from '../checks.js';
import type { Entry, KeyedEntry, RangeOptions } from '../port.js';

const TENANT_BYTES = 4;

/** Keys of one table: 4 bytes tenant, then the key's UTF-8 bytes, so that LMDB's order is the order that the port promises. */
type TableKey = string | Uint8Array;

/** One table: an LMDB database whose values carry their revision in front. */
export class Table {
  private readonly database: Database<string, TableKey>;
  /** The tenant of the string keys that are being written or read at the moment. */
  private tenant = 0;

  readonly name: string;

  constructor(environment: LmdbEnvironment, name: string) {
    this.name = name;
    this.database = environment.database<string, TableKey>(`t:${name}`, {
      encoding: 'string',
      useVersions: true,
      keyEncoder: {
        writeKey: (key: TableKey, target: Buffer, start: number): number => this.writeKey(key, target, start),
        readKey: (source: Buffer, start: number, end: number): string => readText(source, start + TENANT_BYTES, end),
      },
    });
  }

  get(tenant: number, key: string): Entry | undefined {
    this.tenant = tenant;
    const value = this.database.get(key);
    return value === undefined ? undefined : { value, revision: getLastVersion() };
  }

  revision(tenant: number, key: string): number | null {
    this.tenant = tenant;
    return this.database.getBinaryFast(key) === undefined ? null : getLastVersion();
  }

  put(tenant: number, key: string, value: Buffer, revision: number): void {
    this.tenant = tenant;
    // The types know the table's strings only; bytes are written as they are.
    void this.database.put(key, value as unknown as string, revision);
  }

  remove(tenant: number, key: string): void {
    this.tenant = tenant;
    void this.database.remove(key);
  }

  range(tenant: number, { from = '', to, limit, reverse = false }: RangeOptions): KeyedEntry[] {
    const low = bound(tenant, from);
    const high = to === undefined ? bound(tenant + 1, '') : bound(tenant, to);
    const entries: KeyedEntry[] = [];
    if (limit <= 0 || low.compare(high) >= 0) return entries;
    const range = reverse
      ? { start: high, exclusiveStart: true, end: low, inclusiveEnd: true, reverse: true, limit, versions: true }
      : { start: low, end: high, limit, versions: true };
    for (const { key, value, version } of this.database.getRange(range)) {
      entries.push({ key: key as string, value, revision: version! });
    }
    return entries;
  }

  has(tenant: number): boolean {
    for (const _ of this.database.getKeys({ start: bound(tenant, ''), end: bound(tenant + 1, ''), limit: 1 }))
      return true;
    return false;
  }

  usage(): { entries: number; bytes: number } {
    const stats = this.database.getStats() as {
      pageSize: number;
      entryCount: number;
      treeBranchPageCount: number;
      treeLeafPageCount: number;
      overflowPages: number;
    };
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
    return { entries: stats.entryCount, bytes: pages * stats.pageSize };
  }

  private writeKey(key: TableKey, target: Buffer, start: number): number {
    if (typeof key !== 'string') {
      target.set(key, start);
      return start + key.length;
    }
    const { tenant } = this;
    target[start] = tenant >>> 24;
    target[start + 1] = (tenant >>> 16) & 0xff;
    target[start + 2] = (tenant >>> 8) & 0xff;
    target[start + 3] = tenant & 0xff;
    const textAt = start + TENANT_BYTES;
    for (let index = 0; index < key.length; index++) {
      const unit = key.charCodeAt(index);
      if (unit > 0x7f) return textAt + target.write(key, textAt);
      target[textAt + index] = unit;
    }
    return textAt + key.length;
  }
}

function bound(tenant: number, key: string): Buffer {
  checkKey(key);
  const bytes = Buffer.allocUnsafe(TENANT_BYTES + Buffer.byteLength(key));
  bytes.writeUInt32BE(tenant, 0);
  bytes.write(key, TENANT_BYTES);
  return bytes;
}

function readText(source: Buffer, start: number, end: number): string {
  return source.toString('utf8', start, end);
}
