/**
 * A certificate for this machine and an authority that vouches for it (X.509, RFC 5280), made on the spot.
 * Two certificates need so little of that standard that it is not worth a package and the thirty behind it.
 */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { bits, integer, objectId, octets, sequence, set, tagged, text, time, yes } from './der.js';

export interface LocalCertificate {
  /** What clients have to trust, in PEM. Its key is forgotten at once, so it can vouch for nothing else. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_DAYS = 365;

/** Valid for `localhost`, `127.0.0.1`, `::1` and other names that are given, for a year. */
export function mintLocalCertificate(
  names: readonly string[] = [],
  now: number = Date.now(),
): LocalCertificate {
  const authority = newParty('yc-broadcast local authority');
  const leaf = newParty('localhost');
  // Clocks of containers may be a little behind.
  const validity = sequence(time(new Date(now - DAY_MS)), time(new Date(now + LIFE_DAYS * DAY_MS)));
  return {
    ca: certificate(authority, authority, validity, [
      extension('2.5.29.19', sequence(yes()), 'critical'), // basicConstraints: is an authority
      extension('2.5.29.15', bits(Buffer.from([0x06]), 1), 'critical'), // keyUsage: signs certificates
    ]),
    cert: certificate(leaf, authority, validity, [
      extension('2.5.29.19', sequence(), 'critical'), // basicConstraints: is none
      extension('2.5.29.15', bits(Buffer.from([0x80]), 7), 'critical'), // keyUsage: signs handshakes
      extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: TLS servers
      extension('2.5.29.17', sequence(...['localhost', ...names].map(dnsName), ...LOOPBACK.map(ipAddress))), // subjectAltName
    ]),
    key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

interface Party {
  readonly name: Buffer;
  /** Its public key as certificates carry it, and a short name for that. */
  readonly publicKey: Buffer;
  readonly keyId: Buffer;
  readonly privateKey: KeyObject;
}

function newParty(commonName: string): Party {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    name: sequence(set(sequence(objectId('2.5.4.3'), text(commonName)))),
    publicKey: spki,
    keyId: createHash('sha256').update(spki).digest().subarray(0, 20),
    privateKey,
  };
}

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const VERSION_3 = tagged(0xa0, integer(Buffer.from([2])));

function certificate(subject: Party, issuer: Party, validity: Buffer, extensions: readonly Buffer[]): string {
  const keyIds = [
    extension('2.5.29.14', octets(subject.keyId)),
    extension('2.5.29.35', sequence(tagged(0x80, issuer.keyId))),
  ];
  const content = sequence(
    VERSION_3,
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    issuer.name,
    validity,
    subject.name,
    subject.publicKey,
    tagged(0xa3, sequence(...extensions, ...keyIds)),
  );
  const signature = sign('sha256', content, issuer.privateKey);
  return pem(sequence(content, ECDSA_WITH_SHA256, bits(signature)));
}

function extension(id: string, value: Buffer, criticality?: 'critical'): Buffer {
  return sequence(objectId(id), ...(criticality === undefined ? [] : [yes()]), octets(value));
}

/** Positive and not too short, as an integer of 16 bytes has to be. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

const LOOPBACK = [Buffer.from([127, 0, 0, 1]), Buffer.from([...Array<number>(15).fill(0), 1])];
const dnsName = (name: string): Buffer => tagged(0x82, Buffer.from(name));
const ipAddress = (address: Buffer): Buffer => tagged(0x87, address);

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
