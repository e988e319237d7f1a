import type { ConnectorStorage } from '@unsilo/connector-sdk';
import type { StateStore } from '@unsilo/state-store';

/** Checkpoints, versions and memory of all connectors; keys begin with the system. */
export const CONNECTOR_TABLE = 'connector-memory';

export function placeOfEntry(system: string, key: string): string {
  return `${system}/${key}`;
}

/** The part of the state store in which one system's connector keeps what must survive a restart. */
export function connectorStorage(store: StateStore, tenant: string, system: string): ConnectorStorage {
  const place = (key: string): string => placeOfEntry(system, key);
  return {
    async getMany(keys) {
      if (keys.length === 0) return [];
      const entries = await store.getMany(tenant, CONNECTOR_TABLE, keys.map(place));
      return entries.map((entry) => (entry === undefined ? undefined : (JSON.parse(entry.value) as unknown)));
    },
    async set(entries) {
      const put: { table: string; key: string; value: string }[] = [];
      const remove: { table: string; key: string }[] = [];
      for (const [key, value] of Object.entries(entries))
        if (value === undefined) remove.push({ table: CONNECTOR_TABLE, key: place(key) });
        else put.push({ table: CONNECTOR_TABLE, key: place(key), value: JSON.stringify(value) });
      if (put.length + remove.length > 0) await store.commit(tenant, { put, remove });
    },
  };
}
