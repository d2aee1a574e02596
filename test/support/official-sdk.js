/**
 * Both majors of the official SDK, as they come. In JavaScript, since the types of 2.x are 500 files that take the compiler
 * and the linter longer than all of ours.
 */
import * as sdk2 from '@yandex-cloud/nodejs-sdk';
export { sdk2 };
