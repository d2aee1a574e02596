/** Stands where something was taken out. */
const GONE = '[…]';

/** What gives tokens and passwords away wherever they come from. */
const TELLTALES = [
  /(bearer\s+|basic\s+)[^\s"',;]+/gi,
  /((?:token|password|secret|key)=)[^\s"'&,;]+/gi,
  /(:\/\/)[^\s/@]+(?=@)/g,
];

/** Long words without a space: tokens, keys, base64, ids. */
const LONG_WORDS = /[^\s:,;"'()]{25,}/g;
/** Names of variables and hosts are no secret. */
const NAMES = /^(?:[A-Z_]+|[a-z./-]+)$/;

const MAX_LENGTH = 500;
/** Longer messages are left out as a whole: a part could end within a secret, and be shown. */
const MAX_SCRUBBED = 4000;

/** A text without any of these words, and without what looks like a token. */
export function scrub(text: string, secrets: readonly string[]): string {
  if (text.length > MAX_SCRUBBED) return GONE;
  let clean = text;
  for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, GONE);
  for (const telltale of TELLTALES) clean = clean.replace(telltale, `$1${GONE}`);
  return clean.replace(LONG_WORDS, (word) => (NAMES.test(word) ? word : GONE)).slice(0, MAX_LENGTH);
}
