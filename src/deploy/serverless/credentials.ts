import * as z from 'zod/mini';
import { BroadcastError } from '../../base/errors.js';
import { check, lazily } from '../../base/options.js';
import type { Credentials } from './cloud/iam-token.js';
import type { YandexProvider } from './framework.js';

const providerSchema = lazily(() =>
  z.object({
    folderId: z.string().check(z.minLength(1)),
    session: z.object({
      config: z.union([z.object({ iamToken: z.string() }), z.object({ oauthToken: z.string() })]),
    }),
  }),
);

/**
 * Where the provider's plugin deploys, and as whom: what it took from `YC_IAM_TOKEN` and its like, or from
 * the profile of `yc`. Throws `INVALID_OPTIONS` when it is not the plugin that is known here; the message
 * holds nothing of a token.
 */
export function deploysAs(provider: YandexProvider | undefined): {
  folderId: string;
  credentials: Credentials;
} {
  const { success, data } = check(providerSchema(), provider);
  if (success) return { folderId: data.folderId, credentials: data.session.config };
  const expected = 'expected @yandex-cloud/serverless-plugin 1.7 with a token and a folder';
  throw new BroadcastError('INVALID_OPTIONS', `provider: ${expected}; see docs/deploy.md`);
}
