import { checkLicences, objection } from '../rails/licences.mjs';

describe('licences of what ships', () => {
  it.each(['MIT', 'Apache-2.0', '(MIT OR GPL-3.0-only)', 'MIT AND ISC'])('accepts %s', (licence) => {
    expect(objection(licence)).toBeUndefined();
  });

  it.each(['GPL-3.0-only', 'AGPL-3.0-or-later', 'MIT AND GPL-2.0-only', 'SEE LICENSE IN LICENSE.md', '', undefined])(
    'refuses %p',
    (licence) => {
      expect(objection(licence)).toEqual(expect.any(String));
    },
  );

  it('looks at what ships and leaves out what only development needs', () => {
    const { problems } = checkLicences({
      packages: {
        '': { name: 'root' },
        'node_modules/good': { version: '1.0.0', license: 'MIT' },
        'node_modules/copyleft': { version: '2.0.0', license: 'GPL-3.0-only' },
        'node_modules/good/node_modules/silent': { version: '3.0.0' },
        'node_modules/tool': { version: '4.0.0', license: 'GPL-3.0-only', dev: true },
      },
    });
    expect(problems).toEqual([
      'copyleft@2.0.0 is licensed GPL-3.0-only, which is not on the list',
      'silent@3.0.0 states no licence',
    ]);
  });

  it('complains when it sees nothing that ships', () => {
    expect(checkLicences({ packages: {} }).problems).toHaveLength(1);
  });
});
