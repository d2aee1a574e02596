/** Digests with which clients check that a message has come through whole. */
import { createHash } from 'node:crypto';
import type { MessageAttribute } from './trigger-event.js';

export function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** As SQS defines it: names in order, each part behind its length. `undefined` without attributes. */
export function md5OfAttributes(attributes: Readonly<Record<string, MessageAttribute>>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const { dataType = '', stringValue, binaryValue } = attributes[name] ?? {};
    const isBinary = binaryValue !== undefined;
    const value = isBinary ? Buffer.from(binaryValue, 'base64') : Buffer.from(stringValue ?? '');
    return [
      ...[...lengthAnd(Buffer.from(name)), ...lengthAnd(Buffer.from(dataType))],
      ...[Buffer.from([isBinary ? 2 : 1]), ...lengthAnd(value)],
    ];
  });
  return md5(Buffer.concat(parts));
}

function lengthAnd(content: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return [length, content];
}
