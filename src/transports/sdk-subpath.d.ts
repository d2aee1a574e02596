/** Exists in 3.x only, while types are checked against 2.x, which Node.js 20 can install without a warning. */
declare module '@yandex-cloud/nodejs-sdk/serverless-apigateway-websocket-v1';
