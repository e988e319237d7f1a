/**
 * `describe` with something that this machine may lack. Without it the tests are skipped and say so; with REQUIRE_SERVERS=1, as CI sets it, that is a
 * failure.
 * @param lack What is missing; undefined: nothing.
 */
export function describeUnless(lack: string | undefined, name: string, body: () => void): void {
  if (lack === undefined) {
    describe(name, body);
  } else if (process.env['REQUIRE_SERVERS'] === '1') {
    test(name, () => {
      throw new Error(`This can not be tested here: ${lack}.`);
    });
  } else {
    process.stderr.write(`SKIPPED: ${name} (${lack})\n`);
    describe.skip(name, body);
  }
}
