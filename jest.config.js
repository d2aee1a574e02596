/** Tests import the TypeScript sources as ES modules, the way the package is published. */
export default {
  globalSetup: '<rootDir>/scripts/jest-global-setup.js',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: {
    '^yc-broadcast$': '<rootDir>/src/index.ts',
    '^yc-broadcast/state$': '<rootDir>/src/server/state/index.ts',
    '^yc-broadcast/protocol$': '<rootDir>/src/base/protocol.ts',
    '^yc-broadcast/lanes$': '<rootDir>/src/queue/lanes/index.ts',
    '^yc-broadcast/native$': '<rootDir>/src/queue/native.ts',
    '^yc-broadcast/(stores|transports|client|queue)/(.*)$': '<rootDir>/src/$1/$2.ts',
    '^yc-broadcast/(logs|opentelemetry)$': '<rootDir>/src/observe/$1.ts',
    '^yc-broadcast/(client|emulator|queue|stores|testing|transports)$': '<rootDir>/src/$1/index.ts',
    '^yc-broadcast/serverless$': '<rootDir>/src/deploy/serverless/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  // Every file leaves something of its modules behind. A worker that has gathered a gigabyte takes longer to end than Jest waits
  // for it, which then says that tests have left something open; a new one begins before that.
  workerIdleMemoryLimit: '250MB',
  // A test that takes a second here may take half a minute on a machine that is busy with something else.
  testTimeout: 60_000,
};
