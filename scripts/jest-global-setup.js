// Tests of the command line run the package as it is published, so it has to be there and up to date.
export default async function buildOnce() {
  await import('./build-js.js');
}
