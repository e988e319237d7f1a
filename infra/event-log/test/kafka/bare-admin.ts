import { Kafka, logLevel, type Admin } from 'kafkajs';
import { until } from '@unsilo/event-log/suite';
import type { TestBroker } from './broker.js';

/**
 * The admin of kafkajs, connected, for what tests do beside our own log. While the controller has not heard of the only broker for some
 * seconds, as on a machine under load, the cluster names no broker at all, and kafkajs fails at once; here it is asked again.
 */
export async function connectAdmin({ brokers }: Pick<TestBroker, 'brokers'>): Promise<Admin> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return new Proxy(admin, {
    get(target, name: keyof Admin) {
      const method: unknown = target[name];
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]) => {
        let answer: unknown;
        await until(async () => {
          try {
            answer = await (method as (...given: unknown[]) => unknown).apply(target, given);
            return true;
          } catch (error) {
            if ((error as Error).name === 'KafkaJSBrokerNotFound') return false;
            throw error;
          }
        }, `the cluster knows a broker for ${name}`);
        return answer;
      };
    },
  });
}
