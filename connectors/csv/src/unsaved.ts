import type { ConnectorMemory } from '@unsilo/connector-sdk';

/** A memory over another one: what is set is seen at once, and kept all together, or not at all, by `save`. */
export function unsaved(memory: ConnectorMemory): ConnectorMemory & { save(): Promise<void> } {
  const changed = new Map<string, unknown>();
  const getMany = async (keys: readonly string[]): Promise<unknown[]> => {
    const missing = keys.filter((key) => !changed.has(key));
    const stored = missing.length === 0 ? [] : await memory.getMany(missing);
    const found = new Map(missing.map((key, index) => [key, stored[index]]));
    return keys.map((key) => (changed.has(key) ? changed.get(key) : found.get(key)));
  };
  return {
    getMany,
    get: async (key) => (await getMany([key]))[0],
    set: async (entries) => {
      for (const [key, value] of Object.entries(entries)) changed.set(key, value);
    },
    save: async () => {
      if (changed.size > 0) await memory.set(Object.fromEntries(changed));
    },
  };
}
