import { constants, createSign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { BroadcastError } from '../errors.js';

export interface IssuedToken {
  readonly token: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** The metadata service is next door: if it does not answer at once, it is not there. */
const METADATA_TIMEOUT_MS = 1000;
const IAM_TIMEOUT_MS = 5000;
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';

const metadataSchema = z.object({ access_token: z.string().min(1), expires_in: z.number() });

/** Asks the metadata service of a function or virtual machine. Documented. */
export async function metadataToken(baseUrl: string): Promise<IssuedToken> {
  const remedy = 'give the function a service account, or set YC_TOKEN or YC_SERVICE_ACCOUNT_KEY_FILE';
  const answer = await askForJson(`${baseUrl}${TOKEN_PATH}`, {
    headers: { 'Metadata-Flavor': 'Google' },
    signal: AbortSignal.timeout(METADATA_TIMEOUT_MS),
  });
  const result = metadataSchema.safeParse(answer);
  if (!result.success) throw noToken(`the metadata service gave none; ${remedy}`);
  const { access_token: token, expires_in: seconds } = result.data;
  return { token, expiresAt: Date.now() + seconds * 1000 };
}

const keySchema = z.object({ id: z.string(), service_account_id: z.string(), private_key: z.string() });
const iamSchema = z.object({ iamToken: z.string().min(1), expiresAt: z.string() });

/** Exchanges a signed JWT for an IAM token, as the platform's documentation describes it. */
export async function serviceAccountToken(keyFile: string, iamUrl: string): Promise<IssuedToken> {
  const key = keySchema.safeParse(await readJson(keyFile));
  if (!key.success) throw noToken(`YC_SERVICE_ACCOUNT_KEY_FILE is not the key file of a service account`);
  const answer = await askForJson(`${iamUrl}/iam/v1/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jwt: signedJwt(key.data) }),
    signal: AbortSignal.timeout(IAM_TIMEOUT_MS),
  });
  const result = iamSchema.safeParse(answer);
  if (!result.success) throw noToken('the token service did not accept the key of the service account');
  return { token: result.data.iamToken, expiresAt: Date.parse(result.data.expiresAt) };
}

/** The audience is part of the protocol, whatever address the request goes to. */
const AUDIENCE = 'https://iam.api.cloud.yandex.net/iam/v1/tokens';

function signedJwt({
  id,
  service_account_id: issuer,
  private_key: privateKey,
}: z.output<typeof keySchema>): string {
  const issuedAt = Math.floor(Date.now() / 1000);
  const header = { alg: 'PS256', typ: 'JWT', kid: id };
  const claims = { iss: issuer, aud: AUDIENCE, iat: issuedAt, exp: issuedAt + 3600 };
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = createSign('RSA-SHA256')
    .update(signed)
    .sign({ key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, 'base64url');
  return `${signed}.${signature}`;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw noToken('the file in YC_SERVICE_ACCOUNT_KEY_FILE cannot be read');
  }
}

/** The answer's JSON, or `undefined` for anything else. What the service says may hold a secret, so it is not kept. */
async function askForJson(url: string, init: RequestInit): Promise<unknown> {
  try {
    const response = await fetch(url, init);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

function noToken(problem: string): BroadcastError {
  return new BroadcastError('UNAUTHENTICATED', `no IAM token: ${problem}`);
}
