/** The programs that have to fit together: Node.js and the official SDK. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Check } from './finding.js';

/** What package.json of this library says in `engines`. */
const OLDEST_NODE = '20.19.0';
const SDK = '@yandex-cloud/nodejs-sdk';

export const checkNode: Check = async () => {
  const { node } = process.versions;
  return isAtLeast(node, OLDEST_NODE)
    ? { subject: 'Node.js', level: 'ok', detail: node }
    : {
        subject: 'Node.js',
        level: 'failure',
        detail: `${node} is too old`,
        remedy: `install ${OLDEST_NODE} or newer`,
      };
};

export const checkSdk: Check = async ({ project }) => {
  const subject = 'Official SDK';
  const sdk = findSdk(project);
  if (sdk === undefined) {
    return {
      subject,
      level: 'ok',
      detail: 'not installed, and not needed: this library has transports of its own',
    };
  }
  const { version, node } = sdk;
  if (!/^(2\.([89]|\d\d)|3)\./.test(version)) {
    const detail = `${version} is not tested with this library`;
    return { subject, level: 'warning', detail, remedy: `npm install ${SDK}@^2.8.0, or @^3.2.0` };
  }
  if (node !== undefined && !isAtLeast(process.versions.node, node)) {
    const detail = `${version} asks for Node.js ${node} or newer, this is ${process.versions.node}`;
    return { subject, level: 'warning', detail, remedy: `install Node.js ${node}, or ${SDK}@^2.8.0` };
  }
  return { subject, level: 'ok', detail: version };
};

export interface InstalledSdk {
  readonly version: string;
  /** The oldest Node.js that it says it takes. */
  readonly node: string | undefined;
}

/** The SDK that code of the project imports. */
export function findSdk(project: string): InstalledSdk | undefined {
  for (let folder = project; ; folder = dirname(folder)) {
    const manifest = join(folder, 'node_modules', SDK, 'package.json');
    if (existsSync(manifest)) return readManifest(manifest);
    if (dirname(folder) === folder) return undefined;
  }
}

function readManifest(file: string): InstalledSdk {
  const { version, engines } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly version: string;
    readonly engines?: { readonly node?: string };
  };
  return { version, node: /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(engines?.node ?? '')?.[1] };
}

function isAtLeast(version: string, oldest: string): boolean {
  const [ours, theirs] = [version, oldest].map((text) => text.split('.').map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (ours?.[part] ?? 0) - (theirs?.[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
