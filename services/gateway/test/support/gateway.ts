import { createGateway, type Gateway, type GatewayOptions } from '../../src/index.js';
import { FakeHub } from './fake-hub.js';
import { TestKeys } from './keys.js';

export interface TestBed {
  gateway: Gateway;
  hub: FakeHub;
  keys: TestKeys;
  /** A key that may do everything. */
  admin: string;
}

export async function testBed(options: Partial<GatewayOptions> = {}): Promise<TestBed> {
  const hub = new FakeHub();
  const keys = new TestKeys();
  const gateway = await createGateway({ service: hub, keys, ...options });
  return { gateway, hub, keys, admin: keys.make(['admin']) };
}

export function bearer(key: string): { authorization: string } {
  return { authorization: `Bearer ${key}` };
}
