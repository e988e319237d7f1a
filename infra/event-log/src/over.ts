/** A port of which some methods are ours: whatever else it has, optional methods among them, stays the port's own. */
export function over<Port extends object>(port: Port, ours: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const mine = ours[name as keyof Port];
      if (mine !== undefined) return mine;
      const member = target[name as keyof Port] as unknown;
      return typeof member === 'function' ? (member as (...a: unknown[]) => unknown).bind(target) : member;
    },
  });
}
