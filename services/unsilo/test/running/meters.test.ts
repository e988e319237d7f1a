import { memoryLog } from '@unsilo/connector-sdk/testing';
import { over } from '@unsilo/event-log';
import { Histogram, meterHub } from '../../src/running/meters.js';

/** Samples as `name labels value`, in Prometheus' way. */
function shown(metrics: ReturnType<Histogram['metric']>[]): string[] {
  return metrics.flatMap(({ name, samples }) =>
    samples.map(({ labels, value }) => `${name} ${Object.values(labels).join(' ')} ${value}`),
  );
}

describe('a histogram', () => {
  it('counts what lies at or below each bound, for each set of labels', () => {
    const histogram = new Histogram('h', 'Help.', [1, 10]);
    for (const value of [0.5, 1, 2, 11]) histogram.observe({ topic: 'a' }, value);
    histogram.observe({ topic: 'b' }, 10);
    expect(histogram.metric()).toMatchObject({ name: 'h', help: 'Help.', type: 'histogram' });
    expect(shown([histogram.metric()]).join(', ')).toBe(
      'h a 1 2, h a 10 3, h a +Inf 4, h a sum 14.5, h a count 4, h b 1 0, h b 10 1, h b +Inf 1, h b sum 10, h b count 1',
    );
  });

  it('has no samples before anything was observed', () => {
    expect(new Histogram('h', 'Help.', [1]).metric().samples).toEqual([]);
  });
});

describe('what the hub takes', () => {
  it('is measured on a log that can do whatever it could before', () => {
    const log = memoryLog();
    const onAppended = jest.fn(() => () => undefined);
    const measured = meterHub(over(log, { onAppended }), () => 0).log;
    measured.onAppended?.(['a'], () => undefined);
    expect(onAppended).toHaveBeenCalledTimes(1);
    expect(measured.openWriter).toBeUndefined();
  });

  it('is measured for each batch and each event, also where a batch fails', async () => {
    const log = memoryLog();
    let now = 2000;
    const meters = meterHub(log, () => now);
    await meters.log.append([
      { topic: 'a', key: 'ada@example.org', value: '{}' },
      { topic: 'a', key: 'k', value: '{}' },
    ]);
    let tries = 0;
    const subscription = await meters.log.subscribe({
      group: 'g',
      topics: ['a'],
      start: 'earliest',
      onBatch: () => {
        tries += 1;
        now += tries === 1 ? 20 : 200;
        return tries === 1 ? Promise.reject(new Error('busy')) : Promise.resolve();
      },
    });
    await subscription.caughtUp();
    await subscription.close();
    const lines = shown(meters.metrics());
    expect(lines).toContain('unsilo_hub_batch_seconds failed 0.01 0');
    expect(lines).toContain('unsilo_hub_batch_seconds failed 0.025 1');
    expect(lines).toContain('unsilo_hub_batch_seconds failed count 1');
    expect(lines).toContain('unsilo_hub_batch_seconds done 0.25 1');
    expect(lines).toContain('unsilo_hub_batch_seconds done sum 0.2');
    // The memory log takes everything at the time 0: both events ended at 2220 ms.
    expect(lines).toContain('unsilo_hub_event_delay_seconds a 1 0');
    expect(lines).toContain('unsilo_hub_event_delay_seconds a 2.5 2');
    expect(lines).toContain('unsilo_hub_event_delay_seconds a count 2');
    expect(lines.join('\n')).not.toContain('ada');
  });
});
