import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { StorageError } from '../errors.js';
import type { Compression } from './options.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

interface Codec {
  compress(bytes: Buffer): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/**
 * Where the codecs that kafkajs doesn't have come from. The packages are the user's choice; zstd is part of Node from 22.15 on.
 */
const SOURCES: Readonly<
  Record<'lz4' | 'zstd', { type: number; load: () => Promise<Codec | undefined>; from: string }>
> = {
  lz4: { type: CompressionTypes.LZ4, load: loadLz4, from: 'lz4-napi' },
  zstd: { type: CompressionTypes.ZSTD, load: async () => nodeZstd() ?? (await loadZstd()), from: '@mongodb-js/zstd@1' },
};

async function loadLz4(): Promise<Codec | undefined> {
  const found = await optional(() => import('lz4-napi'));
  return found === undefined ? undefined : { compress: found.compressFrame, decompress: found.decompressFrame };
}

function loadZstd(): Promise<Codec | undefined> {
  return optional(() => import('@mongodb-js/zstd'));
}

function nodeZstd(): Codec | undefined {
  const { zstdCompress, zstdDecompress } = zlib as unknown as Record<
    string,
    ((bytes: Buffer, done: () => void) => void) | undefined
  >;
  if (zstdCompress === undefined || zstdDecompress === undefined) return undefined;
  return {
    compress: promisify(zstdCompress) as unknown as Codec['compress'],
    decompress: promisify(zstdDecompress) as unknown as Codec['decompress'],
  };
}

/** A package that may be missing, or not built for this machine. */
async function optional<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    const loaded = (await load()) as T & { default?: T };
    return loaded.default ?? loaded;
  } catch {
    return undefined;
  }
}

let registered: Promise<ReadonlySet<Compression>> | undefined;

/** Tells kafkajs of every codec that there is, for reading too. Answers which can be written. */
export function registerCodecs(): Promise<ReadonlySet<Compression>> {
  registered ??= (async () => {
    const known = new Set<Compression>(['none', 'gzip']);
    for (const name of ['lz4', 'zstd'] as const) {
      const { type, load } = SOURCES[name];
      const codec = await load();
      if (codec === undefined) continue;
      known.add(name);
      CompressionCodecs[type as keyof typeof CompressionCodecs] = () => ({
        compress: ({ buffer }: { buffer: Buffer }) => codec.compress(buffer),
        decompress: (bytes: Buffer) => codec.decompress(bytes),
      });
    }
    return known;
  })();
  return registered;
}

/**
 * Kafka's number of the compression to write with.
 * @throws UNSILO_LOG_CODEC_MISSING
 */
export async function chooseCompression(wanted: Compression | undefined): Promise<number> {
  const known = await registerCodecs();
  const chosen = wanted ?? (known.has('lz4') ? 'lz4' : 'none');
  if (!known.has(chosen)) {
    const { from } = SOURCES[chosen as 'lz4' | 'zstd'];
    throw new StorageError('UNSILO_LOG_CODEC_MISSING', `Nothing here can compress with ${chosen}.`, {
      hint: `Install the package ${from}, or choose gzip or none.`,
    });
  }
  const types = {
    none: CompressionTypes.None,
    gzip: CompressionTypes.GZIP,
    lz4: CompressionTypes.LZ4,
    zstd: CompressionTypes.ZSTD,
  };
  return types[chosen];
}
