import type { ConnectorLog, ConnectorMemory } from '../connector.js';
import { keys, type ConnectorStorage } from './storage.js';

/** The connector's own part of the storage. */
export function connectorMemory(storage: ConnectorStorage): ConnectorMemory {
  return {
    get: async (key) => (await storage.getMany([keys.memory(key)]))[0],
    getMany: (wanted) => storage.getMany(wanted.map(keys.memory)),
    set: (entries) =>
      storage.set(Object.fromEntries(Object.entries(entries).map(([key, value]) => [keys.memory(key), value]))),
  };
}

/** A log that hides secrets, whatever a connector puts into a line. */
export function redactedLog(log: ConnectorLog, redact: (text: string) => string): ConnectorLog {
  const at =
    (level: keyof ConnectorLog): ConnectorLog['info'] =>
    (fields, message) =>
      log[level](
        Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]),
        ),
        redact(message),
      );
  return { debug: at('debug'), info: at('info'), warn: at('warn') };
}
