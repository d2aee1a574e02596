import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { functionLength } from './scripts/eslint/function-length.js';

/** Lines of samples, and lists of files. */
const CODE_IN_COMMENTS = String.raw`eslint-disable|^ \*\s{3,}|[;,}]$|// (Jest, Vitest|node:test)$`;

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'coverage',
      'test/artefacts',
      'bench/results',
      'docs/api',
      '.serverless',
      '.yc-broadcast',
      'examples/react-room/public/page.js',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Interfaces with async methods are often implemented without awaiting anything (memory stores, test doubles).
      '@typescript-eslint/require-await': 'off',
      // Numbers in template strings read well and convert as expected.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Everything is made by factories with closures: no method uses `this`, and users may take methods apart.
      '@typescript-eslint/unbound-method': 'off',
      // A hook may return something or nothing; only \`void\` in the union says so to the compiler.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { house: { rules: { 'function-length': functionLength } } },
    rules: { 'house/function-length': 'error' },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ObjectExpression > SpreadElement > ObjectExpression',
          message: 'Write the properties themselves: a spread around a literal only pleases the formatter.',
        },
      ],
      // Code is wrapped by the formatter, which leaves comments alone.
      'max-len': ['error', { code: 1000, comments: 110, ignoreUrls: true, ignorePattern: CODE_IN_COMMENTS }],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        crypto: 'readonly',
      },
    },
  },
  {
    // Pages run in a browser, not in Node.
    files: ['examples/**/public/**/*.js', 'src/emulator/page/**/*.js', 'test/support/hostile-page.js'],
    languageOptions: {
      globals: {
        window: 'readonly',
        document: 'readonly',
        location: 'readonly',
        localStorage: 'readonly',
        sessionStorage: 'readonly',
        WebSocket: 'readonly',
        crypto: 'readonly',
        navigator: 'readonly',
        fetch: 'readonly',
        matchMedia: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        requestAnimationFrame: 'readonly',
        URLSearchParams: 'readonly',
        TextEncoder: 'readonly',
        TextDecoder: 'readonly',
        history: 'readonly',
        Blob: 'readonly',
      },
    },
  },
);
