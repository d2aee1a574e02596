// The reference of all public names, for `npm run docs:api`. Every entry of package.json is a module of it.
import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const entries = Object.values(exports).filter((path) => path.startsWith('./dist/'));

export default {
  name: 'yc-broadcast',
  entryPoints: entries.map((path) => path.replace('./dist/', 'src/').replace(/\.js$/, '.ts')),
  tsconfig: 'tsconfig.build.json',
  out: 'docs/api',
  readme: 'none',
  // Types that only stand in signatures are shown there; what is imported is listed.
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  // Links to source need a remote, which a checkout may not have.
  disableSources: true,
};
