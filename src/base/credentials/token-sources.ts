import * as z from 'zod/mini';
import { BroadcastError } from '../errors.js';
import { lazily } from '../options.js';
import { parseJson } from '../json.js';

export interface IssuedToken {
  readonly token: string;
  /** From then on another one is wanted, in Unix milliseconds. */
  readonly refreshAt: number;
}

/** Tokens are replaced this long before they expire. */
const MARGIN_MS = 60_000;
/** How long a token is trusted that came without an expiry. The platform's tokens live for hours. */
const UNDATED_MS = 10 * 60_000;

/** A token that has just arrived and expires in so many seconds. */
export function issuedFor(token: string, seconds?: number): IssuedToken {
  const ms = seconds === undefined || !Number.isFinite(seconds) ? UNDATED_MS : seconds * 1000;
  // A token that is short-lived, or came late in its life, is still good for a while.
  return { token, refreshAt: Date.now() + ms - Math.min(MARGIN_MS, ms / 2) };
}

/** The metadata service is next door: if it does not answer at once, it is not there. */
const METADATA_TIMEOUT_MS = 1000;
const IAM_TIMEOUT_MS = 5000;
/** A token has some hundred bytes, four kilobytes at most (documented). */
const MAX_ANSWER_BYTES = 65_536;
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';

const metadataSchema = lazily(() =>
  z.object({ access_token: z.string().check(z.minLength(1)), expires_in: z.number() }),
);

/** Asks the metadata service of a function or virtual machine. Documented. */
export async function metadataToken(baseUrl: string): Promise<IssuedToken> {
  const { answer, problem } = await askForJson(new URL(TOKEN_PATH, baseUrl), {
    headers: { 'Metadata-Flavor': 'Google' },
    signal: AbortSignal.timeout(METADATA_TIMEOUT_MS),
  });
  const result = metadataSchema().safeParse(answer);
  if (result.success) return issuedFor(result.data.access_token, result.data.expires_in);
  const remedy = 'give the function a service account, or set YC_TOKEN or YC_SERVICE_ACCOUNT_KEY_FILE';
  throw noToken(`the metadata service ${problem}; ${remedy}`);
}

const keySchema = lazily(() =>
  z.object({ id: z.string(), service_account_id: z.string(), private_key: z.string() }),
);
const iamSchema = lazily(() =>
  z.object({ iamToken: z.string().check(z.minLength(1)), expiresAt: z.string() }),
);

/** Exchanges a signed JWT for an IAM token, as the platform's documentation describes it. */
export async function serviceAccountToken(keyFile: string, iamUrl: string): Promise<IssuedToken> {
  const key = keySchema().safeParse(await readJson(keyFile));
  if (!key.success) throw noToken(NOT_A_KEY);
  const { answer, problem } = await askForJson(new URL('/iam/v1/tokens', iamUrl), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jwt: await signedJwt(key.data) }),
    signal: AbortSignal.timeout(IAM_TIMEOUT_MS),
  });
  const result = iamSchema().safeParse(answer);
  if (!result.success) {
    const remedy = 'check that the key in YC_SERVICE_ACCOUNT_KEY_FILE still exists';
    throw noToken(`the token service ${problem}; ${remedy}`);
  }
  return issuedFor(result.data.iamToken, (Date.parse(result.data.expiresAt) - Date.now()) / 1000);
}

const NOT_A_KEY =
  'YC_SERVICE_ACCOUNT_KEY_FILE does not name the key file of a service account; ' +
  'make one with `yc iam key create --service-account-name <name> --output key.json`';

/** The audience is part of the protocol, whatever address the request goes to. */
const AUDIENCE = 'https://iam.api.cloud.yandex.net/iam/v1/tokens';

async function signedJwt({
  id,
  service_account_id: issuer,
  private_key: privateKey,
}: z.output<ReturnType<typeof keySchema>>): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const header = { alg: 'PS256', typ: 'JWT', kid: id };
  const claims = { iss: issuer, aud: AUDIENCE, iat: issuedAt, exp: issuedAt + 3600 };
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${await signatureOf(signed, privateKey)}`;
}

async function signatureOf(text: string, key: string): Promise<string> {
  // In a function tokens come from the call, so a cold start should not wait for this module.
  const { constants, createSign } = await import('node:crypto');
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  try {
    return createSign('RSA-SHA256')
      .update(text)
      .sign({ key, ...padding }, 'base64url');
  } catch {
    // What the crypto library says of a broken key is no help, and may quote it.
    throw noToken(NOT_A_KEY);
  }
}

async function readJson(file: string): Promise<unknown> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(file, 'utf8').catch(() => {
    throw noToken('the file in YC_SERVICE_ACCOUNT_KEY_FILE cannot be read');
  });
  return parseJson(text);
}

/**
 * The answer's JSON, or what to say instead. The text of an answer may hold a secret, so no error gets it.
 */
async function askForJson(url: URL, init: RequestInit): Promise<{ answer?: unknown; problem: string }> {
  try {
    const response = await fetch(url, init);
    if (!response.ok) return { problem: `answered ${response.status}` };
    const text = await readBounded(response);
    if (text === undefined) return { problem: `answered with more than ${MAX_ANSWER_BYTES} bytes` };
    return { answer: parseJson(text), problem: 'answered without a token' };
  } catch {
    return { problem: 'cannot be reached' };
  }
}

/** The text of an answer; `undefined` when it is longer than any with a token, and the rest is not read. */
async function readBounded({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function noToken(problem: string, cause?: unknown): BroadcastError {
  return new BroadcastError('UNAUTHENTICATED', `no IAM token: ${problem}`, { cause });
}
