import { generate } from 'selfsigned';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for `localhost`, and for names that lead there, that vouches for itself. */
export async function localCertificate(...names: readonly string[]): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: ['localhost', ...names].map((value) => ({ type: 2 as const, value })),
      },
    ],
  });
  return { key, cert };
}
