/** Signatures with a static key, against those of a package that many use. */
import { describe, expect, it } from '@jest/globals';
import { AwsV4Signer } from 'aws4fetch';
import fc from 'fast-check';
import { createSigner } from '../../src/base/credentials/static-key.js';

const printable = fc.string({ unit: 'grapheme-ascii' });

describe('a signature', () => {
  it('is the one that aws4fetch makes', async () => {
    const request = fc.record({
      path: fc.array(fc.string({ unit: 'grapheme' }).map((part) => encodeURIComponent(part.toWellFormed()))),
      target: printable.map((text) => `DynamoDB_20120810.${text.replaceAll(/[^\w]/g, '')}`),
      body: fc.string({ unit: 'grapheme' }),
      secret: printable.filter((text) => text !== ''),
      service: fc.constantFrom('dynamodb', 'sqs'),
      at: fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ path, target, body, secret, service, at }) => {
        const url = new URL(`https://docapi.example:8443/${path.join('/')}`);
        const headers = { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': target };
        const key = { accessKeyId: 'YCAJE', secretAccessKey: secret };
        const datetime = at.toISOString().replaceAll(/[:-]|\.\d+/g, '');
        const theirs = await new AwsV4Signer({
          method: 'POST',
          url: url.href,
          headers,
          body,
          datetime,
          ...key,
          region: 'ru-central1',
          service,
        }).sign();
        const sign = createSigner({ key, region: 'ru-central1', service, now: () => at.getTime() });
        const ours = sign({ url, headers, body });
        expect(ours['Authorization']).toBe(theirs.headers.get('authorization'));
        expect(ours).toMatchObject({ ...headers, 'X-Amz-Date': theirs.headers.get('x-amz-date') });
      }),
    );
  });

  it('uses the key of the day', () => {
    const day = 24 * 60 * 60 * 1000;
    let at = Date.UTC(2026, 10, 24);
    const sign = createSigner({
      key: { accessKeyId: 'a', secretAccessKey: 'b' },
      region: 'ru-central1',
      service: 'sqs',
      now: () => at,
    });
    const request = { url: new URL('https://q.example/'), headers: {}, body: '' };
    const first = sign(request);
    at += day;
    const second = sign(request);
    at -= day;
    expect(second['Authorization']).not.toBe(first['Authorization']);
    expect(sign(request)).toEqual(first);
  });
});
