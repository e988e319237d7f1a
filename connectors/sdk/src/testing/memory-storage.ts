import type { ConnectorStorage } from '../runner/storage.js';

/** Storage of one system in memory, as JSON texts; the map outlives it, as a data folder does. */
export function memoryStorage(
  kept: Map<string, string> = new Map(),
): ConnectorStorage & { readonly kept: Map<string, string> } {
  return {
    kept,
    getMany: async (keys) =>
      keys.map((key) => {
        const text = kept.get(key);
        return text === undefined ? undefined : (JSON.parse(text) as unknown);
      }),
    set: async (entries) => {
      const texts = Object.entries(entries).map(
        ([key, value]) => [key, value === undefined ? undefined : JSON.stringify(value)] as const,
      );
      for (const [key, text] of texts)
        if (text === undefined) kept.delete(key);
        else kept.set(key, text);
    },
  };
}
