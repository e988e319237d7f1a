import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { corrupt } from './failures.js';

/**
 * Reads LMDB's data file as such, before LMDB maps it: a page beyond the end of a mapped file kills the process instead of
 * giving an error, so a file that was cut off must be found first. Layout: lmdb's mdb.c, data version 2 (`MDB_meta`,
 * `MDB_page`, `MDB_node`, `MDB_ovpage`), little-endian machines.
 */
const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';
/** Room for LMDB's own lock and for twice its 126 readers. */
const LOCK_BYTES = 16 * 1024;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const PAGE_HEADER = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const META = 0x08;
const NODE_HEADER = 8;
const BIG_DATA = 0x01;
const SUB_DATABASE = 0x02;
/** Bytes of a reference to overflow pages (`MDB_ovpage`). */
const OVERFLOW_REFERENCE = 24;
/** A tree of one page a level would have this many levels; real ones have fewer than ten. */
const DEEPEST = 64;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const ROOT_IN_DATABASE = 40;

interface Meta {
  pageSize: number;
  lastPage: number;
  freeRoot: bigint;
  mainRoot: bigint;
  transaction: bigint;
}

/**
 * Refuses a data file that LMDB would open and then die of. `thorough` looks at every page in use, which takes about a second
 * for each 4 GB; otherwise only the file's length and the roots of its trees are looked at. A file that is shorter than its
 * last page says may be sound all the same (its last pages may never have been written): then every page in use is looked up,
 * and the file is lengthened.
 * @throws UNSILO_DATA_CORRUPT
 */
export function checkDataFile(folder: string, options: { thorough: boolean }): void {
  let file: number;
  try {
    file = openSync(join(folder, DATA_FILE), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) {
      if (!options.thorough) return;
      throw corrupt(folder, `${DATA_FILE} is empty although it was in use`);
    }
    const meta = newestMeta(file, folder);
    const needed = (meta.lastPage + 1) * meta.pageSize;
    const check = new PageCheck(file, folder, meta.pageSize, size);
    if (size >= needed && !options.thorough) {
      check.page(meta.freeRoot, 0);
      check.page(meta.mainRoot, 0);
      return;
    }
    check.tree(meta.freeRoot, 0);
    check.tree(meta.mainRoot, 0);
    if (size < needed) ftruncateSync(file, needed);
  } finally {
    closeSync(file);
  }
}

/**
 * Gives LMDB's lock file its space on the disk. LMDB only sets its length and then writes to it through memory: on a full disk
 * that kills the process.
 */
export function reserveLockFile(folder: string): void {
  const file = openSync(join(folder, LOCK_FILE), 'a');
  try {
    const missing = LOCK_BYTES - fstatSync(file).size;
    if (missing > 0) writeSync(file, Buffer.alloc(missing));
  } finally {
    closeSync(file);
  }
}

/** Tells the data file from any copy of it; undefined when there is none. */
export function dataFileIdentity(folder: string): string | undefined {
  return statSync(join(folder, DATA_FILE), { bigint: true, throwIfNoEntry: false })?.ino.toString();
}

function newestMeta(file: number, folder: string): Meta {
  const first = readMeta(file, 0, folder);
  const second = readMeta(file, first.pageSize, folder);
  return second.transaction > first.transaction ? second : first;
}

function readMeta(file: number, at: number, folder: string): Meta {
  const bytes = Buffer.alloc(PAGE_HEADER + 144);
  if (readSync(file, bytes, 0, bytes.length, at) < bytes.length) {
    throw corrupt(folder, `${DATA_FILE} ends inside its header`);
  }
  const pageSize = bytes.readUInt32LE(PAGE_HEADER + 24);
  if (
    (bytes.readUInt16LE(18) & META) === 0 ||
    bytes.readUInt32LE(PAGE_HEADER) !== MAGIC ||
    (bytes.readUInt32LE(PAGE_HEADER + 4) & 0xffff) !== DATA_VERSION ||
    pageSize < 512 ||
    pageSize > 65536 ||
    (pageSize & (pageSize - 1)) !== 0
  ) {
    throw corrupt(folder, `${DATA_FILE} has no valid header at byte ${at}`);
  }
  return {
    pageSize,
    freeRoot: bytes.readBigUInt64LE(PAGE_HEADER + 24 + ROOT_IN_DATABASE),
    mainRoot: bytes.readBigUInt64LE(PAGE_HEADER + 72 + ROOT_IN_DATABASE),
    lastPage: Number(bytes.readBigUInt64LE(PAGE_HEADER + 120)),
    transaction: bytes.readBigUInt64LE(PAGE_HEADER + 128),
  };
}

class PageCheck {
  private readonly file: number;
  private readonly folder: string;
  private readonly pageSize: number;
  private readonly pages: bigint;
  /** One buffer for each depth of the tree. */
  private readonly buffers: Buffer[] = [];

  constructor(file: number, folder: string, pageSize: number, size: number) {
    this.file = file;
    this.folder = folder;
    this.pageSize = pageSize;
    this.pages = BigInt(Math.floor(size / pageSize));
  }

  /** Reads one page and checks that it is what its place says; undefined for the root of an empty tree. */
  page(number: bigint, depth: number): Buffer | undefined {
    if (number === NO_PAGE) return undefined;
    if (number >= this.pages) throw corrupt(this.folder, `page ${number} is missing, the file has ${this.pages}`);
    if (depth > DEEPEST) throw corrupt(this.folder, `its pages refer to each other in a circle`);
    const bytes = (this.buffers[depth] ??= Buffer.allocUnsafe(this.pageSize));
    readSync(this.file, bytes, 0, this.pageSize, Number(number) * this.pageSize);
    const flags = bytes.readUInt16LE(18);
    if (bytes.readBigUInt64LE(0) !== number || (flags & (BRANCH | LEAF | OVERFLOW)) === 0) {
      throw corrupt(this.folder, `page ${number} holds something else`);
    }
    return bytes;
  }

  tree(root: bigint, depth: number): void {
    const page = this.page(root, depth);
    if (page === undefined) return;
    const branch = (page.readUInt16LE(18) & BRANCH) !== 0;
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    if (lower > upper || PAGE_HEADER + upper > this.pageSize) throw this.torn(root);
    for (let index = 0; index < lower >> 1; index++) {
      const at = PAGE_HEADER + page.readUInt16LE(PAGE_HEADER + 2 * index);
      if (at < PAGE_HEADER + upper || at + NODE_HEADER > this.pageSize) throw this.torn(root);
      const flags = page.readUInt16LE(at + 4);
      const data = at + NODE_HEADER + page.readUInt16LE(at + 6);
      if (branch) {
        if (data > this.pageSize) throw this.torn(root);
        // The child's number takes the place of size and flags: 48 bits.
        this.tree(BigInt(page.readUInt32LE(at)) | (BigInt(flags) << 32n), depth + 1);
        continue;
      }
      const size = (flags & BIG_DATA) !== 0 ? OVERFLOW_REFERENCE : page.readUInt32LE(at);
      if (data + size > this.pageSize) throw this.torn(root);
      if ((flags & BIG_DATA) !== 0)
        this.overflow(page.readBigUInt64LE(data), page.readBigUInt64LE(data + 16), depth + 1);
      else if ((flags & SUB_DATABASE) !== 0) this.tree(page.readBigUInt64LE(data + ROOT_IN_DATABASE), depth + 1);
    }
  }

  private overflow(first: bigint, count: bigint, depth: number): void {
    const page = this.page(first, depth);
    if (page === undefined || (page.readUInt16LE(18) & OVERFLOW) === 0) throw this.torn(first);
    if (first + count > this.pages) throw corrupt(this.folder, `pages from ${first} on are missing`);
  }

  private torn(page: bigint): Error {
    return corrupt(this.folder, `page ${page} is torn`);
  }
}
