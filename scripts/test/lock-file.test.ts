import { checkLockFile } from '../rails/lock-file.mjs';

describe('the lock file', () => {
  const packages = {
    '': { name: 'root' },
    'services/one': { dependencies: { left: '1', right: '1' } },
    'node_modules/one': { link: true, resolved: 'services/one' },
    'node_modules/left': { dependencies: { deep: '1' }, optionalDependencies: { 'left-windows': '1' } },
    'node_modules/left/node_modules/deep': { dependencies: { right: '1' } },
    'node_modules/left-windows': { optional: true },
    'services/one/node_modules/right': {},
    'node_modules/right': {},
  };

  it('is complete when every package finds what it needs, near or above', () => {
    expect(checkLockFile({ packages }).problems).toEqual([]);
  });

  it.each(['node_modules/left-windows', 'node_modules/left/node_modules/deep', 'node_modules/left'] as const)(
    'is not complete without %s',
    (missing) => {
      const { [missing]: _, ...rest } = packages;
      expect(checkLockFile({ packages: rest }).problems).not.toEqual([]);
    },
  );
});
