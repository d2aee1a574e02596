import { usageError } from '../../command.js';
import type { DeployedOptions } from './visit.js';

/** From the command line. Throws a usage error that shows no value: a query or header may hold a token. */
export function deployedOptions(
  url: string,
  origin: string | undefined,
  headers: readonly string[] = [],
): DeployedOptions {
  if (!URL.canParse(url))
    throw usageError('--url: expected an address such as wss://d5d….apigw.yandexcloud.net/ws');
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).origin === origin))
    throw usageError(
      `--origin: expected scheme, host and port only, as in https://chat.example, got '${origin}'`,
    );
  return { url: new URL(url), origin, headers: Object.fromEntries(headers.map(parseHeader)) };
}

function parseHeader(header: string): [name: string, value: string] {
  const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(header) ?? [];
  if (name === undefined || value === undefined) throw usageError("--header: expected 'Name: value'");
  return [name, value];
}
