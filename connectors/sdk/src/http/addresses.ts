import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';
import { TerminalError } from '../errors.js';

/** Ranges that `allowPrivateAddresses: true` opens; all others that aren't public need a CIDR block of their own. */
const PRIVATE_RANGES: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** Public by their range, yet answered inside a cloud: Azure's wire server and platform DNS. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16', '100.100.100.200', 'fd00:ec2::254']);

/** All of IPv6 that is given out to be reached from everywhere; the library calls what has no use yet unicast as well. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** Tells which addresses may be connected to: public unicast ones, and those that the configuration opens. */
export function addressPolicy(allowed: boolean | readonly string[]): (address: string) => boolean {
  const networks: Network[] = typeof allowed === 'boolean' ? [] : allowed.map(parseNetwork);
  return (text) => {
    const address = parseAddress(text);
    if (address === undefined) return false;
    if (networks.some((network) => within(address, network))) return true;
    if (METADATA_ADDRESSES.has(address.toString())) return false;
    const range = address.range();
    if (range === 'unicast') return address instanceof ipaddr.IPv4 || within(address, GLOBAL_UNICAST);
    return allowed === true && PRIVATE_RANGES.has(range);
  };
}

export type AddressPolicy = ReturnType<typeof addressPolicy>;

/** An address in its plainest form: IPv4 inside IPv6 (mapped, NAT64, 6to4) becomes the IPv4 address that it reaches. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) return address;
  const bytes = address.toByteArray();
  if (address.range() === 'rfc6052') return new ipaddr.IPv4(bytes.slice(12));
  if (address.range() === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6));
  return address;
}

function parseNetwork(text: string): Network {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new TerminalError(
      'UNSILO_HTTP_BAD_NETWORK',
      `allowPrivateAddresses: ${JSON.stringify(text)} is no address block`,
      {
        hint: 'Write blocks as 10.0.0.0/8 or fd00::/8, single addresses as 10.0.0.7.',
      },
    );
  }
}

function within(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  if (address instanceof ipaddr.IPv4 && network instanceof ipaddr.IPv4) return address.match(network, bits);
  if (address instanceof ipaddr.IPv6 && network instanceof ipaddr.IPv6) return address.match(network, bits);
  return false;
}

function refused(host: string): TerminalError {
  return new TerminalError('UNSILO_HTTP_ADDRESS_REFUSED', `${host} is, or leads to, an address that isn't public`, {
    hint: 'If this system really lives in your own network, set allowPrivateAddresses: true (or a list of address blocks) for it.',
  });
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
export type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

/**
 * A DNS lookup that answers only addresses the policy permits. The connection is made to exactly what it answers, so a name
 * that resolves differently the next time gains nothing. Fits `net.connect`, undici and ws.
 */
export function guardedLookup(permits: AddressPolicy, lookup: typeof systemLookup = systemLookup): Lookup {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const open = found.filter((entry) => permits(entry.address));
      const first = open[0];
      if (first === undefined) return callback(refused(hostname), '');
      if (options.all === true) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };
}

/** Connects for undici; addresses written out in the URL never reach the lookup, so they are checked here. */
export function guardedConnector(permits: AddressPolicy, lookup?: typeof systemLookup): buildConnector.connector {
  const connect = buildConnector({ timeout: 10_000, lookup: guardedLookup(permits, lookup) });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !permits(host)) callback(refused(host), null);
    else connect(options, callback);
  };
}
